// The whole life of a guard's thread: it looks what the process takes, and ends it where that is too much. A signal that the
// process does not handle ends it at once, whatever its other threads are doing.
import { workerData } from 'node:worker_threads';
import { CPU_MARK, cpuMicros, ENDED_BY, MEMORY_MARK, type Watched } from './guard.ts';

/** A process can fill about 1 GiB in a second, so that this much of a second is 50 MiB. A look takes 20 µs. */
const LOOK_MS = 50;

const { marks, parent } = workerData as Watched;

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, ENDED_BY.orphaned);
  if (cpuMicros() > Number(Atomics.load(marks, CPU_MARK))) process.kill(process.pid, ENDED_BY.cpu);
  if (process.memoryUsage.rss() > Number(Atomics.load(marks, MEMORY_MARK)))
    process.kill(process.pid, ENDED_BY.memory);
}, LOOK_MS);
