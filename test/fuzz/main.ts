// The fuzzer: `npm run fuzz -- --minutes 10`. It damages snapshots and looks at what questions make of them.
// What it finds is printed, and written as a file that `--replay` tries again.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Case } from './case.ts';
import { FILES } from './files.ts';
import { Tally } from './tally.ts';
import type { Reply, Wish } from './worker.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '1' },
    cases: { type: 'string' },
    seed: { type: 'string', default: '1' },
    replay: { type: 'string' },
    findings: { type: 'string', default: 'fuzz-findings' },
  },
});

/** A case takes milliseconds; this is where it counts as hung, unless it ends when it is tried again: the machine may have stood still. */
const HUNG_MS = 60_000;
const HANGS = 'hangs';
/** What one case may add to the memory that its worker has had before. */
const MEMORY_BYTES = 300 << 20;
const HEAP_MIB = 1024;
/** Cases that went where none had gone before: a fifth of the trials go on from one of them. */
const MOST_INTERESTING = 512;
const FROM_INTERESTING = 5;
/** After so many cases it says that it is still at work. */
const TOLD_EVERY = 1000;
/** After so many findings of one kind the rest is only counted. */
const MOST_ALIKE = 3;

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));

/** A worker process over one snapshot. */
class Worker {
  readonly path: string;
  #child: ChildProcess | undefined;
  #peakBytes: number | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** @returns what came of the case, or why the worker did not answer */
  async try(wish: Wish): Promise<Reply | string> {
    const child = (this.#child ??= await this.#start());
    const reply = await new Promise<Reply | string>((resolve) => {
      const timer = setTimeout(() => finish(HANGS), HUNG_MS);
      const onExit = (code: number | null, signal: string | null): void =>
        finish(`dies with ${signal ?? code}`);
      const finish = (answer: Reply | string): void => {
        clearTimeout(timer);
        child.off('exit', onExit);
        child.off('message', finish);
        resolve(answer);
      };
      child.on('exit', onExit);
      child.on('message', finish);
      child.send(wish);
    });
    if (typeof reply === 'string') {
      this.stop();
      return reply;
    }
    // A process keeps what it once had: a case has taken as much as it raises the peak, and what it found free.
    const raised = reply.peakBytes - (this.#peakBytes ?? reply.peakBytes);
    this.#peakBytes = reply.peakBytes;
    return raised <= MEMORY_BYTES ? reply : `takes ${Math.round(raised / 2 ** 20)} MiB`;
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
    this.#peakBytes = undefined;
  }

  async #start(): Promise<ChildProcess> {
    const child = fork(WORKER, [this.path, values.seed], { execArgv: [`--max-old-space-size=${HEAP_MIB}`] });
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`the worker over ${this.path} ended with ${code}`)));
    });
    return child;
  }
}

/** Writes a finding where `--replay` finds it. */
function keep(number: number, fault: string, tried: Case | undefined): void {
  mkdirSync(values.findings, { recursive: true });
  const file = join(values.findings, `${basename(tried?.snapshot ?? 'case')}-${values.seed}-${number}.json`);
  writeFileSync(file, `${JSON.stringify({ fault, ...tried }, null, 1)}\n`);
  console.log(`      ${file}`);
}

async function replay(file: string): Promise<number> {
  const given = JSON.parse(readFileSync(file, 'utf8')) as Case;
  const worker = new Worker(given.snapshot);
  const reply = await worker.try({ given });
  worker.stop();
  const fault = typeof reply === 'string' ? reply : reply.verdict.fault;
  console.log(fault ?? 'nothing is wrong with it');
  return fault === undefined ? 0 : 1;
}

async function fuzz(paths: readonly string[]): Promise<number> {
  const until = Date.now() + Number(values.minutes) * 60_000;
  const most = values.cases === undefined ? Number.POSITIVE_INFINITY : Number(values.cases);
  // What is named twice has twice the cases: of a small snapshot they cost a fraction of a large one's.
  const byPath = new Map(paths.map((path) => [path, new Worker(path)]));
  const workers = paths.map((path) => byPath.get(path)!);
  const interesting = new Map<Worker, Case[]>(workers.map((worker) => [worker, []]));
  const seen = new Set<string>();
  const kinds = new Map<string, number>();
  const [byGround, byDamage] = [new Tally(), new Tally()];
  let number = 0;
  // A run that is cut off has its figures all the same.
  let isCut = false;
  process.once('SIGINT', () => (isCut = true)).once('SIGTERM', () => (isCut = true));
  for (; !isCut && number < most && (values.cases !== undefined || Date.now() < until); number++) {
    if (number > 0 && number % TOLD_EVERY === 0) console.error(`${number} cases so far`);
    const worker = workers[number % workers.length]!;
    const pool = interesting.get(worker)!;
    const former =
      number % FROM_INTERESTING === 0 ? pool[(number * 31) % Math.max(1, pool.length)] : undefined;
    const wish: Wish = { number, ...(former === undefined ? {} : { former }) };
    const answer = await worker.try(wish);
    const reply = answer === HANGS ? await worker.try(wish) : answer;
    const fault = typeof reply === 'string' ? reply : reply.verdict.fault;
    const cost = {
      cpuMs: typeof reply === 'string' ? 0 : reply.verdict.cpuMs,
      isFinding: fault !== undefined,
    };
    byGround.add(worker.path, cost);
    byDamage.add(typeof reply === 'string' ? 'not answered' : reply.tried.damage, cost);
    if (typeof reply !== 'string') {
      const isNew = reply.verdict.traits.filter((trait) => !seen.has(trait) && seen.add(trait)).length > 0;
      if (isNew && reply.tried.edits.length < 8 && pool.length < MOST_INTERESTING) pool.push(reply.tried);
    }
    if (fault === undefined) continue;
    const kind = fault.split('\n')[0]!.replace(/\d+/g, '#');
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (kinds.get(kind)! > MOST_ALIKE) continue;
    const tried = typeof reply === 'string' ? undefined : reply.tried;
    console.log(
      `FAIL  case ${number} (${tried?.damage ?? 'not answered'}): ${fault.split('\n').slice(0, 4).join('\n      ')}`,
    );
    keep(number, fault, tried);
  }
  for (const worker of byPath.values()) worker.stop();
  console.log(`${number} cases, ${seen.size} kinds of outcome`);
  for (const line of [...byGround.lines(), '', ...byDamage.lines()]) console.log(line);
  for (const [kind, count] of kinds) console.log(`${count} × ${kind}`);
  return kinds.size === 0 ? 0 : 1;
}

const snapshots =
  positionals.length > 0 ? positionals : ['samples/web-1/before.kdump', 'samples/web-1/after.kdump', FILES];
process.exitCode = values.replay === undefined ? await fuzz(snapshots) : await replay(values.replay);
