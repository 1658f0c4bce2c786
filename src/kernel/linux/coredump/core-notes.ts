// The notes of a core file: threads with their registers, what the process is, its auxiliary vector, the files that it maps.
// Linux: fs/binfmt_elf.c (fill_note_info, fill_prstatus, fill_psinfo, fill_auxv_note, fill_files_note), include/linux/elfcore.h.
import { unlessFault } from '../../../base/unless-fault.ts';
import type { ProcessMemory } from '../memory/process-memory.ts';
import type { Area } from '../process/areas.ts';
import { groupOf, sessionOf } from '../process/job-control.ts';
import { userPath } from '../process/open-files.ts';
import type { Task } from '../process/task.ts';
import { threadsOf } from '../process/threads.ts';
import { pathsOf } from '../vfs/path.ts';
import type { CoreAbi } from './core-abi.ts';
import { CoreWords } from './core-words.ts';
import { registersOf, threadPointerOf } from './thread-registers.ts';

// include/uapi/linux/elf.h
const NT_PRSTATUS = 1;
const NT_PRPSINFO = 3;
const NT_AUXV = 6;
const NT_FILE = 0x4649_4c45;
const NT_SIGINFO = 0x5349_4749;
const NT_ARM_TLS = 0x401;
const AT_NULL = 0n;

/** Pairs of an auxiliary vector: kernels have room for some thirty (include/linux/auxvec.h, AT_VECTOR_SIZE). */
const MOST_AUXILIARY = 64;
/** The kernel itself writes no more of the names of files (fs/binfmt_elf.c, MAX_FILE_NOTE_SIZE). */
const MOST_FILE_BYTES = 4 << 20;
/** sizeof(siginfo_t) of include/uapi/asm-generic/siginfo.h. */
const SIGINFO_BYTES = 128;
/** ELF_PRARGSZ of include/uapi/linux/elfcore.h, and its end. */
const ARGUMENT_BYTES = 80;
const NAME_BYTES = 16;
/** Letters of states by their bits, as `fill_psinfo` has them. */
const STATES = 'RSDTZW';

/** Notes, and sentences on what they lack. */
export interface CoreNotes {
  readonly bytes: Uint8Array;
  readonly remarks: readonly string[];
}

/** A process of which a core file is made. */
interface Dumped {
  readonly task: Task;
  readonly memory: ProcessMemory;
  readonly areas: readonly Area[];
  readonly abi: CoreAbi;
}

/** All notes of a process, in the order in which the kernel writes them. Never throws for missing memory. */
export function notesOf({ task, memory, areas, abi }: Dumped): CoreNotes {
  const notes = new CoreWords(abi.wordBytes);
  const remarks: string[] = [];
  const { kernel } = task;
  const attempt = <T>(read: () => T, otherwise: T, what: string): T => {
    const told = kernel.notedApart(() => {
      otherwise = kernel.attempt(read, otherwise, what);
    });
    remarks.push(...told);
    return otherwise;
  };
  const threads: Task[] = [];
  remarks.push(
    ...kernel.notedApart(() => {
      for (const thread of threadsOf(task)) threads.push(thread);
    }),
  );
  const numbered: Told = (read, what) => attempt(read, 0n, what);
  const statuses = threads.flatMap((thread) => {
    const what = `thread ${unlessFault(() => thread.tid, '?')}`;
    if (unlessFault(() => thread.raw.exit_state !== 0 || thread.raw.stack === 0n, false)) {
      remarks.push(`${what} has ended: it has no registers`);
      return [];
    }
    const registers = attempt(() => registersOf(thread, abi), undefined, `registers of ${what}`);
    if (registers === null) remarks.push(`${what} has no registers of user mode`);
    if (registers === null || registers === undefined) return [];
    // What a CPU has in its own registers by now is not in memory.
    if (unlessFault(() => (thread.raw.on_cpu ?? 0) !== 0, false))
      remarks.push(`${what} ran on a CPU: its registers are those of its last way into the kernel`);
    const pointer = attempt(() => threadPointerOf(thread, abi), null, `thread pointer of ${what}`);
    return [{ status: statusOf(thread, registers, abi, numbered), pointer }];
  });
  const [first, ...others] = statuses;
  if (first !== undefined) note(notes, NT_PRSTATUS, first.status);
  note(notes, NT_PRPSINFO, processInfo(task, memory, abi, numbered));
  // No signal has ended it.
  note(notes, NT_SIGINFO, new Uint8Array(SIGINFO_BYTES));
  const vector = attempt(() => auxiliaryVector(memory, abi), null, 'auxiliary vector');
  if (vector !== null) note(notes, NT_AUXV, vector);
  const files = fileNote(areas, abi, remarks);
  if (files !== null) note(notes, NT_FILE, files);
  threadPointer(notes, first?.pointer);
  for (const { status, pointer } of others) {
    note(notes, NT_PRSTATUS, status);
    threadPointer(notes, pointer);
  }
  return { bytes: notes.all(), remarks };
}

/** A note: three words of 32 bits in files of either class, name and content each padded to four bytes. */
function note(notes: CoreWords, type: number, content: Uint8Array, owner = 'CORE'): void {
  notes
    .number(4, owner.length + 1)
    .number(4, content.length)
    .number(4, type);
  notes.field(Buffer.from(owner), 8).bytes(content).align(4);
}

/** What a regset of the architecture's own is called by. */
function threadPointer(notes: CoreWords, pointer: Uint8Array | null | undefined): void {
  if (pointer !== null && pointer !== undefined) note(notes, NT_ARM_TLS, pointer, 'LINUX');
}

