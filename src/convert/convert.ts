// Writes the memory of a snapshot in another format: as a whole or not at all, with the holes that it has.
// Reads and writes a block at a time, whatever the size of the machine.
import { setImmediate } from 'node:timers/promises';
import { UsageError } from '../base/errors.ts';
import { WholeFile } from '../files/whole-file.ts';
import { bytesIn } from '../memory/source.ts';
import { elfWriter } from './elf-writer.ts';
import type { From, Machine } from './from.ts';
import { kdumpWriter } from './kdump-writer.ts';
import { limeWriter } from './lime-writer.ts';
import { memoryBlocks } from './memory-blocks.ts';
import { rawWriter } from './raw-writer.ts';
import type { MemoryWriter, Output } from './writer.ts';

/** What can be written. */
export const TARGETS = ['raw', 'elf', 'lime', 'kdump'] as const;
export type Target = (typeof TARGETS)[number];

/** What was written. Plain data. */
export interface Converted {
  /** Bytes of the file. */
  readonly bytes: number;
  /** Bytes of memory in it. */
  readonly memoryBytes: number;
  /** Stretches of memory that follow each other without a gap. */
  readonly ranges: number;
  /** Bytes between and before ranges, which a raw file has as zeros; 0 for all other formats. */
  readonly paddedBytes: number;
  /** Bytes of memory that the snapshot should have and that could not be read. */
  readonly lostBytes: number;
}

/** Whoever wants to end the process is heard after so many blocks. */
const BLOCKS_IN_A_ROW = 8;

/**
 * Writes a snapshot into a file that is not there yet. @param progress is told bytes of memory done and in all
 * @throws CannotSave, and then nothing of it is left @throws UsageError where the format names a machine and nothing tells which
 */
export async function convert(
  from: From,
  target: Target,
  path: string,
  progress: (done: number, total: number) => void = () => undefined,
): Promise<Converted> {
  const file = new WholeFile(path);
  const discard = (): void => file.discard();
  // Ctrl-C ends the process behind an `await`.
  process.on('exit', discard);
  try {
    const writer = writerOf(from, target, file);
    const total = bytesIn(from.source.ranges);
    let [memoryBytes, lostBytes, blocks] = [0, 0, 0];
    for (const block of memoryBlocks(from.source)) {
      if ('lost' in block) lostBytes += block.lost;
      else {
        writer.put(block.at, block.bytes);
        memoryBytes += block.bytes.length;
      }
      if (blocks++ % BLOCKS_IN_A_ROW > 0) continue;
      progress(memoryBytes + lostBytes, total);
      await setImmediate();
    }
    const bytes = writer.finish();
    file.resize(bytes);
    file.finish();
    progress(total, total);
    const dropped = writer.dropped?.() ?? 0;
    return {
      ...{ bytes, memoryBytes: memoryBytes - dropped, ranges: from.source.ranges.length },
      paddedBytes: target === 'raw' ? bytes - total : 0,
      lostBytes: lostBytes + dropped,
    };
  } catch (error) {
    file.discard();
    throw error;
  } finally {
    process.off('exit', discard);
  }
}

function writerOf(from: From, target: Target, output: Output): MemoryWriter {
  switch (target) {
    case 'raw':
      return rawWriter(from, output);
    case 'lime':
      return limeWriter(output);
    case 'elf':
      return elfWriter(withMachine(from, target), output);
    case 'kdump':
      return kdumpWriter(withMachine(from, target), output);
  }
}

function withMachine(from: From, target: Target): From & { readonly machine: Machine } {
  const { machine } = from;
  if (machine === null)
    throw new UsageError(
      `${target} names the machine, and nothing tells which one this is: --to raw or lime`,
    );
  return { ...from, machine };
}
