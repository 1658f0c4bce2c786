/** Takes snapshots of a guest that QEMU runs, in every way, and looks whether the guest is in them and lives on. */

import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Acquired, type AcquireOptions, acquire } from '../../src/acquire/acquire.ts';
import { tasks as tasksOf } from '../../src/kernel/linux/process/processes.ts';
import { openSession } from '../../src/session/session.ts';
import { acquireDevices, acquireGuest, acquireRecipe, listed } from './acquire-guest.ts';
import { guestFolder } from './folders.ts';
import { fetchKernel } from './kernel.ts';
import { Machine } from './machine.ts';
import { Qmp } from './qmp.ts';
import { makeImages } from './root-image.ts';
import { type Conversation, openConsole } from './web-1-people.ts';

const BOOT_TIMEOUT_MS = 300_000;
const WORD_TIMEOUT_MS = 60_000;

/** Every way to take a snapshot of this guest. */
const ways: readonly Pick<AcquireOptions, 'format' | 'live'>[] = [
  {},
  { format: 'elf' },
  { format: 'raw' },
  { format: 'kdump', live: true },
  { format: 'elf', live: true },
  { format: 'raw', live: true },
];

/** The running guest, and what is asked of it. */
class Trial {
  readonly #machine: Machine;
  readonly #console: Conversation;
  readonly #folder: string;
  readonly #release: string;
  #words = 0;

  constructor(machine: Machine, console1: Conversation, folder: string, release: string) {
    this.#machine = machine;
    this.#console = console1;
    this.#folder = folder;
    this.#release = release;
  }

