// Shares out the width of a terminal among the columns of a table: which are shown, how wide each is,
// and which find no room.

/** Spaces between two columns. */
export const GAP = 2;
/** Text that may be cut is not cut below this while another column can go instead. */
const COMFORTABLE = 16;
/** The widest text is what a table is mostly read for: it keeps this part of the width for as long. */
const PART_OF_THE_WIDEST = 1 / 3;
/** Below this nothing can be told from the start of a text. */
const LEAST = 6;

/** Text in a file or pipe makes its column no wider than this: one long text would fill every other line with spaces. */
const ROOMY = 60;

/** A column that wants room. */
export interface Wish {
  readonly name: string;
  /** The width of its widest cell or header. */
  readonly natural: number;
  /** Text may be cut; a cut number or address would be another number or address. */
  readonly cuttable: boolean;
  /**
   * Of text that says nothing when it is cut (a state, an address): the width that it keeps for as long as columns of
   * other text can be cut or hidden instead. 0 of other text.
   */
  readonly whole: number;
}

/** Which columns may go, and in which order. */
export interface Priorities {
  /** What a narrow terminal can do without, the most dispensable first. */
  readonly dispensable: readonly string[];
  /** What the user has asked for: it goes after all that was not. */
  readonly kept: readonly string[];
  /** Columns of the terminal between two columns of the table; `GAP` where it is left out. */
  readonly gap?: number;
}

/** Who got how much, and who got nothing. */
export interface Fit {
  readonly widths: ReadonlyMap<string, number>;
  readonly hidden: readonly string[];
}

/** Whether the columns find so little room that some have to go. */
export function isCrowded(wishes: readonly Wish[], width: number, gap = GAP): boolean {
  if (width === Number.POSITIVE_INFINITY) return false;
  const texts = wishes.filter(({ cuttable }) => cuttable);
  const widest = Math.max(0, ...texts.map(({ natural }) => natural));
  const part = Math.max(COMFORTABLE, Math.floor(width * PART_OF_THE_WIDEST));
  const more = Math.max(0, Math.min(widest, part) - COMFORTABLE);
  return leastWidth(wishes, COMFORTABLE, gap) + more > width;
}

/**
 * Shares out `width` terminal columns. First the `dispensable` go, in their order, until text can keep a
 * comfortable width; then text is cut; where even that is too wide, columns go from the right, those of states and
 * addresses last; and only then are these cut too. The first column always stays. With no end of width nothing is
 * hidden or cut, and a text may reach past its column.
 */
export function shareWidth(
  wishes: readonly Wish[],
  width: number,
  { dispensable, kept, gap = GAP }: Priorities,
): Fit {
  if (width === Number.POSITIVE_INFINITY) return { widths: roomy(wishes), hidden: [] };
  const hidden: string[] = [];
  let shown = wishes;
  const hide = (name: string): void => {
    shown = shown.filter((wish) => wish.name !== name);
    hidden.push(name);
  };
  for (const name of dispensable) {
    if (!isCrowded(shown, width, gap)) break;
    if (shown.length > 1 && shown.some((wish) => wish.name === name)) hide(name);
  }
  while (leastWidth(shown, LEAST, gap) > width) {
    const others = shown.slice(1).filter(({ whole }) => whole === 0);
    const last = others.findLast(({ name }) => !kept.includes(name)) ?? others.at(-1);
    if (last === undefined) break;
    hide(last.name);
  }
  if (leastWidth(shown, LEAST, gap) > width) shown = shown.map((wish) => ({ ...wish, whole: 0 }));
  while (shown.length > 1 && leastWidth(shown, LEAST, gap) > width) hide(shown.at(-1)!.name);
  return { widths: share(shown, width, gap), hidden };
}

const roomy = (wishes: readonly Wish[]): Map<string, number> =>
  new Map(wishes.map((wish) => [wish.name, cut(wish, ROOMY)]));

/** The width of all columns and gaps when text is cut to `most`. */
const leastWidth = (shown: readonly Wish[], most: number, gap: number): number =>
  shown.reduce((sum, wish) => sum + cut(wish, most), gap * (shown.length - 1));

const cut = ({ natural, cuttable, whole }: Wish, most: number): number =>
  cuttable ? Math.min(natural, Math.max(whole, most)) : natural;

/** Cuts the widest texts first: all are cut to one width, and no more than is needed. */
function share(shown: readonly Wish[], width: number, gap: number): Map<string, number> {
  let low = 1;
  let high = Math.max(1, ...shown.map((wish) => wish.natural));
  while (low < high) {
    const most = Math.ceil((low + high) / 2);
    if (leastWidth(shown, most, gap) <= width) low = most;
    else high = most - 1;
  }
  const widths = new Map(shown.map((wish) => [wish.name, cut(wish, low)]));
  let spare = width - leastWidth(shown, low, gap);
  for (const { name, natural } of shown) {
    const more = Math.min(spare, natural - widths.get(name)!);
    if (more <= 0) continue;
    widths.set(name, widths.get(name)! + more);
    spare -= more;
  }
  return widths;
}
