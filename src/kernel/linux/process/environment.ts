// The environment of a process, as /proc/PID/environ shows it.
// Linux: fs/proc/base.c (environ_read), env_start of struct mm_struct.
import { hex } from '../../../base/address.ts';
import { CorruptStructure, EvidenceFault } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { EnvironmentString } from '../memory/environment-string.ts';
import { blankPageIn, MAXIMUM_ARGUMENT_BYTES, type ProcessMemory } from '../memory/process-memory.ts';
import { tasks } from './processes.ts';
import type { Task } from './task.ts';

const PAGE_BYTES = 4096;
/** Strings that are remembered of one memory; of one that has more, tasks that share it read them anew. */
const MOST_REMEMBERED = 4096;

/** One string of a process's environment, or a stretch of it that cannot be read. */
export class EnvironmentEntry {
  readonly task: Task;
  readonly #string: EnvironmentString;

  constructor(task: Task, string: EnvironmentString) {
    this.task = task;
    this.#string = string;
  }

  /** What stands before the first `=`; all of it where there is none. @throws EvidenceFault */
  get name(): string {
    return this.#string.name;
  }

  /** What stands behind the first `=`; null where there is none. @throws EvidenceFault */
  get value(): string | null {
    return this.#string.value;
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
    if (memory === null) return;
    for (const string of memory.environment ?? reading(memory, task))
      yield new EnvironmentEntry(task, string);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    yield new EnvironmentEntry(task, new EnvironmentString(fault));
  }
}

/** The environments of every process. */
export function* environments(kernel: Linux): Generator<EnvironmentEntry> {
  for (const task of tasks(kernel)) yield* environmentOf(task);
}

/** The strings of a memory that nobody has read before. It remembers them once they are all read. */
function* reading(memory: ProcessMemory, task: Task): Generator<EnvironmentString> {
  const strings: EnvironmentString[] = [];
  let isWhole = true;
  for (const string of stringsIn(memory, task)) {
    if (strings.length < MOST_REMEMBERED) strings.push(string);
    else isWhole = false;
    yield string;
  }
  if (isWhole) memory.environment = strings;
}

function* stringsIn(memory: ProcessMemory, task: Task): Generator<EnvironmentString> {
  const { env_start: start, env_end } = memory.raw;
  // The kernel keeps them in order (kernel/sys.c, validate_prctl_map_addr).
  if (env_end < start) throw new CorruptStructure(`an environment from ${hex(start)} to ${hex(env_end)}`);
  if (env_end === start) return;
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
    const blank = blankPageIn(space, at, bytes);
    if (blank !== undefined)
      task.kernel.note(`environment of ${task.label}: the page at ${hex(blank)} holds nothing but zeros`);
    at += BigInt(bytes.length);
    yield* wholeStrings(bytes, torn, at < end);
    if (at >= end) return;
    const hole = faultAt(memory, at);
    if (hole !== undefined) yield new EnvironmentString(hole);
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
): Generator<EnvironmentString> {
  let from = beginTorn ? endOf(bytes, 0) + 1 : 0;
  while (from < bytes.length) {
    const end = endOf(bytes, from);
    if (end === bytes.length && endTorn) return;
    if (end > from) yield new EnvironmentString(bytes.subarray(from, end));
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
