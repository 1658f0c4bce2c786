// The whole life of a sweeping thread: it opens the snapshot, imports the scanners, answers each block. Whatever goes wrong
// ends the thread, and the pool deals with that.
import { parentPort, workerData } from 'node:worker_threads';
import { openSnapshot } from '../snapshot/open.ts';
import { BlockScan } from './block.ts';
import type { Answer, Job, Task } from './pool.ts';
import type { Scanner } from './scanner.ts';

const { origin, scanners } = workerData as Job;
const port = parentPort;
if (port === null) throw new Error('this is no thread');

const loaded = await Promise.all(
  scanners.map(async ({ module, name, parameters }): Promise<Scanner<unknown>> => {
    const { [name]: scanner } = (await import(module)) as Readonly<Record<string, Scanner<unknown>>>;
    if (scanner === undefined) throw new Error(`${module} exports no scanner ${name}`);
    return { ...scanner, parameters };
  }),
);
const scan = new BlockScan(
  openSnapshot(origin.path, origin.options).memory,
  loaded,
  scanners.map(({ recognition }) => recognition),
);
port.on('message', ({ index, block }: Task) => {
  port.postMessage({ index, results: scan.run(block) } satisfies Answer);
});
