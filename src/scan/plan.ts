// How memory is cut to be looked at: blocks, and what is held beside them for finds that reach over their ends.
// Blocks are independent, so threads can take them in any order.
import { type PhysicalAddress, physical } from '../base/address.ts';
import { PAGE_BYTES, type PhysicalRange } from '../memory/source.ts';
import type { Scanner } from './scanner.ts';

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

/** The part of `block` from byte `from` up to and without byte `to`, as a block of its own. */
export function partOf(block: Block, from: number, to: number, overlapBytes: number): Block {
  return {
    start: physical(block.start + from),
    length: to - from,
    lead: Math.min(overlapBytes, block.lead + from),
    tail: Math.min(overlapBytes, block.length + block.tail - to),
  };
}

/**
 * Bytes of the ring around an extent: 4 KiB, 16 KiB, 64 KiB and so on. What scanners are shown beside an extent is one of
 * few lengths, so that what one has looked at is recognised whichever others are asked with it.
 */
export const overlapOfRing = (ring: number): number => PAGE_BYTES * 4 ** ring;

/** The narrowest ring that has so many bytes. */
export function ringOf(overlapBytes: number): number {
  let ring = 0;
  while (overlapOfRing(ring) < overlapBytes) ring++;
  return ring;
}

/** Bytes beside a block that the scanner among them needs that reaches farthest. */
export const overlapOf = (scanners: readonly Scanner<unknown>[]): number =>
  overlapOfRing(ringOf(Math.max(0, ...scanners.map(({ overlapBytes }) => overlapBytes))));
