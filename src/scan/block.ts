// Reads blocks of memory, each byte once, and shows them to every scanner that does not know them.
// `sweep.ts` and the worker threads use it.
import { physical } from '../base/address.ts';
import { ForensicError } from '../base/errors.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { PAGE_BYTES } from '../memory/source.ts';
import { markZeros } from './inhabited.ts';
import { type BlockResult, Look } from './look.ts';
import { type Block, overlapOf, partOf } from './plan.ts';
import type { Scanner } from './scanner.ts';
import { Recogniser, type Recognition, type Stretch } from './tags.ts';

/** Shows blocks to scanners. Keeps one buffer for all of them. */
export class BlockScan {
  readonly #memory: PhysicalMemory;
  readonly #scanners: readonly Scanner<unknown>[];
  readonly #overlapBytes: number;
  readonly #recogniser: Recogniser | null;
  readonly #isTold: readonly boolean[];
  #buffer = new Uint8Array(0);
  #zeros = new Uint8Array(0);

  /** @param recognitions with one, what a scanner is known to find nothing in is not shown to it. The finds are the same. */
  constructor(
    memory: PhysicalMemory,
    scanners: readonly Scanner<unknown>[],
    recognitions: readonly (Recognition | undefined)[] = [],
  ) {
    this.#memory = memory;
    this.#scanners = scanners;
    this.#overlapBytes = overlapOf(scanners);
    this.#isTold = scanners.map((_, by) => recognitions[by] !== undefined);
    this.#recogniser = this.#isTold.includes(true) ? new Recogniser(memory, scanners, recognitions) : null;
  }

  /** Looks at one block. A damaged page costs itself only. @returns what each scanner found, in their order */
  run(block: Block): readonly BlockResult[] {
    const looks = this.#looksAt(block);
    this.#show(block, looks);
    const again = new Map<Look, Look>();
    for (const [by, look] of looks.entries())
      if (look.isToBeWhole) again.set(look, new Look(this.#scanners[by]!, block, null));
    if (again.size > 0) this.#show(block, [...again.values()]);
    return looks.map((look) => (again.get(look) ?? look).result());
  }

  #looksAt(block: Block): readonly Look[] {
    let stretches: readonly (readonly Stretch[] | null)[] = [];
    let reason: string | undefined;
    try {
      stretches = this.#recogniser?.stretchesOf(block) ?? [];
    } catch (error) {
      if (!(error instanceof ForensicError)) throw error;
      reason = error.message;
    }
    return this.#scanners.map((scanner, by) => {
      const hasFailed = reason !== undefined && this.#isTold[by]!;
      const look = new Look(scanner, block, hasFailed ? [] : (stretches[by] ?? null));
      if (hasFailed) look.fail(reason!);
      return look;
    });
  }

  /** Reads what any of them does not know. */
  #show(block: Block, looks: readonly Look[]): void {
    for (const { from, to } of spansOf(looks)) {
      const here = looks.filter(({ parts }) => parts.some((part) => part.from >= from && part.to <= to));
      try {
        this.#read(block, from, to, here);
      } catch (error) {
        if (!(error instanceof ForensicError)) throw error;
        for (const look of here) look.fail(error.message);
      }
    }
  }

  /** Reads a span of the block and what a find may reach over, in pieces where pages are missing. */
  #read(block: Block, from: number, to: number, looks: readonly Look[]): void {
    const { lead, length, tail } = partOf(block, from, to, this.#overlapBytes);
    const begin = from - lead;
    const end = lead + length;
    const buffer = this.#room(end + tail);
    for (let at = 0; at < end; at += PAGE_BYTES) {
      const had = this.#fill(block.start + begin + at, buffer.subarray(at, end + tail));
      const bytes = buffer.subarray(at, at + had);
      const piece = { bytes, zeros: markZeros(bytes, this.#zeros), at: begin + at };
      for (const look of looks) look.show(piece, from, to);
      at += had;
      if (at >= end) break;
      for (const look of looks) look.miss(begin + at);
    }
  }

  /** Fills `into` across ranges that touch. @returns bytes had before the first that is missing. */
  #fill(start: number, into: Uint8Array): number {
    let done = 0;
    while (done < into.length) {
      const had = this.#memory.readRun(physical(start + done), into.subarray(done));
      if (had === 0) break;
      done += had;
    }
    return done;
  }

  #room(bytes: number): Uint8Array {
    if (this.#buffer.length < bytes) {
      this.#buffer = new Uint8Array(bytes);
      this.#zeros = new Uint8Array(Math.ceil(bytes / PAGE_BYTES));
    }
    return this.#buffer;
  }
}

/** What any of the looks has a part in, ascending: parts that touch are read as one. */
function spansOf(looks: readonly Look[]): { readonly from: number; readonly to: number }[] {
  const parts = looks.flatMap((look) => look.parts).sort((one, other) => one.from - other.from);
  const spans: { from: number; to: number }[] = [];
  for (const { from, to } of parts) {
    const last = spans.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else spans.push({ from, to });
  }
  return spans;
}
