// The four columns that tell who talks to whom, as one cell: `10.0.0.1:22 → 10.0.0.2:5000`.
// Tables that are too wide for the terminal have it in place of the four.
import { type Cell, isAbsent, type Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { cellText } from './cell.ts';

/** What says which columns are the ends of a connection. */
export type Ends = NonNullable<AnyPlugin['ends']>;

/** Both ends of a row's connection, safe to print; one alone where the other is not set. */
export function endsText({ local, remote, device }: Ends, row: Row): string {
  const from = endText(row[local[0]]!, row[local[1]]!, device === undefined ? null : (row[device] ?? null));
  const to = endText(row[remote[0]]!, row[remote[1]]!, null);
  if (to === '') return from;
  return `${from === '' ? '*' : from} → ${to}`;
}

/** `[::1]:22`, `10.0.0.1%eth0`, `/run/x.socket`, `*:5`; empty where there is neither address nor port. */
function endText(address: Cell, port: Cell, device: Cell): string {
  const bare = cellText('text', address);
  // Addresses that mean nothing on another link name it already, and of a packet socket it is the address itself.
  const isNamed = device === null || isAbsent(device) || bare.includes('%') || device === address;
  const host =
    isNamed || (bare === '' && port === null) ? bare : `${bare || '*'}%${cellText('text', device)}`;
  if (port === null) return host;
  const isSix = host.includes(':') && !isAbsent(address);
  return `${isSix ? `[${host}]` : host || '*'}:${cellText('int', port)}`;
}
