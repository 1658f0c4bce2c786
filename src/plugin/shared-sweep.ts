// One pass over a snapshot's memory for all questions that look for something in all of it.
// Questions declare scanners with `scans`.
import { Budget, BudgetExceeded, ENTRY_COST } from '../base/budget.ts';
import { EvidenceFault } from '../base/errors.ts';
import type { Linux } from '../kernel/linux/linux.ts';
import type { Hit, Scanner } from '../scan/scanner.ts';
import type { AnyPlugin, Finds, Progress, Scans } from './contract.ts';

/** What a question's scanners found, or why they could not be made. */
interface Kept {
  readonly finds: Readonly<Record<string, readonly Hit<unknown>[]>>;
  readonly notes: readonly string[];
  readonly fault: Error | undefined;
}

/** A scanner, and which finds of which questions are its own. */
interface Search {
  readonly scanner: Scanner<unknown>;
  readonly hits: Hit<unknown>[];
  readonly notes: string[];
}

/**
 * Looks through all of a snapshot's memory at most once for all questions that are to be asked of it: the first that wants
 * finds starts the sweep, the others find theirs ready.
 */
export class SharedSweep {
  /** Questions that are to be asked, and for which nothing was looked for yet. */
  readonly #expected = new Set<AnyPlugin>();
  readonly #kept = new Map<AnyPlugin, Kept>();

  /** Says which questions will be asked. Those that look for nothing in memory are none of its business. */
  expect(plugins: Iterable<AnyPlugin>): void {
    for (const plugin of plugins)
      if (plugin.scans !== undefined && !this.#kept.has(plugin)) this.#expected.add(plugin);
  }

  /** The names of the questions that the sweep is for. */
  get names(): readonly string[] {
    return [...this.#expected].map(({ name }) => name);
  }

  /**
   * What the question's scanners found. It is handed out once: asking again looks again. What could not be looked at is
   * noted in `kernel`.
   *
   * @param budget pays for what is found; the pass itself follows from the size of memory, not from what is in it
   * @throws EvidenceFault where a scanner cannot be made for the kernel
   * @throws BudgetExceeded
   */
  async findsFor(
    plugin: AnyPlugin,
    kernel: Linux,
    budget: Budget,
    progress?: Progress,
  ): Promise<Finds<Scans>> {
    const { memory } = kernel.space;
    // What it rests on is all of memory, whichever question swept it.
    memory.discardRecord();
    if (!this.#kept.has(plugin)) {
      this.#expected.add(plugin);
      memory.chargeTo(null);
      await this.#sweep(kernel, progress);
      memory.chargeTo(budget);
    }
    const { finds, notes, fault } = this.#kept.get(plugin)!;
    this.#kept.delete(plugin);
    if (fault !== undefined) throw fault;
    for (const note of notes) kernel.note(note);
    for (const hits of Object.values(finds)) budget.spend(ENTRY_COST * hits.length);
    return finds;
  }

  async #sweep(kernel: Linux, progress: Progress | undefined): Promise<void> {
    const { identityOf } = await import('../scan/scanner.ts');
    const searches = new Map<string, Search>();
    const asked = new Map<AnyPlugin, ReadonlyMap<string, Search> | Error>();
    for (const plugin of this.#expected) {
      const made = await scannersOf(plugin, kernel);
      if (made instanceof Error) {
        asked.set(plugin, made);
        continue;
      }
      const own = new Map<string, Search>();
      for (const [name, scanner] of made) {
        // Two questions that look for the same share one scanner.
        const identity = `${scanner.module} ${identityOf(scanner)}`;
        const search = searches.get(identity) ?? { scanner, hits: [], notes: [] };
        searches.set(identity, search);
        own.set(name, search);
      }
      asked.set(plugin, own);
    }
    await run([...searches.values()], kernel, progress);
    this.#expected.clear();
    for (const [plugin, own] of asked) this.#kept.set(plugin, keptOf(own));
  }
}

async function run(
  searches: readonly Search[],
  kernel: Linux,
  progress: Progress | undefined,
): Promise<void> {
  const { sweep } = await import('../scan/sweep.ts');
  const scanners = searches.map(({ scanner }) => scanner);
  const found = sweep(scanners, kernel.space.memory, kernel.origin, {
    note: (message, by) => searches[by]!.notes.push(message),
    ...(progress === undefined ? {} : { progress }),
  });
  for await (const { by, ...hit } of found) searches[by]!.hits.push(hit);
}

/** The scanners of a question for this kernel, or what keeps them from being made: that is this question's affair alone. */
async function scannersOf(
  { scans }: AnyPlugin,
  kernel: Linux,
): Promise<readonly (readonly [name: string, scanner: Scanner<unknown>])[] | Error> {
  const { memory } = kernel.space;
  const budget = new Budget(memory.limits);
  memory.chargeTo(budget);
  try {
    return await Promise.all(
      Object.entries(scans as Scans).map(async ([name, make]) => [name, await make(kernel)] as const),
    );
  } catch (fault) {
    if (!(fault instanceof EvidenceFault || fault instanceof BudgetExceeded)) throw fault;
    return fault;
  } finally {
    memory.chargeTo(null);
  }
}

function keptOf(own: ReadonlyMap<string, Search> | Error): Kept {
  if (own instanceof Error) return { finds: {}, notes: [], fault: own };
  const searches = [...own];
  return {
    finds: Object.fromEntries(searches.map(([name, { hits }]) => [name, hits])),
    notes: [...new Set(searches.map(([, { notes }]) => notes))].flat(),
    fault: undefined,
  };
}
