import { type Comparison, kernelAddress, oneOf } from './expect.ts';
import {
  excusesOfThread,
  nameOfThread,
  type ThreadRecord,
  threadRecords,
  workerCame,
} from './thread-records.ts';

/** On an honest guest everything has what it must have. */
export const psxview: Comparison = {
  plugin: 'psxview',
  *expected({ truth }) {
    for (const record of threadRecords(truth)) {
      const { process, thread, stat, isFirst } = record;
      yield {
        key: `${process.pid} ${thread.tid}`,
        label: `pid ${process.pid} thread ${thread.tid}`,
        ...excusesOfThread(record, truth, ['name']),
        cells: {
          ...{ pid: process.pid, tid: thread.tid, name: nameOfThread(record) },
          ...{ taskList: isFirst ? true : null, children: isFirst ? true : null },
          ...{ pids: true, threads: true, carved: true, queues: oneOf(true, null) },
          holders: holdersOf(record),
          cgroups: stat.state === 'Z' ? oneOf(true, null) : true,
          task: kernelAddress(truth),
        },
      };
    }
  },
  keyOf: ({ pid, tid }) => `${String(pid)} ${String(tid)}`,
  labelOf: ({ pid, tid, name }) => `pid ${String(pid)} thread ${String(tid)} (${String(name)})`,
  mayBeInvented: workerCame,
};

/** Whoever has a file mapped into a memory of its own is led to by it; others may be, by their sockets. */
function holdersOf({ process, isFirst, stat }: ThreadRecord) {
  const hasFile = (process.maps ?? '').split('\n').some((line) => / \/(?!dev\/zero)/.test(line));
  // A memory has one owner: the thread that goes on, and the parent until vfork's child runs another program.
  const isOwner = isFirst && stat.state !== 'Z' && stat.comm !== 'vfork-child';
  return isOwner && hasFile ? true : oneOf(true, null);
}
