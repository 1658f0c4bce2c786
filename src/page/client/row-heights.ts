// Where the rows of a long table are, though only those in sight are drawn.
// Rows are of one height, or each of the height that it was measured to have.

/** How high a row is taken to be until one is measured, in pixels. */
const USUAL_HEIGHT = 26;

/** The places of rows in a scrolled box, in pixels from its top. */
export class RowHeights {
  /** Heights by row, where rows differ; null where all are alike. */
  readonly #measured: Map<number, number> | null;
  #usual = 0;
  #rows: Uint32Array = new Uint32Array();
  /** Where each place begins, and behind the last the end of all; undefined until somebody asks. */
  #tops: Float64Array | undefined;

  constructor(areAlike: boolean) {
    this.#measured = areAlike ? null : new Map();
  }

  /** Whether every row is as high as the others. */
  get areAlike(): boolean {
    return this.#measured === null;
  }

  /** Whether the height of no row is known yet. */
  get isUnmeasured(): boolean {
    return this.#usual === 0;
  }

  /** The height that a row has which was not measured. */
  get usual(): number {
    return this.#usual === 0 ? USUAL_HEIGHT : this.#usual;
  }

  /** These rows are shown, in this order. */
  arrange(rows: Uint32Array): void {
    this.#rows = rows;
    this.#tops = undefined;
  }

  /** Forgets all heights: the box has another width. */
  forget(): void {
    this.#usual = 0;
    this.#measured?.clear();
    this.#tops = undefined;
  }

  /** Notes the height of a row that is drawn. @returns whether that moves others */
  learn(row: number, height: number): boolean {
    if (height <= 0) return false; // a table that is not in the page yet has none
    if (this.#usual === 0) this.#usual = height;
    if (this.#measured === null || this.#measured.get(row) === height) return false;
    this.#measured.set(row, height);
    this.#tops = undefined;
    return true;
  }

  /** Where the row at a place begins; for the place behind the last, where all end. */
  top(place: number): number {
    if (this.#measured === null) return place * this.usual;
    this.#tops ??= this.#sums(this.#measured);
    return this.#tops[Math.min(place, this.#rows.length)] ?? 0;
  }

  /** The place of the row that is `y` pixels from the top: the first or the last, where none is. */
  placeAt(y: number): number {
    let low = 0;
    let high = Math.max(0, this.#rows.length - 1);
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.top(middle) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #sums(measured: ReadonlyMap<number, number>): Float64Array {
    const tops = new Float64Array(this.#rows.length + 1);
    for (const [place, row] of this.#rows.entries())
      tops[place + 1] = tops[place]! + (measured.get(row) ?? this.usual);
    return tops;
  }
}
