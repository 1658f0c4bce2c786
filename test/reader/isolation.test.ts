// Snapshots that ruin the process that reads them: a plugin does what a hostile snapshot might bring the program to.
// The one behind is read all the same, and what became of the first is on record.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const VESTIGE = join(process.cwd(), 'dist/bin/vestige.js');
/** What a busy machine may take for a scan. */
const TEST_MS = 120_000;

const MACHINE = join(process.cwd(), 'dist/src/kernel/linux/machine/machine.js');

/** A plugin that does `harm` to whoever reads the earlier one of the two samples. */
const pluginOf = (harm: string): string => `
import { appendFileSync, writeFileSync } from 'node:fs';
import { machineOf } from '${MACHINE}';
export default {
  name: 'harm', summary: 'Does harm', example: '', version: 1,
  columns: { hostname: { text: (name) => name } }, identity: ['hostname'],
  async *subjects(kernel) {
    const machine = machineOf(kernel);
    if (machine.clock.now < new Date('2026-11-23T11:39:00Z')) {
      writeFileSync(process.env.HARM_PID_FILE, String(process.pid));
      ${harm}
    }
    yield machine.hostname;
  },
};`;

let folder: string;
let pidFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vestige-reader-'));
  pidFile = join(folder, 'pid.txt');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Starts a scan of both samples that asks the harmful plugin. */
const scanning = (harm: string, ...words: string[]): ChildProcess =>
  starting('scan', harm, [...words, ...samplesIn(folder)]);

/** Starts watching a folder of both. */
function watching(harm: string): ChildProcess {
  const snapshots = join(folder, 'snapshots');
  mkdirSync(snapshots);
  samplesIn(snapshots);
  return starting('watch', harm, ['--every', '1s', snapshots]);
}

function samplesIn(place: string): string[] {
  const files = ['before', 'after'].map((name) => join(place, `${name}.kdump`));
  for (const file of files) if (!existsSync(file)) copyFileSync(`samples/web-1/${basename(file)}`, file);
  return files;
}

function starting(command: string, harm: string, words: readonly string[]): ChildProcess {
  const plugin = join(folder, 'harm.mjs');
  writeFileSync(plugin, pluginOf(harm));
  const flags = ['--plugin', plugin, command, '--cache', join(folder, 'cache.sqlite'), '--settle', '0'];
  const env = { ...process.env, HARM_PID_FILE: pidFile };
  return spawn(process.execPath, [VESTIGE, ...flags, '--plugins', 'harm', ...words], { env });
}

/** The processes that one has started (proc(5), `/proc/PID/task/TID/children`). */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

/** How a scan ended, and what it said. */
async function endOf(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  let out = '';
  let err = '';
  child.stdout!.on('data', (text) => (out += text));
  child.stderr!.on('data', (text) => (err += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, out, err };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(20);
}

/** Whether a process runs. One that has ended and that nobody has asked about yet does not (proc(5), state Z). */
const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

const readerPid = (): number => Number(readFileSync(pidFile, 'utf8'));

describe('a snapshot that ruins who reads it', () => {
  it.each([
    ['a loop without end', 'for (;;);', ['--cpu-limit', '2s'], /it took more than 2 s of CPU time/],
    [
      'memory without end',
      'for (const all = []; ; ) all.push(Buffer.alloc(1 << 20, 1));',
      ['--memory-limit', '256M'],
      /it took more than 256 MiB of memory/,
    ],
    [
      'objects without end',
      'for (const all = []; ; ) all.push({ all });',
      ['--memory-limit', '256M'],
      /it took more than 256 MiB of memory/,
    ],
    ['an end in good order', 'process.exit(0);', [], /ended with code 0/],
    ['an end by a signal', "process.kill(process.pid, 'SIGSEGV'); for (;;);", [], /ended by SIGSEGV/],
    [
      'a promise that nobody keeps',
      "Promise.reject(new Error('lost')); await new Promise(() => {});",
      [],
      /ended with code 1/,
    ],
  ])(
    'by %s is recorded as failed, and the next one is read',
    async (_, harm, words, why) => {
      const { code, out, err } = await endOf(scanning(harm, ...words));
      expect(err).toMatch(why);
      expect(err).toContain('before.kdump');
      expect(out).toMatch(/after\.kdump: the first snapshot of this machine/);
      expect(code).toBe(2);
    },
    TEST_MS,
  );

  it(
    'has its tries counted, and is given up',
    async () => {
      const words = ['--tries', '2'];
      expect((await endOf(scanning('process.exit(9);', ...words))).err).not.toContain('not tried again');
      expect((await endOf(scanning('process.exit(9);', ...words))).err).toContain('not tried again');
      rmSync(pidFile);
      const { code, err } = await endOf(scanning('process.exit(9);', ...words));
      expect({ code, err, isOpened: existsSync(pidFile) }).toEqual({ code: 0, err: '', isOpened: false });
    },
    TEST_MS,
  );

  it(
    'is recorded as failed where somebody kills who reads it',
    async () => {
      const child = scanning('for (;;);');
      const ended = endOf(child);
      await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '');
      process.kill(readerPid(), 'SIGKILL');
      const { code, out, err } = await ended;
      expect(err).toMatch(
        /before\.kdump: the process that read it ended by SIGKILL while it was asked for harm/,
      );
      expect(out).toContain('after.kdump');
      expect(code).toBe(2);
    },
    TEST_MS,
  );
});

