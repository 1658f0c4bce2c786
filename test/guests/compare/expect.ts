import { type Cell, isAbsent, type Row } from '../../../src/plugin/cell.ts';
import type { Truth } from '../truth.ts';
import type { ToleranceName } from './tolerances.ts';

/** What a judge says of a cell: right, wrong, or moved in a way that is known. */
export type Verdict = boolean | ToleranceName;

/** A cell that is judged by more than equality. */
export interface Judge {
  /** What the guest says, for whoever reads of a difference. */
  readonly says: string;
  judge(cell: Cell): Verdict;
}

/** What the guest says of one cell: the value itself, or how to judge it. */
export type Expectation = Exclude<Cell, Date | { absent: string }> | Judge;

/** A row that must be there. */
export interface Expected {
  /** Pairs it with a row: several may have the same, and then the best fit is taken. */
  readonly key: string;
  /** Names it in a difference: `pid 231 7f12…`. */
  readonly label: string;
  readonly cells: Readonly<Record<string, Expectation>>;
  /** Why it may be missing all the same. */
  readonly mayBeMissing?: ToleranceName | undefined;
  /** Its cells may differ for this reason; `only` names those that may. */
  readonly mayDiffer?: { readonly as: ToleranceName; readonly only?: readonly string[] } | undefined;
}

/** What the comparison of one plugin knows. */
export interface Context {
  readonly truth: Truth;
  /** Seconds since boot at the dump, by the snapshot's own clock. */
  readonly uptime: number;
}

/** How one plugin's answer is judged: a pure mapping from the record. */
export interface Comparison {
  readonly plugin: string;
  readonly options?: Readonly<Record<string, unknown>>;
  expected(context: Context): Iterable<Expected>;
  /** Whether the record tells what this is judged by: older records lack some of it. */
  isTold?(truth: Truth): boolean;
  /** The key of a row, in the words of `Expected.key`. */
  keyOf(row: Row): string;
  /** Names a row that the guest does not know. */
  labelOf(row: Row): string;
  /** Why a row may be there that the guest does not know. */
  mayBeInvented?(row: Row, context: Context): ToleranceName | undefined;
  /** Rows stand in the order of the record. */
  readonly ordered?: true;
  /** What is to be said of the answer as a whole. */
  whole?(rows: readonly Row[], context: Context): Iterable<string>;
}

export const isJudge = (expectation: Expectation): expectation is Judge =>
  typeof expectation === 'object' && expectation !== null;

/** A judge from a predicate. */
export const judge = (says: string, accepts: (cell: Cell) => Verdict): Judge => ({ says, judge: accepts });

/** One of several values. */
export const oneOf = (...values: readonly Cell[]): Judge =>
  judge(`one of ${values.map(showCell).join(', ')}`, (cell) => values.includes(cell));

/** The record does not tell: any whole number that is none below zero. */
export const someNumber = judge('a whole number', (cell) => Number.isSafeInteger(cell) && Number(cell) >= 0);
export const someText = judge('a text', (cell) => typeof cell === 'string' && cell !== '');
export const textOrNone = judge('a text or nothing', (cell) => cell === null || typeof cell === 'string');
export const numberOrNone = judge('a number or nothing', (cell) => cell === null || typeof cell === 'number');

/** The kernel's half of 64 bits, and what a 32-bit kernel keeps of 4 GiB (CONFIG_PAGE_OFFSET). */
const KERNEL_HALF = { wide: [0xff00_0000_0000_0000n, 1n << 64n], narrow: [0xc000_0000n, 1n << 32n] } as const;

/** The record has no addresses of structs: in the kernel's half, and aligned as the kernel aligns what it allocates. */
export const kernelAddress = ({ system }: Truth, alignment = 16n): Judge => {
  const isNarrow = system.uname[4] === 'i686';
  const [first, end] = KERNEL_HALF[isNarrow ? 'narrow' : 'wide'];
  // What lies in another struct is aligned as its members are.
  const step = isNarrow ? 4n : alignment;
  return judge(
    'an address of the kernel',
    (cell) => typeof cell === 'bigint' && cell >= first && cell < end && cell % step === 0n,
  );
};

/** A cell as a line about it has it. */
export function showCell(cell: Cell): string {
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell === 'string') return JSON.stringify(cell.length > 120 ? `${cell.slice(0, 120)}…` : cell);
  if (typeof cell === 'bigint') return `0x${cell.toString(16)}`;
  return isAbsent(cell) ? `absent (${cell.absent})` : String(cell);
}
