// A snapshot that a program works with: its memory, symbols, types, structs, lists, processes and questions. Several may be
// open at once; each is closed by itself.
import './dispose.ts';
import type { VirtualAddress } from '../base/address.ts';
import { highWord, isKernelAddress, lowWord } from '../base/address.ts';
import { EvidenceFault, NotInKernel, UsageError } from '../base/errors.ts';
import type { Linux } from '../kernel/linux/linux.ts';
import { modules } from '../kernel/linux/module/module.ts';
import { tasks } from '../kernel/linux/process/processes.ts';
import { openSession as bind, type Session, type SessionOptions } from '../session/session.ts';
import type { AddressSpace } from '../translate/address-space.ts';
import { walkList } from '../types/fields.ts';
import { StructView } from '../types/struct.ts';
import { type Answer, type AskOptions, ask, type Question } from './ask.ts';
import type { Closable } from './dispose.ts';
import { INSPECT } from './inspect.ts';
import { KernelTypes } from './kernel-types.ts';
import { type Layout, layoutOf } from './layout.ts';
import { LoadedModule, type ModuleTypes, typesOfModule } from './loaded-modules.ts';
import { PhysicalView, VirtualView } from './memory-view.ts';
import { Process } from './process.ts';
import { type Settled, settle } from './settle.ts';
import { Symbols } from './symbols.ts';
import { type Struct, Values } from './values.ts';

/** Modules that are looked at: all that a distribution ships are 6,000. */
const MAXIMUM_MODULES = 10_000;
/** Bytes of a page-table root that are flags in CR3: the process-context identifier. */
const ROOT_GRAIN = 4096;

/**
 * An open snapshot with its kernel found. Closed by `close()`, or by `using`.
 *
 * Whatever cannot be read throws an `EvidenceFault` that says why; what a walk passed over is told by `drainNotes()`.
 */
export class LibrarySession implements Session, Closable {
  readonly snapshot: Session['snapshot'];
  /** The kernel as the program's own questions see it. */
  readonly kernel: Linux;
  /** What the snapshot is, and which kernel was found in it, how, and how surely. */
  readonly facts: Session['facts'];
  readonly profile: Session['profile'];
  readonly located: Session['located'];
  /** Physical memory. */
  readonly physical: PhysicalView;
  /** The kernel's virtual memory. */
  readonly memory: VirtualView;
  readonly symbols: Symbols;
  readonly types: KernelTypes;
  readonly #session: Session;
  readonly #values = new Map<AddressSpace, Values>();
  #modules: readonly LoadedModule[] | undefined;
  #moduleTypes: readonly ModuleTypes[] | undefined;

