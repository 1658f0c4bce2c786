// Processes as several structures of the kernel have them: the task list in both directions, the table of process IDs,
// parents and children, groups and sessions. What one lacks and another has is a process that somebody hides.

import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import type { Walk } from '../../../types/struct.ts';
import { addresses, CrossView } from '../cross-view.ts';
import type { Linux } from '../linux.ts';
import { perKernel } from '../per-kernel.ts';
import { firstLinks, numbers, PIDTYPE, taskAt, tasksLinked } from './pid-table.ts';
import { kernelCounts } from './process-counts.ts';
import { initTask, Task, type TaskViews } from './task.ts';

/** Each of these has every process, from when it is made to when it is let go: fork and exit change all of them under one lock. */
const COMPLETE = ['list', 'list backwards', 'pids', 'children'] as const;
export type CompleteView = (typeof COMPLETE)[number];
/** These lead to some processes only: leaders of known threads, members of groups and sessions, parents of known processes. */
type ProcessView = CompleteView | 'leaders' | 'groups' | 'parents';

/** Processes that a note names one by one. */
const NAMED = 10;

/** The processes of a kernel, found by all of its views, and what each view lacks. */
export class ProcessViews implements TaskViews {
  readonly #kernel: Linux;
  readonly #views = new CrossView<ProcessView>();
  /** Threads that the table of process IDs has, but for the first of each process. */
  readonly threads: VirtualAddress[] = [];
  /** Processes that lead a group or session, or are in one. */
  readonly #grouped = new Set<VirtualAddress>();
  /** Numbers in the table of process IDs; null where it was not walked to its end. */
  #numbers: number | null = null;
  /** Every process: those on the task list in its order, then those that other views add. */
  readonly tasks: readonly Task[];
  /** What the walks lacked. */
  readonly notes: readonly string[];

