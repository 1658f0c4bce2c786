// What people call the rows of a question: in messages, in what differs, on pages. Questions that other people wrote have rows.
// The words are the question's own (`wording`).

import { hex } from '../base/address.ts';
import { isAbsent, type Row } from './cell.ts';
import { textOf } from './cell-text.ts';
import type { AnyPlugin } from './contract.ts';
import type { Noun } from './telling.ts';

/** What a row of the question is called. */
export function nounOf({ name, wording }: Pick<AnyPlugin, 'name' | 'wording'>, row: Row): Noun {
  const noun = wording?.noun ?? ([`row of ${name}`, `rows of ${name}`] as const);
  return typeof noun === 'function' ? noun(row) : noun;
}

/** What all its rows together are called: `open files`. */
export function pluralOf({ name, wording }: Pick<AnyPlugin, 'name' | 'wording'>): string {
  if (wording === undefined) return name;
  return wording.all ?? (typeof wording.noun === 'function' ? name : wording.noun[1]);
}

/** A row in one line, without what it is called. */
export const lineOf = ({ wording, columns }: Pick<AnyPlugin, 'wording' | 'columns'>, row: Row): string =>
  wording?.line?.(row) ??
  Object.entries(row)
    .filter(([, cell]) => cell !== null && !isAbsent(cell))
    .map(([name, cell]) =>
      typeof cell === 'bigint' && 'address' in (columns[name] ?? {}) ? hex(cell) : textOf(cell),
    )
    .join(' ');

/** Whether its rows are the processes themselves, and not what they have: a process is named by its number and its start. */
export const isProcessItself = ({ process, identity }: Pick<AnyPlugin, 'process' | 'identity'>): boolean =>
  process !== undefined && identity.includes(process) && identity.includes('started');
