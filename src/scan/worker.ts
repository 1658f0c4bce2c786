import { parentPort, workerData } from 'node:worker_threads';
import { openSnapshot } from '../snapshot/open.ts';
import { BlockScan } from './block.ts';
import type { Answer, Job, Task } from './pool.ts';
import type { Scanner } from './scanner.ts';

/**
 * The whole life of a sweeping thread: opens the snapshot, imports the scanner, answers each block. Whatever
 * goes wrong ends the thread, and the pool deals with that.
 */
const { origin, module, name, recognition } = workerData as Job;
const { [name]: scanner } = (await import(module)) as Readonly<Record<string, Scanner<unknown>>>;
if (scanner === undefined || parentPort === null) throw new Error(`${module} exports no scanner ${name}`);

const scan = new BlockScan(openSnapshot(origin.path, origin.options).memory, scanner, recognition);
const port = parentPort;
port.on('message', ({ index, block }: Task) => {
  port.postMessage({ index, result: scan.run(block) } satisfies Answer<unknown>);
});
