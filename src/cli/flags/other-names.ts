// What people call a question who know it from Linux or from another program for memory forensics.
// Names of the very same table are taken for it; of the others the error says what is nearest.

import type { AnyPlugin } from '../../plugin/contract.ts';

/** What is meant by a name that is no command here. */
export type Meant =
  | { readonly command: string }
  | { readonly nearest: string; readonly why: string }
  | { readonly why: string };

/** Names of commands of the program. */
const COMMANDS: Readonly<Record<string, string>> = {
  imageinfo: 'info',
  banners: 'info',
  banner: 'info',
  isfinfo: 'info',
  info: 'info',
  // Volatility 3's, and crash's.
  volshell: 'shell',
  rd: 'read',
  struct: 'type',
  union: 'type',
  gcore: 'dump',
  procdump: 'dump',
  memdump: 'dump',
  // Volatility 3's layerwriter.LayerWriter, and makedumpfile's own purpose.
  layerwriter: 'convert',
  makedumpfile: 'convert',
};

const NOT_YET = 'no question answers that yet';

/** Commands that are near, and how they differ. What questions are near to they say themselves (`nearTo`). */
const NEAR: Readonly<Record<string, readonly [nearest: string, why: string]>> = {
  yarascan: ['check', 'policies judge rows; bytes are not searched for patterns'],
  vmayarascan: ['check', 'policies judge rows; bytes are not searched for patterns'],
  timeliner: ['timeline', 'it compares snapshots'],
  vmscan: ['info', NOT_YET],
  kallsyms: ['shell', 'symbols.all() there has every symbol'],
  dis: ['read', 'with --format disasm it shows instructions'],
  sym: ['explain', 'it tells what is at an address, and where a symbol is'],
  memmap: ['dump', 'it writes the memory of a process; `vestige maps` lists its mappings'],
  vtop: ['explain', 'it shows how an address becomes bytes'],
};

/** Questions of the field that nothing here comes near. */
const NONE: Readonly<Record<string, string>> = {
  strings: 'that is no question to the kernel: strings(1) reads the file itself',
  checkcreds: NOT_YET,
  ebpf: NOT_YET,
  iptables: NOT_YET,
  ifconfig: NOT_YET,
  ip: NOT_YET,
  ipaddr: NOT_YET,
  iplink: NOT_YET,
  arp: NOT_YET,
  iomem: NOT_YET,
  kthreads: 'vestige pslist --kernel yes has the threads of the kernel',
  perfevents: NOT_YET,
  hashdump: NOT_YET,
};

/** What a word that is no command means; undefined where nobody knows. */
export function meantBy(word: string, plugins: readonly AnyPlugin[]): Meant | undefined {
  const known = plainly(word);
  if (known === undefined) return { why: 'guests of this system cannot be read' };
  const command = own(COMMANDS, known);
  if (command !== undefined) return { command };
  const same = plugins.find(({ name, aliases }) => name === known || aliases?.includes(known));
  if (same !== undefined) return { command: same.name };
  const near = plugins.find(({ nearTo }) => nearTo !== undefined && own(nearTo, known) !== undefined);
  const [nearest, why] =
    near === undefined ? (own(NEAR, known) ?? []) : [near.name, own(near.nearTo!, known)];
  if (nearest !== undefined) return { nearest, why: why! };
  const none = own(NONE, known);
  return none === undefined ? undefined : { why: none };
}

/** `linux.pslist.PsList`, `linux_psaux` and `proc_maps` without what stands around the name; undefined for another system. */
function plainly(word: string): string | undefined {
  const [, system, rest] = /^(linux|windows|mac)[._](.+)$/i.exec(word) ?? [];
  if (system !== undefined && system.toLowerCase() !== 'linux') return undefined;
  const [name = '', kind] = (rest ?? word).toLowerCase().split('.');
  const joined = name.replace(/[_-]/g, '');
  // In Volatility 3 a file may hold plugins that answer other questions than its name: malware.malfind, proc.Maps.
  const inner = (kind ?? '').replace(/[_-]/g, '');
  return ['malware', 'graphics', 'tracing', 'ip'].includes(joined) && inner !== '' ? inner : joined;
}

const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;
