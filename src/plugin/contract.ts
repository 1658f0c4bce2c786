// The contract of a question: what a plugin declares, as types.
// docs/guide/writing-plugins.md explains each member.
import type { Linux } from '../kernel/linux/linux.ts';
import type { SubjectOf, WalkerName } from '../kernel/linux/walkers.ts';
import type { Hit, Scanner } from '../scan/scanner.ts';
import type { Artefact } from './artefact.ts';
import type { Absent, Cell, ColumnKind, Row } from './cell.ts';
import { type Column, KINDS, kindOf, kindText, processColumn } from './column.ts';
import { withContainer } from './container-column.ts';
import type { Observation } from './observation.ts';
import type { Connections, Joined, Told, TriagePart, Wording } from './telling.ts';

export type { Column, ColumnKind };
export { KINDS, kindOf, kindText, processColumn };

/** An option with a value: `--depth 3`. */
export interface ValueOption<T> {
  readonly help: string;
  /** The value's name in `--help`: `bytes`. */
  readonly value: string;
  /** @throws UsageError */
  readonly parse: (word: string) => T;
  /** What stands for it where it is left out. */
  readonly default?: T;
  /** May be given several times, or as `a,b,c`. */
  readonly list?: true;
}

/** An option whose value is one of some words: help, completion and the refusal of other words follow from them. */
export interface ChoiceOption<T extends string> {
  readonly help: string;
  /** The value's name in `--help`: `order`. */
  readonly value: string;
  readonly choices: readonly T[];
  readonly default?: NoInfer<T>;
  /** May be given several times, or as `a,b,c`. */
  readonly list?: true;
}

/** An option that is there or not: `--reveal`. */
export interface SwitchOption {
  readonly help: string;
  readonly switch: true;
  /** What it shows must not be remembered: rows of such a run never enter the cache. */
  readonly secret?: true;
}

export type Option = ValueOption<unknown> | ChoiceOption<string> | SwitchOption;
export type Options = Readonly<Record<string, Option>>;

/** What the user chose, typed by the options' declaration. */
export type Chosen<O extends Options> = {
  readonly [K in keyof O]: O[K] extends SwitchOption
    ? boolean
    : O[K] extends { list: true }
      ? readonly ValueOf<O[K]>[]
      : ValueOf<O[K]> | (O[K] extends { default: unknown } ? never : undefined);
};

/** What one value of an option is. */
type ValueOf<O> = O extends { choices: readonly (infer T)[] }
  ? T
  : O extends { parse: (word: string) => infer T }
    ? T
    : never;

/** Told now and then how far a sweep has come: bytes done of bytes in all. */
export type Progress = (done: number, total: number) => void;

/**
 * What looks for things in all of memory, by the names under which their finds come. A scanner that must know something of
 * the kernel is made for it, from what its profile says: `{ ...tasks, parameters: offsets }`.
 */
export type Scans = Readonly<Record<string, (kernel: Linux) => Promise<Scanner<unknown>>>>;

/** What scanners found, each ascending by physical address. */
export type Finds<W extends Scans> = {
  readonly [N in keyof W]: readonly Hit<FoundBy<W[N]>>[];
};
type FoundBy<F> = F extends (kernel: Linux) => Promise<Scanner<infer V>> ? V : never;

/** What the runner hands to a question besides the kernel. */
export interface Help<W extends Scans> {
  /** What its scanners found: nothing where it has none. */
  readonly finds: Finds<W>;
  readonly progress?: Progress;
}

/** What finds the things that a question is about. */
interface Finder<S, O extends Options, W extends Scans> {
  /** A walk of the kernel's structures, by its name: `processes`. */
  readonly walker?: WalkerName;
  /** What is to be looked for in all of memory before `subjects` is asked: once for all questions of a snapshot. */
  readonly scans?: W & Scans;
  /** In place of a walker: a walk of the question's own. What it needs of the kernel it imports when it is asked. */
  subjects?(kernel: Linux, options: Chosen<O>, help: Help<W>): Iterable<S> | AsyncIterable<S>;
}

/**
 * A question about a kernel, answered as a table.
 *
 * `walker` or `subjects` finds the things; `columns` says what is worth knowing of each. The runner reads every cell by
 * itself, so a page that is missing from the evidence costs one cell and never a row.
 */
export interface Plugin<
  S = unknown,
  O extends Options = Options,
  K extends string = string,
  W extends Scans = Scans,
> extends Finder<S, O, W>,
    Question<S, O, K> {}

