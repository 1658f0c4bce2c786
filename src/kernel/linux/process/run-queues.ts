// The tasks on the run queue of each CPU: those that wait for it, and the one that has it.
// Linux: kernel/sched/sched.h (struct rq), kernel/sched/fair.c, rt.c, deadline.c.
import { type VirtualAddress, wrapped } from '../../../base/address.ts';
import { CorruptStructure, EvidenceFault } from '../../../base/errors.ts';
import type { Walk } from '../../../types/struct.ts';
import { rbNodes } from '../containers/rb-tree.ts';
import type { Linux } from '../linux.ts';
import { cpusOf } from '../machine/cpus.ts';
import type { Kernel } from '../structs.ts';

/** Real-time priorities, a queue for each: MAX_RT_PRIO of include/linux/sched/prio.h. */
const RT_PRIORITIES = 100;

/**
 * The tasks on every CPU's run queue, of the fair, the real-time and the deadline class, and the one that runs.
 * @returns whether all were walked to their ends: those of a scheduler in BPF are in lists of its own
 * @throws NotInKernel
 */
export function* queuedTasks(kernel: Linux): Walk<VirtualAddress> {
  const { types } = kernel;
  const fairHead = BigInt(types.offsetOf('rq', 'cfs_tasks'));
  const fair = types.offsetOf('task_struct', 'se');
  let isWhole = true;
  for (const queue of runQueues(kernel)) {
    try {
      if (queue.curr.pid !== 0) yield queue.curr.address;
      const entities = kernel.list(queue.address + fairHead, 'sched_entity', 'group_node');
      let step = entities.next();
      for (; step.done !== true; step = entities.next()) yield before(kernel, step.value.address, fair);
      isWhole &&= step.value;
      isWhole = (yield* realTime(kernel, queue)) && isWhole;
      isWhole = (yield* deadlines(kernel, queue)) && isWhole;
      const ext = queue.scx;
      if (ext !== undefined && ext.nr_running > 0) isWhole = false;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      isWhole = false;
      kernel.note(`run queue: ${fault.message}`);
    }
  }
  return isWhole;
}

/** The task that each CPU runs when there is nothing else to do. @throws EvidenceFault */
export function* idleTasks(kernel: Linux): Walk<VirtualAddress> {
  kernel.types.offsetOf('rq', 'idle');
  let isWhole = true;
  for (const queue of runQueues(kernel)) {
    try {
      yield queue.idle.address;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      isWhole = false;
      kernel.note(`idle task: ${fault.message}`);
    }
  }
  return isWhole;
}

function* runQueues(kernel: Linux): Generator<Kernel<'rq'>> {
  const cpus = cpusOf(kernel);
  const place = kernel.symbol('runqueues');
  for (const cpu of cpus.possible) yield kernel.at('rq', cpus.perCpu(place, cpu));
}

/** A list for each priority. */
function* realTime(kernel: Linux, queue: Kernel<'rq'>): Walk<VirtualAddress> {
  const { types } = kernel;
  const back = types.offsetOf('task_struct', 'rt');
  const { queue: heads } = queue.rt.active;
  let isWhole = true;
  for (let priority = 0; priority < RT_PRIORITIES; priority++) {
    const head = heads + BigInt(priority * 2 * types.pointerBytes);
    const first = kernel.pointerAt(head);
    if (first === head) continue;
    if (first === 0n) throw new CorruptStructure('a queue of real-time tasks was never made');
    const entities = kernel.list(head, 'sched_rt_entity', 'run_list');
    let step = entities.next();
    for (; step.done !== true; step = entities.next()) yield before(kernel, step.value.address, back);
    isWhole &&= step.value;
  }
  return isWhole;
}

/** A tree by deadline. */
function* deadlines(kernel: Linux, queue: Kernel<'rq'>): Walk<VirtualAddress> {
  const { types } = kernel;
  const back = types.offsetOf('task_struct', 'dl') + types.offsetOf('sched_dl_entity', 'rb_node');
  const walk = rbNodes(kernel, queue.dl.root.rb_root.rb_node, 'tasks with deadlines');
  let step = walk.next();
  for (; step.done !== true; step = walk.next()) yield before(kernel, step.value, back);
  return step.value;
}

const before = ({ types }: Linux, address: VirtualAddress, bytes: number): VirtualAddress =>
  wrapped(address - BigInt(bytes), types.pointerBytes);
