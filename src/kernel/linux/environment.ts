import { EvidenceFault } from '../../base/errors.ts';
import { decodeText } from '../../base/text.ts';
import { MAXIMUM_ARGUMENT_BYTES, type ProcessMemory } from './process-memory.ts';
import type { Task } from './task.ts';

const PAGE_BYTES = 4096;
const EQUALS = 0x3d;

/** One string of a process's environment, or a stretch of it that cannot be read. */
export class EnvironmentEntry {
  readonly task: Task;
  readonly #text: Uint8Array | EvidenceFault;

  constructor(task: Task, text: Uint8Array | EvidenceFault) {
    this.task = task;
    this.#text = text;
  }

  /** What stands before the first `=`; all of it where there is none. @throws EvidenceFault */
  get name(): string {
    const bytes = this.#bytes;
    const at = bytes.indexOf(EQUALS);
    return decodeText(at < 0 ? bytes : bytes.subarray(0, at));
  }

  /** What stands behind the first `=`; null where there is none. @throws EvidenceFault */
  get value(): string | null {
    const bytes = this.#bytes;
    const at = bytes.indexOf(EQUALS);
    return at < 0 ? null : decodeText(bytes.subarray(at + 1));
  }

  get #bytes(): Uint8Array {
    if (this.#text instanceof EvidenceFault) throw this.#text;
    return this.#text;
  }
}

/**
 * The environment that a process was started with, as /proc/PID/environ shows it, from the process's own memory.
 * None for kernel threads and zombies. Strings that touch a page which cannot be read are one entry whose parts
 * throw the reason: what is missing is never silent.
 */
export function* environmentOf(task: Task): Generator<EnvironmentEntry> {
  try {
    const { memory } = task;
    if (memory !== null) yield* entriesIn(memory, task);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    yield new EnvironmentEntry(task, fault);
  }
}

function* entriesIn(memory: ProcessMemory, task: Task): Generator<EnvironmentEntry> {
  const { env_start: start, env_end } = memory.raw;
  if (env_end <= start) return;
  let end = env_end;
  if (end - start > MAXIMUM_ARGUMENT_BYTES) {
    end = start + BigInt(MAXIMUM_ARGUMENT_BYTES);
    task.kernel.note(
      `environment of ${task.label} is cut: ${env_end - start} bytes, read are ${MAXIMUM_ARGUMENT_BYTES}`,
    );
  }
  const { space } = memory;
  let torn = false; // the first string of a piece that follows a hole has lost its beginning
  for (let at = start; at < end; ) {
    const bytes = space.readableBytes(at, Number(end - at));
    at += BigInt(bytes.length);
    yield* wholeStrings(bytes, torn, at < end, task);
    if (at >= end) return;
    const hole = faultAt(memory, at);
    if (hole !== undefined) yield new EnvironmentEntry(task, hole);
    at = nextPage(at);
    while (at < end && !space.isReadable(at)) at = nextPage(at);
    torn = true;
  }
}

/** The strings in `bytes`, without those whose beginning or end lies on a page that cannot be read. */
function* wholeStrings(
  bytes: Uint8Array,
  beginTorn: boolean,
  endTorn: boolean,
  task: Task,
): Generator<EnvironmentEntry> {
  let from = beginTorn ? endOf(bytes, 0) + 1 : 0;
  while (from < bytes.length) {
    const end = endOf(bytes, from);
    if (end === bytes.length && endTorn) return;
    if (end > from) yield new EnvironmentEntry(task, bytes.subarray(from, end));
    from = end + 1;
  }
}

function endOf(bytes: Uint8Array, from: number): number {
  const end = bytes.indexOf(0, from);
  return end < 0 ? bytes.length : end;
}

/** Why the byte at `at` cannot be read. */
function faultAt({ space }: ProcessMemory, at: bigint): EvidenceFault | undefined {
  try {
    space.bytes(at, 1);
    return undefined;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return fault;
  }
}

const nextPage = (at: bigint): bigint => (at / BigInt(PAGE_BYTES) + 1n) * BigInt(PAGE_BYTES);