/** What questions are about, in the order in which they are listed. */
export const GROUPS = [
  ...(['processes', 'memory', 'files', 'network', 'kernel', 'integrity', 'secrets'] as const),
  ...(['input', 'accounting'] as const),
] as const;
export type Group = (typeof GROUPS)[number];

/** What there is one list of: the processes of a machine, the modules of its kernel, the containers, by their `id`. */
export const LISTINGS = ['processes', 'modules', 'containers'] as const;
export type Listing = (typeof LISTINGS)[number];

/** All of a plugin but what finds its things. */
interface Question<S, O extends Options, K extends string> {
  /** The word on the command line and the key in the cache: `pslist`. */
  readonly name: string;
  /** What it is about: help and the reference list questions by it. */
  readonly group?: Group;
  /**
   * What it is the list of, where the program has a use for that list: rows of all other questions are joined with the
   * processes by their `process`. There is one such question of each kind.
   */
  readonly lists?: Listing;
  /** One line for `--help`, in the imperative, without a full stop. */
  readonly summary: string;
  /** Arguments of one useful call, for `--help`: `--pid 1,200 --columns pid,name`. */
  readonly example: string;
  /** Bump when the same snapshot would give different cells: it retires cached rows. */
  readonly version: number;
  readonly options?: O;
  readonly columns: { readonly [C in K]: Column<S> };
  /**
   * The bytes that a row stands for, which `--save` writes into files; null where this row has none. What it needs beyond
   * its subject it imports when it is asked. @throws EvidenceFault
   */
  readonly artefact?: (subject: S) => Artefact | null | Promise<Artefact | null>;
  /**
   * The column that names a process of the snapshot: what rows of other questions are joined by. Where nothing is said, a
   * whole number called `pid` is one.
   */
  readonly process?: NoInfer<K>;
  /** The column that has the name of that process: what verdicts call it. */
  readonly processName?: NoInfer<K>;
  /** Columns whose cells name rows of other questions, by one of their columns: `{ ppid: 'pslist.pid' }`. */
  readonly references?: { readonly [C in NoInfer<K>]?: `${string}.${string}` };
  /**
   * The columns that name the same thing in two snapshots of one boot: what `diff` pairs rows by. `pid` stands for the
   * process that had it, whoever has it in the other snapshot. Rows that share an identity are paired in their order.
   */
  readonly identity: readonly NoInfer<K>[];
  /**
   * What names the same kind of thing in another boot, or once more in the same: cells without the numbers that a
   * machine hands out by chance. Left out where nothing of the kind outlives a boot.
   */
  readonly enduring?: (row: Row) => readonly Cell[];
  /** In one boot too: where one went and another came that is the same but for chance, nothing has changed. */
  readonly interchangeable?: true;
  /** Columns that change by themselves (counters, states): `diff` tells no change of theirs unless asked for all. */
  readonly restless?: readonly NoInfer<K>[];
  /** Columns whose values each boot hands out anew; addresses and times are so without being named. */
  readonly ofBoot?: readonly NoInfer<K>[];
  /** Rows that come and go by themselves: `diff` counts them, and shows them only when asked for all. */
  readonly churn?: (row: Row) => boolean;
  /** Rows that come and go with their process: where it is new or gone as a whole, `diff` only counts them. */
  readonly followsProcess?: true;
  /** What is worth a sentence beside the rows, though nothing is missing. */
  readonly observations?: readonly Observation[];
  /** Columns that a verdict does not repeat, because it goes where the snapshot must not: into logs and to CI services. */
  readonly confidential?: readonly NoInfer<K>[];
  /** Columns with a flag of their own: `--pid 1,200` keeps the rows whose cell is one of these. */
  readonly filters?: readonly NoInfer<K>[];
  /**
   * The words that a text column can hold, where there are no others but numbers for what has no name: a filter refuses
   * any other word.
   */
  readonly words?: { readonly [C in NoInfer<K>]?: readonly string[] };
  /** Columns that a narrow terminal can do without, the most dispensable first. */
  readonly dispensable?: readonly NoInfer<K>[];
  /**
   * Columns of words that say nothing when they are cut: states, addresses. A narrow terminal cuts and hides other text
   * first. Paths in them (of Unix sockets) may be cut.
   */
  readonly uncut?: readonly NoInfer<K>[];
  /** Columns of paths: they are cut so that the name of the file stays. */
  readonly paths?: readonly NoInfer<K>[];
  /**
   * The addresses and ports of the two ends of a connection: a table that is too wide for the terminal shows them as one
   * column, `10.0.0.1:22 → 10.0.0.2:5000`.
   */
  readonly ends?: {
    readonly local: readonly [address: NoInfer<K>, port: NoInfer<K>];
    readonly remote: readonly [address: NoInfer<K>, port: NoInfer<K>];
    /** The interface through which alone the local end is reached: `0.0.0.0%lo:22`. */
    readonly device?: NoInfer<K>;
    /** What of its rows is a connection, where they are a machine's own: triage, diff and the page tell of them. */
    readonly connections?: Connections<NoInfer<K>>;
  };
  /** What people call its rows. */
  readonly wording?: Wording;
  /**
   * Why a row deserves a look, as lowercase phrases: `its executable is deleted`. Facts, not verdicts: policies judge. They
   * are shown with the row's process, or with the row where the question is about no process.
   */
  readonly why?: (row: Row, joined: Joined) => readonly string[];
  /** A triage asks it, and tells why rows deserve a look; what is said here gives it a part of its own on the screen. */
  readonly triage?: true | TriagePart;
  /** `diff` and the page tell of each row that appeared, vanished or changed in a sentence; else they only count them. */
  readonly told?: true | Told;
  /** Its rows are those of another question in another shape: nothing is compared or counted twice. */
  readonly repeats?: true;
  /** Whoever wants it names it: `diff`, `scan`, `watch` and `report` ask it only then. For long tables and for costly ones. */
  readonly onRequest?: true;
  /** Its things are followed from snapshot to snapshot: a page shows since when each is there. */
  readonly followed?: true;
  /** Other names of the very same table: of shell commands and of other programs for memory forensics, without `_` and `-`. */
  readonly aliases?: readonly string[];
  /** Names of tables that it is nearest to, and what it has of them instead. */
  readonly nearTo?: Readonly<Record<string, string>>;
  /** In tables, `column` is indented by the number in `by`, which itself is not shown: a tree. */
  readonly tree?: { readonly column: NoInfer<K>; readonly by: NoInfer<K> };
}

