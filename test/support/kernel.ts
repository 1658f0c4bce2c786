import { Linux } from '../../src/kernel/linux/linux.ts';
import { structs } from '../../src/kernel/linux/structs.ts';
import type { SymbolName } from '../../src/kernel/linux/symbols.ts';
import { NOTHING_ABSENT, PROFILE_FORMAT, type Profile } from '../../src/profile/profile.ts';
import { Image } from './image.ts';
import { drawLayouts } from './layouts.ts';
import { drawPidTable, type Numbered } from './pid-table.ts';

const PAGE = 4096;
const LARGE_PAGE = 0x20_0000;
const IMAGE_START = 0xffff_ffff_8100_0000n;
const DIRECT_MAP = { 4: 0xffff_8880_0000_0000n, 5: 0xff11_0000_0000_0000n } as const;
const PF_KTHREAD = 0x0020_0000;
const TASK_INTERRUPTIBLE = 1;
/** What a page has beside what is drawn on it. */
const NEIGHBOUR = 0x6e65_6967_6862_6f72n;
/** Where drawn processes have the words they were started with. */
export const STACK = 0x7ffc_1234_5000n;
/** 2026-01-01T00:00:00Z, in nanoseconds. */
export const BOOTED = 1_767_225_600_000_000_000n;

/** Members and structs that only old kernels have, and those that only new ones have. */
const OLD = ['task_struct.state', 'task_struct.real_start_time', 'mm_rss_stat', 'tk_core', 'seqcount'];
const NEW = ['task_struct.__state', 'task_struct.start_boottime', 'tk_data', 'seqcount_raw_spinlock'];

/** What is particular about a process; everything has a default. */
export interface Traits {
  readonly uid?: number;
  readonly euid?: number;
  readonly gid?: number;
  readonly state?: number;
  readonly exitState?: number;
  readonly nice?: number;
  /** What each thread has run, in nanoseconds; the first is the process's own. */
  readonly threads?: readonly bigint[];
  /** What ended threads ran. */
  readonly endedThreads?: bigint;
  /** Nanoseconds after boot. */
  readonly started?: bigint;
  /** Bytes of the argument area. */
  readonly args?: string;
  /** Bytes of the environment area, which follows the arguments. */
  readonly environment?: string;
  /** Resident pages: of files, of its own, shared. */
  readonly pages?: readonly [file: number, own: number, shared: number];
}

export interface KernelWishes {
  readonly levels?: 4 | 5;
  /** Draw what kernels before 5.5 have instead of what today's have. */
  readonly old?: boolean;
  readonly without?: readonly string[];
  readonly at?: Readonly<Record<string, number>>;
  readonly cpus?: number;
  /** Structs lie side by side instead of each on a page of its own, and all processes share one memory. */
  readonly packed?: boolean;
  readonly traits?: Readonly<Record<number, Traits>>;
}

interface DrawnProcess {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly isKernelThread: boolean;
}

/**
 * A kernel drawn in text: `init(1)  [kthreadd](2)  sshd(200 < 1)  bash(201 < 200)`. Each process is a name, its
 * number and its parent's; brackets make a kernel thread.
 */
export function fakeKernel(drawing: string, wishes: KernelWishes = {}): FakeKernel {
  const processes = [...drawing.matchAll(/(\[?)([^\s()[\]]+)\]?\((\d+)(?:\s*<\s*(\d+))?\)/g)].map(
    ([, bracket, name, pid, parent]): DrawnProcess => ({
      pid: Number(pid),
      parent: Number(parent ?? 0),
      name: name ?? '',
      isKernelThread: bracket === '[',
    }),
  );
  return new FakeKernel(processes, wishes);
}

/** `count` processes in a row, packed: for measuring how cost grows. */
export function crowdedKernel(count: number): FakeKernel {
  const processes = Array.from({ length: count }, (_, i) => ({
    pid: i + 1,
    parent: i === 0 ? 0 : (i >>> 3) + 1,
    name: `task-${i + 1}`,
    isKernelThread: false,
  }));
  const kernel = new FakeKernel(processes, { packed: true });
  // Each leads a group and a session, and has the first task's rights: what real ones have too.
  const rights = kernel.draw('cred');
  kernel.image.put64(kernel.physical(kernel.member(rights, 'cred', 'cap_bset')), 0x1ff_ffff_ffffn);
  kernel.write(kernel.task(0), 'task_struct', { real_cred: rights });
  for (const { pid } of processes) {
    const signal = kernel.read(kernel.task(pid), 'task_struct', 'signal');
    const numbers = kernel.physical(kernel.member(signal, 'signal_struct', 'pids'));
    for (const type of [2, 3]) kernel.image.put64(numbers + 8 * type, kernel.pid(pid));
    kernel.write(kernel.member(kernel.pid(pid), 'pid', 'numbers'), 'upid', { nr: pid });
  }
  return kernel;
}

