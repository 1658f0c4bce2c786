import { type Comparison, textOrNone } from './expect.ts';
import { excusesOfThread, nameOfThread, stateOfThread, threadRecords } from './thread-records.ts';

export const ptrace: Comparison = {
  plugin: 'ptrace',
  *expected({ truth }) {
    const records = [...threadRecords(truth)];
    for (const record of records) {
      const tracerTid = Number(record.status('TracerPid')?.[0] ?? 0);
      if (tracerTid === 0) continue;
      const tracer = records.find(({ thread }) => thread.tid === tracerTid);
      const { process, thread } = record;
      const isSeized = record.stat.comm === 'seized';
      yield {
        key: `${process.pid} ${thread.tid}`,
        label: `pid ${process.pid} thread ${thread.tid}`,
        ...excusesOfThread(record, truth),
        cells: {
          pid: process.pid,
          tid: thread.tid,
          name: nameOfThread(record),
          state: stateOfThread(record),
          tracer: tracer!.process.pid,
          tracerTid,
          tracerName: nameOfThread(tracer!),
          how: isSeized ? 'seize' : 'attach',
          options: isSeized ? 'tracesysgood,exitkill' : textOrNone,
          listed: true,
        },
      };
    }
  },
  keyOf: ({ pid, tid }) => `${String(pid)} ${String(tid)}`,
  labelOf: ({ pid, tid }) => `pid ${String(pid)} thread ${String(tid)}`,
};
