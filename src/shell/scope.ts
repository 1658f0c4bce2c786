// The names that the shell knows: the library over one session, in words short enough to type.
// `shell.ts` offers them at the prompt.

import { NotInKernel, UsageError } from '../base/errors.ts';
import { hint } from '../base/nearest.ts';
import { Disassembler } from '../disassembly/disassembler.ts';
import { layoutOf } from '../library/layout.ts';
import type { LibrarySession } from '../library/library-session.ts';
import type { LoadedModule } from '../library/loaded-modules.ts';
import type { MemoryView, VirtualView } from '../library/memory-view.ts';
import type { Process } from '../library/process.ts';
import type { Struct, Value } from '../library/values.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { codeText, hexText } from '../report/memory-text.ts';
import { layoutText } from '../report/struct-layout.ts';
import { plainStyle } from '../report/style.ts';
import { Lines } from './text.ts';

/** An address, a symbol, `symbol+0x10`, or what has an address: a struct, a pointer. */
export type Place = bigint | number | string | { readonly $address: bigint };

const HELP = `task(1)                        the struct task_struct of a process: task(1).mm.total_vm
proc(1), processes()           processes: pid, name, raw, memory, pageTableRoot, task
symbol('init_task')            the address of a symbol; nameOf(address) the other way; symbols.all() all
struct('sock', address)        a struct or union at an address or symbol; read('u64', address) a value of any type
types('task_struct')           how a type is laid out; sizeof('pid_t'), offsetof('task_struct', 'se.vruntime')
list('modules', 'module', 'list')  the entries of a list, by its head
hexdump(address, 64)           bytes; disasm('do_exit', 64) instructions
memory, physical, memoryOf(1)  memory of the kernel, the machine, a process: .u64(address), .bytes(address, 16), .cString(address)
modules()                      the modules that are loaded, with their symbols
await ask('pslist')            a question's rows: (await ask('pslist')).rows
.run pslist --pid 1            a question as on the command line
session                        all of the library`;

/** The scope of a shell over one session. */
export async function scopeOf(
  session: LibrarySession,
  questions: readonly AnyPlugin[],
): Promise<Readonly<Record<string, unknown>>> {
  const { symbols, types } = session;
  const at = (place: Place): bigint => addressOf(session, place);
  const disassembler = await loadDisassembler(session);
  const nameOf = (address: bigint): string | null => session.nameOf(address);
  return {
    session,
    help: () => new Lines(HELP),
    task: (pid: number): Struct => session.process(pid).raw,
    proc: (pid: number): Process => session.process(pid),
    processes: (): Iterable<Process> => session.processes(),
    symbol: (name: string): bigint => symbols.address(name),
    symbols,
    nameOf: (place: Place): string | null => session.nameOf(at(place)),
    struct: (type: string, place: Place, view?: VirtualView): Struct => session.struct(type, at(place), view),
    read: (type: string, place: Place, view?: VirtualView): Value => session.read(type, at(place), view),
    types: (name: string): Lines => layoutsOf(session, name),
    sizeof: (name: string): number => types.sizeOf(name),
    offsetof: (name: string, path: string): number => types.offsetOf(name, path),
    list: (head: Place, type: string, member: string): Iterable<Struct> =>
      session.list(at(head), type, member),
    hexdump: (place: Place, length = 128, view: MemoryView = session.memory): Lines =>
      new Lines([...hexText(view.pieces(at(place), length), plainStyle)].join('\n')),
    disasm: (place: Place, length = 64, view: MemoryView = session.memory): Lines => {
      if (disassembler instanceof NotInKernel) throw disassembler;
      return new Lines(
        [...codeText(view.pieces(at(place), length), plainStyle, nameOf, disassembler)].join('\n'),
      );
    },
    memory: session.memory,
    physical: session.physical,
    memoryOf: (pid: number): VirtualView => session.memoryOf(pid),
    modules: (): readonly LoadedModule[] => session.modules(),
    ask: (name: string, options = {}) => {
      const question = questions.find((one) => one.name === name);
      const names = questions.map((one) => one.name);
      if (question === undefined) throw new UsageError(`there is no question ${name}${hint(name, names)}`);
      return session.ask(question, options);
    },
  };
}

/** @throws UsageError where it is none */
function addressOf({ symbols }: LibrarySession, place: Place): bigint {
  if (typeof place === 'bigint') return place;
  if (typeof place === 'string') return symbols.resolve(place);
  if (typeof place === 'number') {
    if (!Number.isSafeInteger(place) || place < 0)
      throw new UsageError(
        `${place} is no address: one past 2^53 wants an n behind it, as 0xffff888000000000n`,
      );
    return BigInt(place);
  }
  if (typeof place?.$address === 'bigint') return place.$address;
  throw new UsageError('an address is wanted: a number, a symbol, or what has an address');
}

function layoutsOf({ types }: LibrarySession, name: string): Lines {
  const found = types.all(name);
  if (found.length === 0) types.find(name); // throws, saying what is near
  return new Lines(found.map(({ type, module }) => layoutText(layoutOf(type, module))).join('\n'));
}

async function loadDisassembler(session: LibrarySession): Promise<Disassembler | NotInKernel> {
  try {
    return await Disassembler.load(session.profile.architecture);
  } catch (error) {
    if (!(error instanceof NotInKernel)) throw error;
    return error; // said by whoever wants it
  }
}