/** A drawn kernel that can still be damaged: `linux()` opens it as it is at that moment. */
export class FakeKernel {
  readonly image: Image;
  readonly profile: Profile;
  readonly #wishes: KernelWishes;
  readonly #tasks = new Map<number, bigint>();
  readonly #symbols: Partial<Record<SymbolName, string>> = {};
  /** The kernel image: one large page, filled from its start. */
  readonly #text: number;
  #textEnd = 0;
  #perCpuEnd = 0x1000;
  readonly #perCpuAreas: number[] = [];
  readonly #mapped = new Set<number>();
  readonly #numbered: Numbered[] = [];
  readonly #pids = new Map<number, bigint>();
  #sharedMemory: bigint | undefined;
  #sharedCred: bigint | undefined;

  constructor(processes: readonly DrawnProcess[], wishes: KernelWishes) {
    this.#wishes = wishes;
    this.image = new Image(wishes.levels ?? 4);
    const without = [...(wishes.old === true ? NEW : OLD), ...(wishes.without ?? [])];
    this.profile = {
      format: PROFILE_FORMAT,
      banner: 'Linux version 6.0.0-drawn',
      release: '6.0.0-drawn',
      buildId: null,
      architecture: 'x86-64',
      pointerBytes: 8,
      source: 'drawn',
      symbols: this.#symbols as Record<string, string>,
      types: drawLayouts(structs, { without, at: wishes.at ?? {} }),
      enumerators: {
        ...{ MM_FILEPAGES: 0, MM_ANONPAGES: 1, MM_SHMEMPAGES: 3 },
        ...{ SYSTEM_RUNNING: 3, SYSTEM_HALT: 4, SYSTEM_POWER_OFF: 5, SYSTEM_RESTART: 6, SYSTEM_SUSPEND: 7 },
      },
      absent: NOTHING_ABSENT,
    };
    this.#text = this.image.map(IMAGE_START, { size: '2M' });
    this.#drawMachine(wishes.cpus ?? 2);
    this.#drawTasks(processes);
  }