  get socket(): string {
    return join(this.#folder, 'acquire.qmp');
  }

  get snapshots(): string {
    return join(this.#folder, 'snapshots');
  }

  take(options: Partial<AcquireOptions> = {}): Promise<Acquired> {
    return acquire({ source: { qmp: this.socket }, folder: this.snapshots, ...options });
  }

  /** Lets the guest do something, and waits until it has: a guest that is paused never does. */
  async command(line: string): Promise<string> {
    const word = `DONE-${++this.#words}`;
    this.#console.say(`${line}; echo ${word}`);
    await this.#machine.waitFor(word, WORD_TIMEOUT_MS);
    return word;
  }

  /** What QEMU says of the guest, once `acquire` has hung up. */
  async status(): Promise<unknown> {
    const socket = connect(this.socket);
    const qmp = new Qmp(socket, socket);
    await qmp.ask('qmp_capabilities');
    const { status } = (await qmp.ask('query-status')) as { status: unknown };
    socket.destroy();
    return status;
  }

  /** The processes in user space as the guest lists them now. */
  async processes(): Promise<string[]> {
    const name = `L${this.#words}`;
    await this.command(`list ${name}`);
    const found = await listed(this.#folder, name);
    ok(found.length >= 3, `the guest lists ${found.length} processes`);
    return found;
  }

  /** A whole file that only its owner reads, with this guest's kernel and these processes in it. */
  async judge({ path, bytes, machine }: Acquired, processes: readonly string[]): Promise<void> {
    const file = await stat(path);
    deepEqual({ bytes: file.size, mode: file.mode & 0o777 }, { bytes, mode: 0o600 });
    equal(machine, 'acquire test/1');
    match(path, /\/acquire_test_1-\d{8}T\d{6}Z\.(kdump|elf|raw)$/);
    const session = openSession(path);
    try {
      equal(session.facts.kernel.release, this.#release);
      const tasks = [...tasksOf(session.kernel)].filter((task) => !task.isKernelThread);
      // A process that nobody made is its own child in the kernel, and the child of 0 in /proc.
      const found = tasks.map((task) => `${task.pid} ${task.parent.pid} ${task.name}`);
      deepEqual(found.sort(), processes);
    } finally {
      session.close();
    }
    await rm(path);
    deepEqual(await readdir(this.snapshots), []);
  }
}

async function main(): Promise<void> {
  const started = Date.now();
  const say = (line: string): void =>
    console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s  ${line}`);
  const folder = guestFolder(acquireGuest.name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'snapshots'), { recursive: true });
  const kernel = await fetchKernel(acquireGuest);
  const images = await makeImages(acquireGuest.architecture, kernel, folder, acquireRecipe);
  const consolePath = join(folder, 'console');
  const devices = acquireDevices(consolePath, join(folder, 'acquire.qmp'));
  const machine = await Machine.start(acquireGuest, kernel, images, folder, devices);
  try {
    await machine.waitFor('GUEST-READY', BOOT_TIMEOUT_MS);
    const console1 = await openConsole(consolePath);
    try {
      say(`the guest is up, kernel ${kernel.release}`);
      await tryAll(new Trial(machine, console1, folder, kernel.release), machine, say);
    } finally {
      console1.close();
    }
  } finally {
    await machine.quit();
  }
  await rm(folder, { recursive: true, force: true });
}

async function tryAll(trial: Trial, machine: Machine, say: (line: string) => void): Promise<void> {
  const words = ({ format, live }: Partial<AcquireOptions>): string =>
    `${format ?? 'no format named'}, ${live === true ? 'live' : 'paused'}`;
  for (const way of ways) {
    const processes = await trial.processes();
    const notes: string[] = [];
    const taken = await trial.take({ ...way, note: (note) => notes.push(note) });
    equal(await trial.status(), 'running');
    await trial.command('true');
    equal(notes.length, way.live === true ? 1 : 0);
    // QEMU pauses for its own dumps, asked or not.
    equal(taken.paused, way.live !== true || way.format !== 'raw');
    await trial.judge(taken, processes);
    say(`${words(way)}: ${taken.bytes} bytes in ${taken.seconds.toFixed(1)} s; the guest runs on`);
  }

  const before = await trial.processes();
  await trial.command('begin later');
  const after = await trial.processes();
  deepEqual(
    after.filter((process) => !before.includes(process)).map((process) => process.replace(/^\d+ 1 /, '')),
    ['busybox-later'],
  );
  await trial.judge(await trial.take(), after);
  say('a process begun since is in the next snapshot');

  await machine.stopWhenReady(WORD_TIMEOUT_MS);
  for (const live of [false, true]) {
    const taken = await trial.take({ live, format: 'elf' });
    deepEqual([taken.paused, await trial.status()], [true, 'paused']);
    await trial.judge(taken, after);
  }
  await machine.resume();
  await trial.command('true');
  say('a guest that was paused before stays so');

  for (const format of ['elf', 'kdump', 'raw'] as const) {
    const ending = new AbortController();
    setTimeout(() => ending.abort(), format === 'raw' ? 60 : 120);
    await rejects(trial.take({ format, signal: ending.signal }), /interrupted, nothing was kept/);
    equal(await trial.status(), 'running');
    await trial.command('true');
    deepEqual(await readdir(trial.snapshots), []);
  }
  say('an interrupted one leaves no file and no paused guest');

  await trial.judge(await trial.take({ format: 'elf' }), after);
  say('and the guest can be taken again');
  await loopLikeCron(trial, say);
}

/** What cron would do every hour, by the command line: take a snapshot, scan the folder, and hear what is new. */
async function loopLikeCron(trial: Trial, say: (line: string) => void): Promise<void> {
  const cache = join(trial.snapshots, '..', 'cron.sqlite');
  const taking = ['acquire', '--qmp', trial.socket, '--output', trial.snapshots, '--name', 'cron'];
  const scanning = ['--cache', cache, '--plugins', 'pslist,modules'];
  const inTwo = (expected: number): string => {
    vestige(0, ...taking);
    return vestige(expected, 'scan', trial.snapshots, '--settle', '0s', ...scanning);
  };
  const inOne = (expected: number): string => vestige(expected, ...taking, '--scan', '--', ...scanning);
  match(inTwo(0), /: the first snapshot of this machine\n$/);
  await trial.command('begin intruder');
  const told = inTwo(1);
  match(told, /: 1 process new\n$/);
  match(inOne(0), /^.*\.kdump\n.*: nothing new\n$/);
  await trial.command('begin another');
  match(inOne(1), /: 1 process new\n$/);
  equal(vestige(0, 'scan', trial.snapshots, '--settle', '0s', ...scanning), '');
  const [first, second] = (await readdir(trial.snapshots)).sort().map((name) => join(trial.snapshots, name));
  match(
    vestige(1, 'diff', first!, second!, '--cache', cache, '--no-rows'),
    /process +\d+ \/run\/busybox-intruder sleep 100002/,
  );
  const query = "select count(distinct pid), count(*) from pslist where name = 'busybox-intrude'";
  match(vestige(0, 'sql', query, '--cache', cache, '--format', 'csv', '--no-header'), /^1,3\r?\n$/);
  say(`rounds of acquire and scan, in two commands and in one: ${told.trim()}`);
}

/** What the program prints for a command line, which must end with this code. */
function vestige(expected: number, ...words: string[]): string {
  const program = fileURLToPath(new URL('../../bin/vestige.js', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
  equal(status, expected, `vestige ${words.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

main().catch((cause: unknown) => {
  console.error(cause instanceof Error ? cause.stack : String(cause));
  process.exitCode = 1;
});