/** A number, or 0 and a remark where it cannot be read. */
type Told = (read: () => number | bigint, what: string) => number | bigint;

/** Process, parent, group and session. */
const numbersOf = (words: CoreWords, task: Task, id: () => number, told: Told): CoreWords =>
  words
    .number(4, told(id, 'its ID'))
    .number(
      4,
      told(() => task.parent.pid, 'its parent'),
    )
    .number(
      4,
      told(() => groupOf(task), 'its process group'),
    )
    .number(
      4,
      told(() => sessionOf(task), 'its session'),
    );

/** struct elf_prstatus. No times: CPU time is not kept as user and system, but made of one number when somebody asks. */
function statusOf(thread: Task, registers: Uint8Array, { wordBytes }: CoreAbi, told: Told): Uint8Array {
  const { kernel, raw } = thread;
  const words = new CoreWords(wordBytes)
    .bytes(new Uint8Array(16)) // struct elf_siginfo, pr_cursig: none
    .words(told(() => kernel.u64At(raw.pending.signal), 'signals that wait for it'))
    .words(told(() => kernel.u64At(raw.blocked), 'signals that it blocks'));
  return numbersOf(words, thread, () => thread.tid, told)
    .bytes(new Uint8Array(8 * wordBytes)) // pr_utime, pr_stime, pr_cutime, pr_cstime
    .bytes(registers)
    .number(4, 0) // pr_fpvalid
    .align(wordBytes)
    .all();
}

/** struct elf_prpsinfo. */
function processInfo(task: Task, memory: ProcessMemory, { wordBytes }: CoreAbi, told: Told): Uint8Array {
  const { raw } = task;
  const bits = Number(told(() => task.stateBits, 'its state'));
  const state = 32 - Math.clz32(bits & -bits);
  const letter = STATES[state] ?? '.';
  const nice = Number(told(() => task.nice, 'its nice value'));
  const idBytes = wordBytes === 8 ? 4 : 2;
  const words = new CoreWords(wordBytes)
    .bytes(Uint8Array.of(state, letter.charCodeAt(0), letter === 'Z' ? 1 : 0, nice & 0xff))
    .align(wordBytes)
    .words(told(() => raw.flags, 'its flags'))
    .number(
      idBytes,
      told(() => task.uid, 'its user'),
    )
    .number(
      idBytes,
      told(() => task.gid, 'its group'),
    );
  return numbersOf(words, task, () => task.pid, told)
    .field(Buffer.from(unlessFault(() => task.name, '')).subarray(0, NAME_BYTES - 1), NAME_BYTES)
    .field(
      unlessFault(() => argumentsOf(memory), new Uint8Array(0)),
      ARGUMENT_BYTES,
    )
    .all();
}

/** The first arguments with spaces between; nothing where they cannot be read. */
function argumentsOf({ raw, space }: ProcessMemory): Uint8Array {
  const { arg_start: start, arg_end: end } = raw;
  if (end <= start) return new Uint8Array(0);
  const most = ARGUMENT_BYTES - 1;
  const bytes = space.readableBytes(start, end - start < most ? Number(end - start) : most);
  return bytes.map((byte) => (byte === 0 ? 0x20 : byte));
}

/** What the kernel told the program at exec, with the pair that ends it. */
function auxiliaryVector({ kernel, raw }: ProcessMemory, { wordBytes }: CoreAbi): Uint8Array {
  const vector = new CoreWords(wordBytes);
  const word = (nth: number): bigint => {
    const at = raw.saved_auxv + BigInt(nth * wordBytes);
    return wordBytes === 8 ? kernel.u64At(at) : BigInt(kernel.u32At(at));
  };
  for (let pair = 0; pair < MOST_AUXILIARY; pair++) {
    const type = word(2 * pair);
    vector.words(type, word(2 * pair + 1));
    if (type === AT_NULL) return vector.all();
  }
  return vector.words(AT_NULL, 0).all();
}

/** The mappings that have a file: bounds and page offset of each, then the names. Null where there is none. */
function fileNote(areas: readonly Area[], { wordBytes }: CoreAbi, remarks: string[]): Uint8Array | null {
  const places = new CoreWords(wordBytes);
  const names = new CoreWords(wordBytes);
  let [count, unnamed] = [0, 0];
  for (const area of areas) {
    const { kernel } = area.task;
    const named = unlessFault(() => {
      const { vm_file: file, vm_pgoff } = area.raw;
      if (file === null) return null;
      const { start, end } = area;
      return { start, end, offset: vm_pgoff, path: pathsOf(kernel).of(userPath(kernel, file)) };
    }, undefined);
    if (named === undefined) unnamed++;
    if (named === undefined || named === null) continue;
    const name = Buffer.from(`${named.path.replace(/\0.*$/s, '')}\0`);
    if (places.length + names.length + name.length > MOST_FILE_BYTES) {
      remarks.push('names of mapped files: more than 4 MiB, and the others are left out');
      break;
    }
    places.words(named.start, named.end, named.offset);
    names.bytes(name);
    count++;
  }
  if (unnamed > 0) remarks.push(`names of mapped files: ${unnamed} cannot be read`);
  if (count === 0) return null;
  const { pageBytes } = areas[0]!.task.kernel;
  return new CoreWords(wordBytes).words(count, pageBytes).bytes(places.all()).bytes(names.all()).all();
}