  /** Opens the kernel, as damaged as it is now. */
  linux(): Linux {
    const end = this.image.take(0);
    for (let at = 0; at < end; at += LARGE_PAGE) {
      if (this.#mapped.has(at)) continue;
      this.image.map(this.virtual(at), { size: '2M', to: at });
      this.#mapped.add(at);
    }
    return new Linux({ space: this.image.space(), profile: this.profile, slide: 0n, origin: null });
  }

  /** Where the task_struct of process or thread `pid` is; 0 is the idle task. */
  task(pid: number): bigint {
    const found = this.#tasks.get(pid);
    if (found === undefined) throw new Error(`no process ${pid} is drawn`);
    return found;
  }

  /** Where `member` of the struct at `address` is. */
  member(address: bigint, type: string, member: string): bigint {
    return address + BigInt(this.#place(type, member)[0]);
  }

  /** The value of a pointer-sized member. */
  read(address: bigint, type: string, member: string): bigint {
    return this.image.get64(this.physical(this.member(address, type, member)));
  }

  /** Overwrites members of the struct at `address`. */
  write(address: bigint, type: string, values: Readonly<Record<string, bigint | number | string>>): void {
    for (const [member, value] of Object.entries(values)) {
      const [offset, size] = this.#place(type, member);
      const at = this.physical(address) + offset;
      if (typeof value === 'string') this.image.write(at, value);
      else this.image.put(at, size, value);
    }
  }

  /** From now on the snapshot lacks the page of a kernel address. */
  lose(address: bigint): void {
    this.image.lose(this.physical(address));
  }

  /** The physical address behind a kernel address. */
  physical(address: bigint): number {
    if (address >= IMAGE_START) return this.#text + Number(address - IMAGE_START);
    return Number(address - DIRECT_MAP[this.image.levels]);
  }

  /** The address in the kernel's direct map of all memory. */
  virtual(at: number): bigint {
    return DIRECT_MAP[this.image.levels] + BigInt(at);
  }

  /** A struct somewhere in memory, with some members set. @returns its address */
  draw(type: string, values: Readonly<Record<string, bigint | number | string>> = {}): bigint {
    const size = this.profile.types[type]?.size ?? 8;
    const isPacked = this.#wishes.packed === true;
    // Something else of the kernel's stands on each page: one of zeros alone would not be believed.
    const whole = isPacked ? size : Math.ceil((size + 8) / PAGE) * PAGE;
    const address = this.virtual(this.image.take(whole, isPacked ? 8 : PAGE));
    if (!isPacked) this.image.put64(this.physical(address) + whole - 8, NEIGHBOUR);
    this.write(address, type, values);
    return address;
  }

  /** Room for a variable that each CPU has: what a pointer to it says, and where the CPUs' own are, physically. */
  takePerCpu(bytes: number): { readonly pointer: bigint; readonly places: readonly number[] } {
    const pointer = this.#perCpuEnd;
    this.#perCpuEnd += Math.ceil(bytes / 8) * 8;
    return { pointer: BigInt(pointer), places: this.#perCpuAreas.map((area) => area + pointer) };
  }

  /** A process's page-table root, at the physical address it is at. */
  rootOf(pid: number): number {
    const mm = this.read(this.task(pid), 'task_struct', 'mm');
    return this.physical(this.read(mm, 'mm_struct', 'pgd'));
  }

  #place(type: string, member: string): readonly [offset: number, size: number] {
    const found = this.profile.types[type]?.members[member];
    if (found === undefined) throw new Error(`the drawn kernel has no ${type}.${member}`);
    return [found[0], found[1]];
  }

  /** Room for a variable of the kernel image. */
  #symbol(name: SymbolName, length: number): bigint {
    const address = IMAGE_START + BigInt(this.#textEnd);
    this.#textEnd += (Math.floor(length / PAGE) + 1) * PAGE;
    this.image.put64(this.physical(IMAGE_START + BigInt(this.#textEnd)) - 8, NEIGHBOUR);
    this.#symbols[name] = `0x${address.toString(16)}`;
    return address;
  }

  #drawMachine(cpus: number): void {
    const { image, profile } = this;
    this.#symbol('_text', PAGE);
    this.#symbols._end = `0x${(IMAGE_START + BigInt(LARGE_PAGE)).toString(16)}`;
    const sizeOf = (type: string): number => profile.types[type]?.size ?? PAGE;
    const names = this.#symbol('init_uts_ns', sizeOf('uts_namespace'));
    this.write(this.member(names, 'uts_namespace', 'name'), 'new_utsname', { nodename: 'drawn-guest' });
    const offsets = this.#symbol('__per_cpu_offset', 8 * cpus);
    for (const mask of ['__cpu_online_mask', '__cpu_possible_mask'] as const) {
      image.put32(this.physical(this.#symbol(mask, sizeOf('cpumask'))), (1 << cpus) - 1);
    }
    for (let cpu = 0; cpu < cpus; cpu++) {
      this.#perCpuAreas.push(image.take(LARGE_PAGE, PAGE));
      image.put64(this.physical(offsets) + 8 * cpu, this.virtual(this.#perCpuAreas[cpu]!));
    }
    const holder = this.#symbol(this.#wishes.old === true ? 'tk_core' : 'timekeeper_data', PAGE);
    const timekeeper = this.#wishes.old === true ? holder + 8n : this.member(holder, 'tk_data', 'timekeeper');
    this.write(timekeeper, 'timekeeper', { offs_real: BOOTED + 5n, offs_boot: 5n });
    const mono = this.member(timekeeper, 'timekeeper', 'tkr_mono');
    this.write(mono, 'tk_read_base', { base: 99_000_000_000n, xtime_nsec: 500_000_000n << 8n, shift: 8 });
    const line = this.virtual(image.take(PAGE, PAGE));
    image.write(this.physical(line), 'root=/dev/drawn quiet\0');
    image.put64(this.physical(this.#symbol('saved_command_line', 8)), line);
    image.put32(this.physical(this.#symbol('system_state', 4)), profile.enumerators['SYSTEM_RUNNING']!);
    image.put32(this.physical(this.#symbol('panic_cpu', 4)), -1);
    image.put64(this.physical(this.#symbol('elfcorehdr_addr', 8)), 2n ** 64n - 1n);
  }

  #drawTasks(processes: readonly DrawnProcess[]): void {
    const idle = this.#symbol('init_task', this.profile.types['task_struct']?.size ?? PAGE);
    this.#tasks.set(0, idle);
    for (const { pid } of processes) this.#tasks.set(pid, this.draw('task_struct'));
    this.write(idle, 'task_struct', { comm: 'swapper/0\0', real_parent: idle, flags: PF_KTHREAD });
    this.#drawQueued(idle);
    for (const process of processes) this.#drawProcess(process, this.#wishes.traits?.[process.pid] ?? {});
    const order = [0, ...processes.map(({ pid }) => pid)];
    this.link(order.map((pid) => this.member(this.task(pid), 'task_struct', 'tasks')));
    const children = new Map<number, bigint[]>();
    for (const { pid, parent } of processes) {
      const real = this.#parentOf(parent);
      if (pid === real) continue;
      if (!children.has(real)) children.set(real, []);
      children.get(real)!.push(this.member(this.task(pid), 'task_struct', 'sibling'));
    }
    for (const parent of order) {
      const head = this.member(this.task(parent), 'task_struct', 'children');
      this.link([head, ...(children.get(parent) ?? [])]);
    }
    const namespace = this.#symbol('init_pid_ns', this.profile.types['pid_namespace']?.size ?? PAGE);
    for (const [number, pid] of drawPidTable(this, namespace, this.#numbered)) this.#pids.set(number, pid);
    this.image.put32(this.physical(this.#symbol('nr_threads', 4)), this.#numbered.length);
    // A per-CPU variable: its symbol says how far into each CPU's area it is. The parts may be negative.
    this.#symbols['process_counts'] = '0x500';
    for (const [cpu, area] of this.#perCpuAreas.entries())
      this.image.put64(
        area + 0x500,
        BigInt(cpu === 0 ? processes.length + this.#perCpuAreas.length - 1 : -1),
      );
  }

  /** Who is really its parent: the idle task of processes whose parent is not drawn. */
  #parentOf(pid: number): number {
    return this.#tasks.has(pid) ? pid : 0;
  }

  /** Where a variable of the kernel is. */
  symbol(name: SymbolName): bigint {
    const found = this.#symbols[name];
    if (found === undefined) throw new Error(`the drawn kernel has no ${name}`);
    return BigInt(found);
  }

  /** Where the `struct pid` of a number is. */
  pid(number: number): bigint {
    const found = this.#pids.get(number);
    if (found === undefined) throw new Error(`nothing of number ${number} is drawn`);
    return found;
  }

  /** Takes a task off a list that it is on through `member`, as list_del does but for its own link. */
  unlink(task: bigint, member: 'tasks' | 'sibling' | 'thread_node'): void {
    const link = this.member(task, 'task_struct', member);
    const [next, before] = [0, 8].map((at) => this.image.get64(this.physical(link) + at)) as [bigint, bigint];
    this.image.put64(this.physical(before), next);
    this.image.put64(this.physical(next) + 8, before);
  }

  /** Gives a process another parent, as the kernel does for orphans. */
  adopt(pid: number, parent: number): void {
    const task = this.task(pid);
    this.unlink(task, 'sibling');
    this.write(task, 'task_struct', { real_parent: this.task(parent) });
    const head = this.member(this.task(parent), 'task_struct', 'children');
    const next = this.image.get64(this.physical(head));
    const link = this.member(task, 'task_struct', 'sibling');
    for (const [from, to] of [
      [head, link],
      [link, next],
    ] as const) {
      this.image.put64(this.physical(from), to);
      this.image.put64(this.physical(to) + 8, from);
    }
  }

  /** Takes what has a number out of the table of process IDs. */
  detach(number: number): void {
    const pid = this.physical(this.member(this.pid(number), 'pid', 'tasks'));
    for (let type = 0; type < 4; type++) this.image.put64(pid + 8 * type, 0n);
  }

  /** Makes one ring of list heads and links: `next` and `prev` of each lead to its neighbours. */
  link(ring: readonly bigint[]): void {
    for (const [i, at] of ring.entries()) {
      const next = ring[(i + 1) % ring.length]!;
      this.image.put64(this.physical(at), next);
      this.image.put64(this.physical(next) + 8, at);
    }
  }

  #drawProcess({ pid, parent, name, isKernelThread }: DrawnProcess, traits: Traits): void {
    const { state = TASK_INTERRUPTIBLE, started = BigInt(pid) * 1_000_000n, threads = [1_000_000n] } = traits;
    const task = this.task(pid);
    const hasEnded = (traits.exitState ?? 0) !== 0;
    // What a first thread gives back at its end the others keep.
    const memory = isKernelThread || (hasEnded && threads.length === 1) ? 0n : this.#memory(traits);
    const signal = this.draw('signal_struct', {
      nr_threads: threads.length,
      sum_sched_runtime: traits.endedThreads ?? 0n,
    });
    this.write(task, 'task_struct', {
      pid,
      tgid: pid,
      comm: `${name.slice(0, 15)}\0`,
      flags: isKernelThread ? PF_KTHREAD : 0,
      real_parent: this.#tasks.get(parent) ?? this.task(0),
      group_leader: task,
      signal,
      real_cred: this.#cred(traits),
      static_prio: 120 + (traits.nice ?? 0),
      exit_state: traits.exitState ?? 0,
      mm: hasEnded ? 0n : memory,
      ...(this.#wishes.old === true
        ? { state, real_start_time: started }
        : { __state: state, start_boottime: started }),
    });
    this.#drawQueued(task);
    const all = threads.map((ran, i) => {
      const thread =
        i === 0
          ? task
          : this.draw('task_struct', {
              ...{ pid: pid + i, tgid: pid, signal, group_leader: task, mm: memory },
              ...{ comm: `${name.slice(0, 15)}\0`, real_parent: this.#tasks.get(parent) ?? this.task(0) },
            });
      if (i > 0) this.#drawQueued(thread);
      if (!this.#tasks.has(pid + i)) this.#tasks.set(pid + i, thread);
      this.#numbered.push({
        number: pid + i,
        task: thread,
        isProcess: i === 0,
        isGroup: i === 0 && !isKernelThread,
      });
      this.write(this.member(thread, 'task_struct', 'se'), 'sched_entity', { sum_exec_runtime: ran });
      return this.member(thread, 'task_struct', 'thread_node');
    });
    this.link([this.member(signal, 'signal_struct', 'thread_head'), ...all]);
  }

  /** What every task has that is on no queue: a user, a class of the scheduler, and lists with nothing on them. */
  #drawQueued(task: bigint): void {
    if (this.profile.types['sched_rt_entity'] === undefined) return;
    this.write(task, 'task_struct', { usage: 2, sched_class: IMAGE_START + 64n });
    const place = (member: string): bigint => this.member(task, 'task_struct', member);
    for (const head of [
      ...['children', 'sibling', 'ptraced', 'ptrace_entry'].map(place),
      this.member(place('rt'), 'sched_rt_entity', 'run_list'),
      this.member(place('se'), 'sched_entity', 'group_node'),
    ])
      this.link([head]);
  }

  #cred({ uid = 0, euid = uid, gid = uid }: Traits): bigint {
    if (this.#wishes.packed === true) return (this.#sharedCred ??= this.draw('cred', { uid, euid, gid }));
    return this.draw('cred', { uid, euid, gid });
  }

  #memory(traits: Traits): bigint {
    if (this.#wishes.packed === true) return (this.#sharedMemory ??= this.#ownMemory(traits));
    return this.#ownMemory(traits);
  }

  #ownMemory({ args = 'drawn\0', environment = 'HOME=/\0', pages = [1, 2, 3] }: Traits): bigint {
    const { image } = this;
    const words = Buffer.from(args + environment, 'latin1');
    const root = image.takePages(1);
    const stack = image.map(STACK, { pages: Math.ceil(words.length / PAGE) + 1, root });
    image.write(stack, words);
    const middle = STACK + BigInt(args.length);
    const mm = this.draw('mm_struct', {
      pgd: this.virtual(root),
      arg_start: STACK,
      arg_end: middle,
      env_start: middle,
      env_end: STACK + BigInt(words.length),
    });
    const counters = this.member(mm, 'mm_struct', 'rss_stat');
    for (const [i, kind] of [0, 1, 3].entries()) this.#count(counters, kind, pages[i]!);
    return mm;
  }

  /** A counter of resident pages; where each CPU keeps a part of its own, half of it is still there. */
  #count(counters: bigint, kind: number, pages: number): void {
    if (this.#wishes.old === true) {
      this.image.put64(this.physical(counters) + 8 * kind, BigInt(pages));
      return;
    }
    const size = this.profile.types['percpu_counter']?.size ?? 0;
    const { pointer, places } = this.takePerCpu(8);
    this.write(counters + BigInt(kind * size), 'percpu_counter', { count: pages - 7, counters: pointer });
    // The parts may be negative, and are only right together.
    for (const [cpu, at] of places.entries()) {
      this.image.put32(at, cpu === 0 ? 7 + places.length - 1 : -1);
    }
  }
}
