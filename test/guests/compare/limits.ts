import { type Comparison, type Expectation, textOrNone } from './expect.ts';
import { linesOf } from './proc.ts';
import { anything, excusesOfThread, firstThreads, nameOfThread, workerCame } from './thread-records.ts';

/** In the order of /proc/PID/limits, which is another than that of their numbers; the words of prlimit(1). */
const ORDER =
  'cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio rttime'.split(
    ' ',
  );

export const limits: Comparison = {
  plugin: 'limits',
  *expected({ truth }) {
    for (const record of firstThreads(truth)) {
      const { pid, limits: text } = record.process;
      const lines = linesOf(text).slice(1);
      for (const [at, resource] of ORDER.entries()) {
        const [soft, hard] = /(unlimited|\d+) +(unlimited|\d+)/.exec(lines[at] ?? '')?.slice(1) ?? [];
        yield {
          key: `${pid} ${resource}`,
          label: `pid ${pid} ${resource}`,
          ...excusesOfThread(record, truth, ['name']),
          cells: {
            pid,
            name: nameOfThread(record),
            resource,
            soft: limitOf(soft),
            hard: limitOf(hard),
            unit: textOrNone,
          },
        };
      }
    }
  },
  keyOf: ({ pid, resource }) => `${String(pid)} ${String(resource)}`,
  labelOf: ({ pid, resource }) => `pid ${String(pid)} ${String(resource)}`,
  mayBeInvented: workerCame,
};

/** What has ended shows none, though it has them still. */
function limitOf(said: string | undefined): Expectation {
  if (said === undefined) return anything;
  if (said === 'unlimited') return null;
  const number = BigInt(said);
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : number;
}
