import { type PhysicalAddress, physical } from '../base/address.ts';
import type { PhysicalRange } from '../memory/source.ts';

/** A piece of memory that is looked at in one go. */
export interface Block {
  readonly start: PhysicalAddress;
  /** Bytes whose finds belong to this block: a find belongs to the block in which it starts. */
  readonly length: number;
  /** Bytes held right before them, up to the plan's overlap: for finds that must know what they follow. */
  readonly lead: number;
  /** Bytes held right behind them, up to the plan's overlap: finds may reach into them, none starts there. */
  readonly tail: number;
}

/**
 * Cuts memory into blocks of at most `blockBytes`, ascending. Ranges that touch count as one, so that a find
 * may lie across their border; nothing reaches over a hole. All lengths are multiples of the page size, given
 * that `blockBytes` and `overlapBytes` are.
 */
export function planBlocks(
  ranges: readonly PhysicalRange[],
  blockBytes: number,
  overlapBytes: number,
): readonly Block[] {
  const blocks: Block[] = [];
  for (const { start, end } of joined(ranges)) {
    for (let at = start; at < end; at = physical(at + blockBytes)) {
      const length = Math.min(blockBytes, end - at);
      const lead = Math.min(overlapBytes, at - start);
      blocks.push({ start: at, length, lead, tail: Math.min(overlapBytes, end - at - length) });
    }
  }
  return blocks;
}

function joined(ranges: readonly PhysicalRange[]): PhysicalRange[] {
  const runs: PhysicalRange[] = [];
  for (const range of ranges) {
    const last = runs.at(-1);
    if (last !== undefined && last.end === range.start) {
      runs[runs.length - 1] = { start: last.start, end: range.end };
    } else {
      runs.push(range);
    }
  }
  return runs;
}