  constructor(kernel: Linux) {
    this.#kernel = kernel;
    this.notes = kernel.notedApart(() => this.#walk());
    this.tasks = this.#inOrder().map((address) => new Task(kernel.at('task_struct', address), kernel, this));
  }

  /**
   * Whether a view that must have the process, and was walked to its end, lacks it. What is being made or let go is
   * hidden by nobody. @throws WalkIncomplete where the list or the table of process IDs lacks it and is not whole
   * @throws EvidenceFault
   */
  isHidden(task: Task): boolean {
    const lacking = this.#lacking(task.address);
    if (lacking.length === 0 || !task.isSettled) return false;
    if (lacking.some((view) => this.#views.isWhole(view))) return true;
    // Nobody lists processes by their parents: a child of a lost task is not for that reason perhaps hidden.
    const unknown = lacking.find((view) => view !== 'children');
    return unknown !== undefined && !this.#views.isIn(unknown, task.address);
  }

  /** Whether a view that has every process came to its end; null where this kernel does not have it. */
  isWhole(view: CompleteView): boolean | null {
    return this.#views.isWithout(view) ? null : this.#views.isWhole(view);
  }

  /** The processes that a view has. */
  *in(view: CompleteView): Generator<VirtualAddress> {
    for (const { address } of this.tasks) if (this.#views.has(view, address)) yield address;
  }

  /** The views that have it: `list,pids,children`; those that lead to some processes only where no other has it. */
  viewsWith({ address }: Task): string {
    const having: readonly CompleteView[] = this.#views.among(COMPLETE, address, true);
    const [forwards, backwards] = [having.includes('list'), having.includes('list backwards')];
    // One word for the list where both ways lead to it, or the other was not gone.
    const words = forwards || !backwards ? having.filter((view) => view !== 'list backwards') : having;
    if (words.length > 0) return words.join(',');
    return (['leaders', 'groups', 'parents'] as const)
      .filter((view) => this.#views.has(view, address))
      .join(',');
  }

  /** Says where views disagree with each other, and with what the kernel counts. */
  noteDifferences(): void {
    this.#noteOffBrokenList();
    const counts = kernelCounts(this.#kernel);
    const threads = sumOf(this.tasks, (task) => task.threadCount);
    this.#noteCount('processes', counts.processes, this.tasks.length);
    this.#noteCount('threads', counts.threads, threads);
    this.#noteCount('process and thread IDs', counts.numbers, this.#numbers);
  }

  /**
   * Who is not on the list where that breaks. Who is missing from what does not break is hidden: the rows say it, and
   * nothing is missing from them.
   */
  #noteOffBrokenList(): void {
    if (this.#views.isWhole('list')) return;
    const lacking = this.tasks.filter(
      (task) => this.#lacking(task.address).includes('list') && unlessFault(() => task.isSettled, false),
    );
    if (lacking.length === 0) return;
    const named = lacking.slice(0, NAMED).map((task) => this.#named(task));
    const rest = lacking.length > NAMED ? ` and ${lacking.length - NAMED} more` : '';
    const [count, are] = lacking.length === 1 ? ['1 process', 'is'] : [`${lacking.length} processes`, 'are'];
    this.#kernel.note(
      `${count} ${are} not in the task list, and other views have them: ${named.join(', ')}${rest}; ` +
        'it breaks, so they may well have been in it',
    );
  }

  #named(task: Task): string {
    const name = unlessFault(() => task.name, '?');
    return `${unlessFault(() => task.pid, '?')} (${name}; ${this.viewsWith(task)})`;
  }

  #noteCount(what: string, counted: number | null, found: number | null): void {
    if (counted !== null && found !== null && counted !== found)
      this.#kernel.note(`the kernel counts ${counted} ${what}, and ${found} are found`);
  }

  #lacking(address: VirtualAddress): CompleteView[] {
    return this.#views.among(COMPLETE, address, false);
  }

  #walk(): void {
    const kernel = this.#kernel;
    const head = initTask(kernel).raw;
    const list = kernel.types.offsetOf('task_struct', 'tasks');
    const place = head.address + BigInt(list);
    const broken = kernel.notedApart(() =>
      this.#add('list', addresses(kernel.list(place, 'task_struct', 'tasks'))),
    );
    for (const note of broken) kernel.note(note);
    // Where it breaks, that walk has gone backwards already.
    if (broken.length === 0)
      this.#add('list backwards', addresses(kernel.list(place, 'task_struct', 'tasks', 'backwards')));
    // Before the first process is made the table is empty; afterwards never.
    if (broken.length > 0 || this.#views.all.size() > 0) this.#add('pids', this.#inPidTable());
    this.#add('leaders', this.#leadersOfThreads());
    this.#add('groups', this.#inGroups());
    this.#add('parents', this.#parents());
    // Where these break, nothing is lost that another view has; what all lack, the kernel's counts tell.
    kernel.notedApart(() => this.#add('children', this.#children()));
  }

  /** Where the list breaks, what the table of process IDs has too comes before whatever somebody hung into it. */
  #inOrder(): VirtualAddress[] {
    const all = [...this.#views.all];
    if (this.#views.isWhole('list')) return all;
    const isNumbered = (address: VirtualAddress): boolean => this.#views.has('pids', address);
    return [...all.filter(isNumbered), ...all.filter((address) => !isNumbered(address))];
  }

  #add(name: ProcessView, walk: Walk<VirtualAddress>): void {
    this.#views.addNoted(this.#kernel, name, walk, 'processes');
  }

  *#inPidTable(): Walk<VirtualAddress> {
    const kernel = this.#kernel;
    let isWhole = true;
    let count = 0;
    const walk = numbers(kernel);
    let step = walk.next();
    for (; step.done !== true; step = walk.next(), count++) {
      let links: readonly [thread: bigint, process: bigint, group: bigint, session: bigint];
      try {
        links = firstLinks(kernel, step.value);
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        isWhole = false;
        kernel.note(`table of process IDs: ${fault.message}`);
        continue;
      }
      const [thread, process, group, session] = links;
      if (process !== 0n) {
        const task = taskAt(kernel, process, PIDTYPE.process);
        if (this.#isProcess(task)) yield task;
      } else if (thread !== 0n) {
        this.threads.push(taskAt(kernel, thread, PIDTYPE.thread));
      }
      for (const task of tasksLinked(kernel, group, PIDTYPE.group)) this.#grouped.add(task);
      for (const task of tasksLinked(kernel, session, PIDTYPE.session)) this.#grouped.add(task);
    }
    this.#numbers = step.value ? count : null;
    return step.value && isWhole;
  }

  /** Threads lie all over memory: they are only looked at where the processes found do not account for them. */
  *#leadersOfThreads(): Walk<VirtualAddress> {
    const kernel = this.#kernel;
    if (this.threads.length === 0) return true;
    const known = [...this.#views.all].map((address) => new Task(kernel.at('task_struct', address), kernel));
    if (sumOf(known, (task) => task.threadCount - 1) === this.threads.length) return true;
    for (const thread of this.threads) {
      const leader = unlessFault(() => kernel.at('task_struct', thread).group_leader.address, undefined);
      if (leader !== undefined && this.#isProcess(leader)) yield leader;
    }
    return true;
  }

  *#inGroups(): Walk<VirtualAddress> {
    for (const task of this.#grouped) if (this.#isProcess(task)) yield task;
    return true;
  }

  *#parents(): Walk<VirtualAddress> {
    const kernel = this.#kernel;
    for (const address of this.#views.all) {
      const parent = unlessFault(() => kernel.at('task_struct', address).real_parent.address, undefined);
      if (parent === undefined || this.#views.all.has(parent)) continue;
      const leader = unlessFault(() => kernel.at('task_struct', parent).group_leader.address, undefined);
      if (leader !== undefined && this.#isProcess(leader)) yield leader;
    }
    return true;
  }

  /** Children of the idle task and of every process, and where that is not all, of every thread. */
  *#children(): Walk<VirtualAddress> {
    const kernel = this.#kernel;
    const found = new Set<VirtualAddress>();
    let isWhole = true;
    const self = this;
    const head = BigInt(kernel.types.offsetOf('task_struct', 'children'));
    function* of(parent: VirtualAddress): Generator<VirtualAddress> {
      // Most have none: the head of an empty list leads to itself.
      const first = unlessFault(() => kernel.pointerAt(parent + head), undefined);
      if (first === parent + head) return;
      const walk = kernel.at('task_struct', parent).children;
      let step = walk.next();
      for (; step.done !== true; step = walk.next()) {
        const { address } = step.value;
        if (found.has(address) || !self.#isProcess(address)) continue;
        found.add(address);
        yield address;
      }
      isWhole &&= step.value;
    }
    yield* of(initTask(kernel).address);
    // Those that are found on the way come behind, and have their turn.
    for (const parent of this.#views.all) yield* of(parent);
    const { processes } = kernelCounts(kernel);
    if (found.size === this.#views.all.size() && (processes ?? found.size) <= found.size) return isWhole;
    for (const address of this.#views.all) {
      const task = new Task(kernel.at('task_struct', address), kernel);
      if (unlessFault(() => task.threadCount, 1) <= 1) continue;
      const walk = task.threads();
      let step = walk.next();
      for (; step.done !== true; step = walk.next())
        if (step.value.address !== address) yield* of(step.value.address);
      isWhole &&= step.value;
    }
    return isWhole;
  }

  /** What the list has is taken as it is; what another view leads to must be the first thread of a process. */
  #isProcess(address: VirtualAddress): boolean {
    if (this.#views.all.has(address)) return true;
    const raw = this.#kernel.at('task_struct', address);
    return unlessFault(() => raw.group_leader.address === address && raw.pid > 0, false);
  }
}

/** The sum over all of them; null where one cannot be read. */
function sumOf(tasks: readonly Task[], count: (task: Task) => number): number | null {
  let sum = 0;
  for (const task of tasks) {
    const own = unlessFault(() => count(task), undefined);
    if (own === undefined) return null;
    sum += own;
  }
  return sum;
}

/** Processes as several structures of a kernel have them: walked once, for all questions. */
export const processViewsOf = perKernel((kernel) => new ProcessViews(kernel));