  /** What a program opens by `openSession`, made of what is open already. */
  constructor(session: Session) {
    const { snapshot, kernel, facts, profile, located } = session;
    const { pointerBytes } = profile;
    this.#session = session;
    this.snapshot = snapshot;
    this.kernel = kernel;
    this.facts = facts;
    this.profile = profile;
    this.located = located;
    this.physical = new PhysicalView(snapshot.memory, pointerBytes);
    this.memory = new VirtualView('kernel', kernel.space, pointerBytes);
    this.symbols = new Symbols(session, () => this.modules());
    this.types = new KernelTypes(session, () => this.#typesOfModules(), kernel.note);
  }

  /** The struct or union of that type at an address, in the kernel's memory or a process's. @throws NotInKernel */
  struct(type: string, address: VirtualAddress, view: VirtualView = this.memory): Struct {
    return this.#valuesOf(view).struct(this.types.struct(type), address);
  }

  /** The value of that type at an address: `read('u64', …)`, `read('struct list_head', …)`. @throws NotInKernel @throws EvidenceFault */
  read(type: string, address: VirtualAddress, view: VirtualView = this.memory): ReturnType<Values['read']> {
    return this.#valuesOf(view).read(this.types.find(type), address);
  }

  /** How a type is laid out, holes too: what `vestige type` prints. @throws NotInKernel */
  layout(type: string): Layout {
    const found = this.types.find(type);
    return layoutOf(found, this.types.all(type).find((one) => one.type === found)?.module ?? null);
  }

  /** The value of that type at an address as plain data, what cannot be read with the reason, bounded. @throws NotInKernel */
  settle(type: string, address: VirtualAddress, view: VirtualView = this.memory): Settled {
    const found = this.types.find(type);
    const values = this.#valuesOf(view);
    return settle(
      () => values.read(found, address),
      found,
      (to) => this.nameOf(to),
    );
  }

  /** What an address of the kernel is called, as oops messages write it: `do_exit+0x10`; null where nothing explains it. */
  nameOf(address: VirtualAddress): string | null {
    if (!isKernelAddress(address, this.profile.pointerBytes)) return null;
    return this.symbols.nearest(address)?.text ?? null;
  }

  /**
   * The entries of the list whose head is at `head`: structs of that type, linked through `member`, which may lie in a struct
   * inside: `se.group_node`. A list that breaks or loops is gone from its end too, and what may be lost is noted. No entry
   * comes twice.
   *
   * @throws NotInKernel
   */
  *list(head: VirtualAddress, type: string, member: string): Generator<Struct, boolean, undefined> {
    const entry = this.types.struct(type);
    const { pointerBytes } = this.profile;
    const { space } = this.kernel;
    const values = this.#valuesOf(this.memory);
    const owner = new StructView(space, highWord(head), lowWord(head));
    const places = [...values.membersOf(entry).values()].map(({ offset }) => offset);
    const way = {
      offset: 0,
      back: this.types.offsetOf(type, member),
      // Some structs are allocated shorter than their type says: only as far as to the last member two never share bytes.
      ownBytes: places.reduce((most, offset) => Math.max(most, offset), 0) + 1,
      direction: 'forwards',
    } as const;
    const walk = walkList(owner, way, StructView, `${type}.${member} list`, pointerBytes);
    let step = walk.next();
    for (; step.done !== true; step = walk.next()) yield values.struct(entry, step.value.address);
    return step.value;
  }

  /** Every process, as `pslist` lists them. Where one cannot be told apart from damage, a note says so. */
  *processes(): Generator<Process> {
    for (const task of tasks(this.kernel))
      yield new Process(task, () => this.struct('task_struct', task.address));
  }

  /** The process of that ID. @throws UsageError where there is none */
  process(pid: number): Process {
    for (const process of this.processes()) {
      try {
        if (process.pid === pid) return process;
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
      }
    }
    throw new UsageError(`no process ${pid} in the snapshot`);
  }

  /** The process whose top page table is at this physical address, as CR3 or TTBR0 has it; undefined where none has. */
  processOfRoot(root: number): Process | undefined {
    const plain = root - (root % ROOT_GRAIN);
    // With page-table isolation x86-64 keeps the user's half of the tables in the page after the kernel's.
    const alternative = this.profile.architecture === 'x86-64' ? plain - ROOT_GRAIN : plain;
    for (const process of this.processes()) if (process.hasRoot(plain, alternative)) return process;
    return undefined;
  }

  /** The memory of a process: bytes, numbers and texts at its addresses. @throws UsageError where it is a kernel thread or does not exist */
  memoryOf(pid: number): VirtualView {
    const { memory } = this.process(pid);
    if (memory === null)
      throw new UsageError(`process ${pid} is a kernel thread: it has no memory of its own`);
    return memory;
  }

  /** The modules that are loaded, last first, those too that hide from the kernel's list. */
  modules(): readonly LoadedModule[] {
    this.#modules ??= this.#readModules();
    return this.#modules;
  }

  /** Asks one of the program's questions. @throws UsageError where it has no such option or column */
  ask<C>(question: Question<C>, options: AskOptions<C> = {}): Promise<Answer<C>> {
    return ask(this, question, options);
  }

  /** What was passed over since the last call, as sentences. */
  drainNotes(): string[] {
    return [...this.kernel.notes.drain(), ...this.snapshot.file.troubles];
  }

  close(): void {
    this.#session.close();
  }

  [INSPECT](): string {
    return `session of ${this.snapshot.file.path}: ${this.profile.release}`;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #valuesOf(view: VirtualView): Values {
    const known = this.#values.get(view.space);
    if (known !== undefined) return known;
    const made = new Values(view.space, this.profile.pointerBytes);
    this.#values.set(view.space, made);
    return made;
  }

  #readModules(): readonly LoadedModule[] {
    const { kernel } = this;
    const found: LoadedModule[] = [];
    if (!kernel.hasSymbol('modules')) return found;
    for (const module of kernel.untilFault(modules(kernel), 'modules')) {
      if (found.length >= MAXIMUM_MODULES) {
        kernel.note(`modules behind the first ${MAXIMUM_MODULES} are left out`);
        break;
      }
      const name = kernel.attempt(() => module.name, null, 'a module');
      if (name === null) continue;
      const raw = this.#structOrNothing('module', module.raw.address);
      if (raw !== undefined) found.push(new LoadedModule(name, raw, this.memory, kernel.note));
    }
    return found;
  }

  /** The list `btf_modules` of kernel/bpf/btf.c, with CONFIG_DEBUG_INFO_BTF_MODULES. */
  #typesOfModules(): readonly ModuleTypes[] {
    if (this.#moduleTypes !== undefined) return this.#moduleTypes;
    this.#moduleTypes = []; // whoever asks for a type meanwhile asks the kernel's own
    const { own } = this.types;
    const note = this.kernel.note;
    if (own === null || own.find('struct btf_module').length === 0) return [];
    const [head] = this.symbols.named('btf_modules');
    if (head === undefined) {
      note('types that modules add are not known: this kernel does not list where they are');
      return [];
    }
    const found: ModuleTypes[] = [];
    this.#moduleTypes = found;
    for (const entry of this.list(head.address, 'btf_module', 'list')) {
      if (found.length >= MAXIMUM_MODULES) {
        note(`types of modules behind the first ${MAXIMUM_MODULES} are left out`);
        break;
      }
      found.push(typesOfModule(entry, own, this.memory, note));
    }
    return found;
  }

  #structOrNothing(type: string, address: VirtualAddress): Struct | undefined {
    try {
      return this.struct(type, address);
    } catch (fault) {
      if (!(fault instanceof NotInKernel)) throw fault;
      return undefined;
    }
  }
}

/**
 * Opens a snapshot and finds its kernel. Close it when you are done with it.
 * @throws SnapshotError where the file is none @throws ProfileError where no kernel is found or nothing describes it
 */
export const openSession = (path: string, options: SessionOptions = {}): LibrarySession =>
  new LibrarySession(bind(path, options));