/** Any plugin, for code that treats all alike. */
// biome-ignore lint/suspicious/noExplicitAny: a plugin's subject is its own affair, and variance admits no other type
export type AnyPlugin = Plugin<any, any, string, any>;

/** The columns of a question, with the one that it has by declaring a process. The list of containers needs none. */
type WithContainer<C, P, L> = [P] extends [never]
  ? C
  : 'containers' extends L
    ? C
    : C & { readonly container: { readonly text: () => string | null } };

/**
 * Gives a plugin its types, those of its cells too (`RowOf`), and the column `container` if it declares a process and has no
 * column of that name.
 */
export function definePlugin<
  N extends WalkerName,
  K extends string,
  C,
  const O extends Options = Record<never, never>,
  P extends string = never,
  L extends Listing = never,
>(
  plugin: Question<SubjectOf<N>, O, K> & Roles<P, L> & { readonly walker: N; readonly columns: C },
): Plugin<SubjectOf<N>, O, K> & { readonly columns: WithContainer<C, P, L> };
export function definePlugin<
  S,
  K extends string,
  C,
  const O extends Options = Record<never, never>,
  W extends Scans = Record<never, never>,
  P extends string = never,
  L extends Listing = never,
>(
  plugin: Plugin<S, O, K, W> & Roles<P, L> & { readonly columns: C },
): Plugin<S, O, K, W> & { readonly columns: WithContainer<C, P, L> };
export function definePlugin(plugin: AnyPlugin): AnyPlugin {
  return withContainer(plugin);
}

/** What decides whether a question has the column `container`. */
interface Roles<P extends string, L extends Listing> {
  readonly process?: P;
  readonly lists?: L;
}

/**
 * What a cell of a column may be: what its function gives, or the reason why there is nothing. An `int` is a bigint only
 * where a number would not be exact.
 */
export type CellOf<C> =
  | ResultOf<C[keyof C]>
  | Absent
  | ('int' extends keyof C ? (Extract<ResultOf<C[keyof C]>, bigint> extends never ? never : number) : never);
/** What a column's function gives; nothing for what else a column has. */
type ResultOf<F> = F extends (subject: never) => infer V ? V : never;

/** The rows of a plugin, each cell typed by its column: `RowOf<typeof pslist>`. */
export type RowOf<P extends { readonly columns: unknown }> = {
  readonly [N in keyof P['columns']]: CellOf<P['columns'][N]>;
};

/** The question among these that lists all of something; undefined where there is none. */
export const listOf = (plugins: readonly AnyPlugin[], listing: Listing): AnyPlugin | undefined =>
  plugins.find(({ lists }) => lists === listing);
