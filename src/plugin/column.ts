// A column of a question: of which kind its cells are, and how one is read.
// docs/guide/writing-plugins.md explains each member.
import type { VirtualAddress } from '../base/address.ts';
import type { ColumnKind } from './cell.ts';

/** What a number counts, where that is no number of things. */
export type Unit = 'bytes' | 'KiB' | 'bits';

/**
 * A column: the kind of its cells, and how to read one from a subject. `null` means "does not apply".
 *
 * `int` is a whole number (a `bigint` only where it may pass 2^53), `seconds` a length of time, `address` a virtual
 * address of the kernel or a process where `space` does not say that it is a physical one.
 */
export type Column<S> = {
  /** What its cells say, in a line. Help, the reference and the page show it. */
  readonly help?: string;
} & (
  | {
      readonly int: (subject: S) => number | bigint | null;
      readonly unit?: Unit;
      /** Tables show it in hex, as an offset or a mask is read; everywhere else it is a number. */
      readonly hex?: true;
    }
  | {
      readonly text: (subject: S) => string | null;
      /**
       * Keys, passwords: answers have `hidden` in place of its cells, and nothing else ever has them, unless `--reveal` is
       * given. The question has that flag by this alone; such answers are never remembered.
       */
      readonly secret?: true;
    }
  | { readonly flag: (subject: S) => boolean | null }
  | { readonly address: (subject: S) => VirtualAddress | null; readonly space?: 'physical' }
  | { readonly time: (subject: S) => Date | null }
  | { readonly seconds: (subject: S) => number | null }
);

/** The kinds of cell that there are. */
export const KINDS: readonly ColumnKind[] = ['int', 'text', 'flag', 'address', 'time', 'seconds'];

/** The kind of a column: which of the six keys it has. */
export const kindOf = (column: Column<never>): ColumnKind =>
  KINDS.find((kind) => Object.hasOwn(column, kind))!;

/** The column that names a process; undefined where rows are of no process. */
export function processColumn({
  process,
  columns,
}: {
  readonly process?: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the columns read
  readonly columns: Readonly<Record<string, Column<any>>>;
}): string | undefined {
  if (process !== undefined) return process;
  return columns['pid'] !== undefined && 'int' in columns['pid'] ? 'pid' : undefined;
}

/** What a column's cells are, for people: `int (KiB)`, `address (physical)`. */
export function kindText(column: Column<never>): string {
  const more = 'unit' in column ? column.unit : 'space' in column ? column.space : undefined;
  return more === undefined ? kindOf(column) : `${kindOf(column)} (${more})`;
}
