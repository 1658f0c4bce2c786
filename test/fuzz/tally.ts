// What a run of the fuzzer came to: cases, CPU and findings, by what was damaged and by how.
// Runs are cut into slices by their seeds, so the figures of one can be added to another's.

interface Sum {
  cases: number;
  cpuMs: number;
  slowestMs: number;
  findings: number;
}

/** Sums up cases under a name. */
export class Tally {
  readonly #sums = new Map<string, Sum>();

  /** Counts a case; `cpuMs` is 0 where it did not end. */
  add(name: string, { cpuMs, isFinding }: { readonly cpuMs: number; readonly isFinding: boolean }): void {
    const sum = this.#sums.get(name) ?? { cases: 0, cpuMs: 0, slowestMs: 0, findings: 0 };
    this.#sums.set(name, sum);
    sum.cases++;
    sum.cpuMs += cpuMs;
    sum.slowestMs = Math.max(sum.slowestMs, cpuMs);
    if (isFinding) sum.findings++;
  }

  /** A line for each name, in their order. */
  lines(): string[] {
    return [...this.#sums]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { cases, cpuMs, slowestMs, findings }]) =>
        [
          `${cases} cases`.padStart(12),
          `${Math.round(cpuMs / 1000)} s of CPU`.padStart(15),
          `${Math.round(slowestMs)} ms the slowest`.padStart(21),
          `${findings} found`.padStart(10),
          `  ${name}`,
        ].join(''),
      );
  }
}
