// Rows that name each other as parents, as trees that fold.
// Circles of parents are broken.

/** A row of a tree that is shown. */
export interface Branch {
  readonly row: number;
  /** 1 for a root. */
  readonly level: number;
  /** Null where nothing is below it. */
  readonly isOpen: boolean | null;
}

/** Deeper than this nothing is indented: damaged evidence may claim any depth. */
const DEEPEST = 64;

/** Rows that name each other as parents, as the trees that they are. */
export class Forest {
  readonly #roots: readonly number[];
  readonly #children: ReadonlyMap<number, readonly number[]>;
  readonly #shut = new Set<number>();

  /** IDs and the parents' IDs, row by row. Whatever they claim, every row is in the forest once. */
  constructor(ids: readonly (number | null)[], parents: readonly (number | null)[]) {
    const rows = new Map<number, number>();
    for (const [row, id] of ids.entries()) if (id !== null && !rows.has(id)) rows.set(id, row);
    const roots: number[] = [];
    const children = new Map<number, number[]>();
    for (const row of ids.keys()) {
      const above = rows.get(parents[row] ?? Number.NaN);
      if (above === undefined || above === row) roots.push(row);
      else {
        const siblings = children.get(above);
        if (siblings === undefined) children.set(above, [row]);
        else siblings.push(row);
      }
    }
    this.#children = children;
    this.#roots = withLoops(roots, children, ids.length);
  }

  /** What is below a row. */
  childrenOf(row: number): readonly number[] {
    return this.#children.get(row) ?? [];
  }

  /** Opens or shuts a row. */
  fold(row: number, isOpen: boolean): void {
    if (isOpen) this.#shut.delete(row);
    else if (this.childrenOf(row).length > 0) this.#shut.add(row);
  }

  /** Opens or shuts every row. */
  foldAll(isOpen: boolean): void {
    this.#shut.clear();
    if (!isOpen) for (const row of this.#children.keys()) this.#shut.add(row);
  }

  /** The rows as they stand below each other: all that are not below a shut one, or those wanted and what they are below. */
  branches(isWanted?: (row: number) => boolean): Branch[] {
    const shown = isWanted === undefined ? undefined : this.#withAncestors(isWanted);
    const branches: Branch[] = [];
    const ahead = [...this.#roots].reverse().map((row) => ({ row, level: 1 }));
    const seen = new Set<number>();
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      const { row, level } = next;
      if (seen.has(row) || shown?.has(row) === false) continue;
      seen.add(row);
      const below = this.childrenOf(row).filter((child) => shown?.has(child) !== false);
      const isOpen = below.length === 0 ? null : shown !== undefined || !this.#shut.has(row);
      branches.push({ row, level, isOpen });
      if (isOpen !== true) continue;
      for (const child of [...below].reverse())
        ahead.push({ row: child, level: Math.min(level + 1, DEEPEST) });
    }
    return branches;
  }

  #withAncestors(isWanted: (row: number) => boolean): Set<number> {
    const parents = new Map<number, number>();
    for (const [above, below] of this.#children) for (const row of below) parents.set(row, above);
    const shown = new Set<number>();
    for (const start of [...this.#roots, ...parents.keys()]) {
      if (!isWanted(start)) continue;
      for (let row: number | undefined = start; row !== undefined && !shown.has(row); row = parents.get(row))
        shown.add(row);
    }
    return shown;
  }
}

/** Rows that are their own ancestors hang from no root: the first of each loop becomes one. */
function withLoops(
  roots: readonly number[],
  children: ReadonlyMap<number, readonly number[]>,
  count: number,
): number[] {
  const all = [...roots];
  const seen = new Set<number>();
  const reach = (start: number): void => {
    const ahead = [start];
    for (let row = ahead.pop(); row !== undefined; row = ahead.pop()) {
      if (seen.has(row)) continue;
      seen.add(row);
      ahead.push(...(children.get(row) ?? []));
    }
  };
  for (const root of roots) reach(root);
  for (let row = 0; row < count; row++) {
    if (seen.has(row)) continue;
    all.push(row);
    reach(row);
  }
  return all;
}
