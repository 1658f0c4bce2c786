// Where finding a kernel reads: pages one by one, and tables of types and symbols in one piece.
// Sweeps read everything; what they read is no place to aim at.
import { PAGE_BYTES } from '../../src/memory/source.ts';
import type { Overlay } from '../support/overlay.ts';

/** Longer stretches are sweeps: a kernel with its tables of types and symbols has less. */
const LONGEST_TABLE_BYTES = 24 << 20;
/** Of a table, one word in so many: they are all alike. */
const TABLE_STEP_WORDS = 16;

/** Words that finding a kernel reads, by their physical addresses; zeros are left out. */
export interface BootWords {
  /** In pages that are read by themselves: page tables, VMCOREINFO, the kernel's version, clocks. */
  readonly facts: readonly number[];
  /** In BTF and kallsyms. */
  readonly tables: readonly number[];
}

/** Finds a kernel by `bind`, and notes what that reads. */
export function bootWords(overlay: Overlay, wordBytes: number, bind: () => void): BootWords {
  const pages = new Set<number>();
  const stretches: { start: number; end: number }[] = [];
  overlay.heard = (at, length) => {
    const last = stretches.at(-1);
    if (length === PAGE_BYTES) pages.add(at);
    else if (last !== undefined && at <= last.end && at + length >= last.start) {
      // Blocks of a sweep overlap, and some sweeps go downwards.
      last.start = Math.min(last.start, at);
      last.end = Math.max(last.end, at + length);
    } else stretches.push({ start: at, end: at + length });
  };
  try {
    bind();
  } finally {
    overlay.heard = null;
  }
  const tables = stretches.filter(({ start, end }) => end - start <= LONGEST_TABLE_BYTES);
  return {
    facts: [...pages].flatMap((page) => wordsOf(overlay, page, wordBytes)),
    tables: tables.flatMap(({ start, end }) => {
      const words = [];
      for (let page = start; page < end; page += PAGE_BYTES)
        words.push(...wordsOf(overlay, page, wordBytes * TABLE_STEP_WORDS));
      return words;
    }),
  };
}

/** The words of a page that are not zero, one each `step` bytes. */
function wordsOf(overlay: Overlay, at: number, step: number): number[] {
  const page = Buffer.from(overlay.page(at));
  const words = [];
  for (let word = 0; word < PAGE_BYTES; word += step) if (page.readInt32LE(word) !== 0) words.push(at + word);
  return words;
}
