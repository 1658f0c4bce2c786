// Snapshots that ruin the process that reads them: a plugin does what a hostile snapshot might bring the program to.
// The one behind is read all the same, and what became of the first is on record.
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const VESTIGE = join(process.cwd(), 'dist/bin/vestige.js');
/** What a busy machine may take for a scan. */
const TEST_MS = 120_000;

/** A plugin that does `harm` to whoever reads the earlier one of the two samples. */
const pluginOf = (harm: string): string => `
import { writeFileSync } from 'node:fs';
export default {
  name: 'harm', summary: 'Does harm', example: '', version: 1,
  columns: { hostname: { text: (name) => name } }, identity: ['hostname'],
  async *subjects({ machine }) {
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
function scanning(harm: string, ...words: string[]): ChildProcess {
  const plugin = join(folder, 'harm.mjs');
  writeFileSync(plugin, pluginOf(harm));
  for (const name of ['before', 'after'])
    if (!existsSync(join(folder, `${name}.kdump`)))
      copyFileSync(`samples/web-1/${name}.kdump`, join(folder, `${name}.kdump`));
  const files = ['before', 'after'].map((name) => join(folder, `${name}.kdump`));
  const flags = ['--plugin', plugin, 'scan', '--cache', join(folder, 'cache.sqlite'), '--settle', '0'];
  const env = { ...process.env, HARM_PID_FILE: pidFile };
  return spawn(process.execPath, [VESTIGE, ...flags, '--plugins', 'harm', ...words, ...files], { env });
}

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

describe('a reader whose scan is gone', () => {
  it.each([
    ['waits', 'await new Promise(() => {});'],
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