describe('a scan of which a process died', () => {
  /** How often the plugin was asked each of the samples. */
  const COUNTING = "appendFileSync(process.env.HARM_PID_FILE + '.log', 'asked\\n'); process.exit(9);";

  it(
    'tries and tells nothing twice, and its JSON stays whole',
    async () => {
      const cut = join(folder, 'cut.kdump');
      writeFileSync(cut, readFileSync('samples/web-1/after.kdump').subarray(0, 5_000_000));
      const { code, out } = await endOf(scanning(COUNTING, '--json', '--verbose', cut));
      const lines = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const said = lines.map(({ event, path, snapshot }) => `${event} ${basename(String(path ?? snapshot))}`);
      expect(said.sort()).toEqual(['failed before.kdump', 'recorded after.kdump', 'unsettled cut.kdump']);
      expect(JSON.stringify(lines)).toContain('looked at 1 of 5 times');
      expect(readFileSync(`${pidFile}.log`, 'utf8')).toBe('asked\n');
      expect(code).toBe(2);
    },
    TEST_MS,
  );

  it(
    'tells of it on every channel, and gives programs nothing of its own',
    async () => {
      const told = join(folder, 'told.txt');
      const program = join(folder, 'program.sh');
      writeFileSync(program, `#!/bin/sh\n{ cat; echo; env; } >> ${told}\n`, { mode: 0o755 });
      await endOf(scanning('process.exit(9);', '--command', program));
      const text = readFileSync(told, 'utf8');
      const [message] = text.split('\n');
      expect(JSON.parse(message!)).toMatchObject({
        event: 'failed',
        snapshot: join(folder, 'before.kdump'),
        why: 'the process that read it ended with code 9 while it was asked for harm',
      });
      expect(text).not.toContain('VESTIGE_');
    },
    TEST_MS,
  );

  it(
    'goes on watching',
    async () => {
      const child = watching('process.exit(9);');
      let said = '';
      child.stdout!.on('data', (text) => (said += text));
      child.stderr!.on('data', (text) => (said += text));
      const ended = endOf(child);
      await until(() => said.includes('after.kdump: the first snapshot'));
      copyFileSync('samples/web-1/after.kdump', join(folder, 'snapshots', 'again.kdump'));
      await until(() => said.includes('again.kdump'));
      child.kill('SIGTERM');
      expect((await ended).code).toBe(0);
      const lines = said.trim().split('\n');
      expect(lines.filter((line) => line.includes('before.kdump'))).toHaveLength(1);
      expect(lines).toHaveLength(3);
    },
    TEST_MS,
  );

  it(
    'ends where no snapshot is to blame',
    async () => {
      const child = scanning('', '--settle', '600s');
      const ended = endOf(child);
      await until(() => childrenOf(child.pid!).length > 0);
      for (const pid of childrenOf(child.pid!)) process.kill(pid, 'SIGKILL');
      expect(await ended).toEqual({
        code: 2,
        out: '',
        err: expect.stringMatching(/^vestige: the process that scans ended by SIGKILL/),
      });
    },
    TEST_MS,
  );

  it(
    'ends as it is told to',
    async () => {
      const child = scanning('for (;;);');
      const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
      await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '');
      child.kill('SIGTERM');
      expect(await ended).toEqual({ code: null, signal: 'SIGTERM' });
      expect(isAlive(readerPid())).toBe(false);
    },
    TEST_MS,
  );
});

describe('a reader whose supervisor is gone', () => {
  it.each([
    ['waits', 'await new Promise((resolve) => setTimeout(resolve, 600_000));'],
    ['is in a loop without end', 'for (;;);'],
  ])(
    'ends itself though it %s',
    async (_, harm) => {
      const child = scanning(harm);
      const ended = endOf(child);
      await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '');
      const pid = readerPid();
      expect(isAlive(pid)).toBe(true);
      child.kill('SIGKILL');
      await ended;
      await until(() => !isAlive(pid));
    },
    TEST_MS,
  );
});
