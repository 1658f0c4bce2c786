/** Spaces between two columns. */
export const GAP = 2;
/** Text that may be cut is not cut below this while another column can go instead. */
const COMFORTABLE = 16;
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
}

/** Who got how much, and who got nothing. */
export interface Fit {
  readonly widths: ReadonlyMap<string, number>;
  readonly hidden: readonly string[];
}

/**
 * Shares out `width` terminal columns. First the `dispensable` go, in their order, until text can keep a
 * comfortable width; then text is cut; and where even that is too wide, columns go from the right. The first
 * column always stays. With no end of width nothing is hidden or cut, and a text may reach past its column.
 */
export function shareWidth(wishes: readonly Wish[], width: number, dispensable: readonly string[]): Fit {
  if (width === Number.POSITIVE_INFINITY) return { widths: roomy(wishes), hidden: [] };
  const hidden: string[] = [];
  let shown = wishes;
  const hide = (name: string): void => {
    shown = shown.filter((wish) => wish.name !== name);
    hidden.push(name);
  };
  for (const name of dispensable) {
    if (leastWidth(shown, COMFORTABLE) <= width) break;
    if (shown.length > 1 && shown.some((wish) => wish.name === name)) hide(name);
  }
  while (shown.length > 1 && leastWidth(shown, LEAST) > width) hide(shown.at(-1)!.name);
  return { widths: share(shown, width), hidden };
}

const roomy = (wishes: readonly Wish[]): Map<string, number> =>
  new Map(wishes.map((wish) => [wish.name, cut(wish, ROOMY)]));

/** The width of all columns and gaps when text is cut to `most`. */
const leastWidth = (shown: readonly Wish[], most: number): number =>
  shown.reduce((sum, wish) => sum + cut(wish, most), GAP * (shown.length - 1));

const cut = ({ natural, cuttable }: Wish, most: number): number =>
  cuttable ? Math.min(natural, most) : natural;

/** Cuts the widest texts first: all are cut to one width, and no more than is needed. */
function share(shown: readonly Wish[], width: number): Map<string, number> {
  let low = 1;
  let high = Math.max(1, ...shown.map((wish) => wish.natural));
  while (low < high) {
    const most = Math.ceil((low + high) / 2);
    if (leastWidth(shown, most) <= width) low = most;
    else high = most - 1;
  }
  const widths = new Map(shown.map((wish) => [wish.name, cut(wish, low)]));
  let spare = width - leastWidth(shown, low);
  for (const { name, natural } of shown) {
    const more = Math.min(spare, natural - widths.get(name)!);
    if (more <= 0) continue;
    widths.set(name, widths.get(name)! + more);
    spare -= more;
  }
  return widths;
}
