// Processes whose names disagree: comm, the first argument and the executable, read from the kernel and from their memory.
// Linux: fs/exec.c, fs/proc/base.c (get_mm_cmdline).
import { CorruptStructure, WalkIncomplete } from '../../../base/errors.ts';
import { decodeText } from '../../../base/text.ts';
import type { Linux } from '../linux.ts';
import { MAXIMUM_ARGUMENT_BYTES, type ProcessMemory } from '../memory/process-memory.ts';
import { judgeNames, type NameVerdict } from './name-claims.ts';
import { tasks } from './processes.ts';
import type { Task } from './task.ts';

/** So much of an argument is compared with names of files. */
const MOST_LETTERS = 4096;
/** The script of an interpreter is among the first arguments. */
const MOST_ARGUMENTS = 4;

/** A process, and what its names say. */
export interface NamedProcess extends Omit<NameVerdict, 'isSpoofed'> {
  readonly task: Task;
  readonly memory: ProcessMemory;
  /** Its first argument; null where it has none. @throws EvidenceFault */
  argv0(): string | null;
  /** Whether nothing explains its names. @throws WalkIncomplete where one that might disagree cannot be read */
  isSpoofed(): boolean;
}

/** Every process whose names disagree, or that looks like a thread of the kernel and is none. */
export function* namedProcesses(kernel: Linux): Generator<NamedProcess> {
  for (const task of tasks(kernel)) {
    const { label } = task;
    const memory = kernel.attempt(() => task.memory, null, `memory of ${label}`);
    if (memory === null) continue;
    const name = kernel.attempt(() => task.name, null, `name of ${label}`);
    if (name === null) continue;
    const args = kernel.attempt(() => firstArguments(memory), undefined, `arguments of ${label}`);
    const exe = kernel.attempt(() => memory.executable ?? undefined, undefined, `executable of ${label}`);
    const verdict = judgeNames({ name, args, exe });
    if (verdict.disagree.length === 0 && !verdict.isLikeKernels) continue;
    const isUnsure = args === undefined || exe === undefined;
    yield {
      ...{ ...verdict, task, memory },
      argv0: () => firstArguments(memory)[0] ?? null,
      isSpoofed: () => {
        if (isUnsure && !verdict.isSpoofed) throw new WalkIncomplete('a name of it cannot be read');
        return verdict.isSpoofed;
      },
    };
  }
}

/** The first arguments, as they are in memory now. @throws EvidenceFault */
function firstArguments(memory: ProcessMemory): string[] {
  const { arg_start: start, arg_end: end } = memory.raw;
  if (start > end || end - start > MAXIMUM_ARGUMENT_BYTES)
    throw new CorruptStructure('arguments that end before they begin, or never');
  const found: string[] = [];
  for (let at = start; at < end && found.length < MOST_ARGUMENTS; ) {
    const bytes = memory.space.cString(at, Math.min(MOST_LETTERS, Number(end - at)));
    // A title that a process gave itself may run on behind its arguments.
    if (at === start && at + BigInt(bytes.length) === end) return [memory.commandLine.slice(0, MOST_LETTERS)];
    found.push(decodeText(bytes));
    if (bytes.length === MOST_LETTERS) break;
    at += BigInt(bytes.length + 1);
  }
  return found;
}
