// What reading forged memory costs: each question in a process of its own, in CPU time and peak memory, which other load on
// the machine hardly changes. A forgery may cost ten times what the same question costs of the sample as it is.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Forge } from './forge.ts';
import { forgeries } from './forgeries.ts';

const SAMPLE = 'samples/web-1/after.kdump';
const VESTIGE = join(process.cwd(), 'dist/bin/vestige.js');
const USAGE = join(process.cwd(), 'test/hostile/usage.cjs');
const MOST_TIMES = 10;
const MOST_MIB = 300;

const folder = mkdtempSync(join(tmpdir(), 'vestige-cost-'));
const clean = join(folder, 'clean.raw');
const forged = join(folder, 'forged.raw');
const usage = join(folder, 'usage');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Of all its processes together. */
  readonly cpuMs: number;
  /** Of the largest of them. */
  readonly peakMiB: number;
}

/** Runs a command line that has remembered nothing yet. */
function run(...words: string[]): Run {
  const home = mkdtempSync(join(folder, 'home-'));
  writeFileSync(usage, '');
  const { status, stdout, stderr } = spawnSync(process.execPath, [VESTIGE, ...words], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: {
      ...process.env,
      ...{ XDG_CACHE_HOME: home, XDG_STATE_HOME: home, NO_COLOR: '1' },
      ...{ NODE_OPTIONS: `--require ${USAGE}`, VESTIGE_TEST_USAGE: usage },
    },
  });
  const lines = readFileSync(usage, 'utf8').trim().split('\n');
  const taken = lines.map((line) => JSON.parse(line) as Pick<Run, 'cpuMs' | 'peakMiB'>);
  rmSync(home, { recursive: true, force: true });
  return {
    ...{ status, stdout, stderr },
    cpuMs: taken.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    peakMiB: Math.max(...taken.map(({ peakMiB }) => peakMiB)),
  };
}

const usual = new Map<string, number>();

/** What the command costs of the sample as it is. */
function usualCpuMs(...words: string[]): number {
  const key = words.join(' ');
  let cpuMs = usual.get(key);
  if (cpuMs === undefined) usual.set(key, (cpuMs = run(...words, clean).cpuMs));
  return cpuMs;
}

function expectBounded(...words: string[]): Run {
  const ran = run(...words, forged);
  const what = words.join(' ');
  expect(ran.cpuMs / usualCpuMs(...words), `CPU time of ${what}`).toBeLessThan(MOST_TIMES);
  expect(ran.peakMiB, `peak memory of ${what}`).toBeLessThan(MOST_MIB);
  return ran;
}

/** Writes the sample's memory as a forgery leaves it. */
function write(path: string, forge: (memory: Forge) => void): void {
  const memory = Forge.of(SAMPLE);
  try {
    forge(memory);
    memory.write(path);
  } finally {
    memory.close();
  }
}

interface Document {
  readonly results: readonly {
    readonly rows: readonly Record<string, unknown>[];
    readonly notes: string[];
  }[];
}

beforeAll(() => write(clean, () => {}), 120_000);

describe.each(Object.entries(forgeries))('%s', (_name, { forge, questions }) => {
  beforeAll(() => write(forged, forge), 120_000);

  it.each(questions)('costs %s little, and is said or shown whole', { timeout: 300_000 }, (question) => {
    const { status, stdout } = expectBounded(question, '--json');
    expect(status).toBe(0);
    const [result] = (JSON.parse(stdout) as Document).results;
    expect(result!.rows.length + result!.notes.length).toBeGreaterThan(0);
  });
});

describe('what an intruder hung into the list of tasks', () => {
  beforeAll(() => write(forged, forgeries['a list of tasks that lie in each other']!.forge), 120_000);

  it('hides none of the processes that were there', { timeout: 300_000 }, () => {
    const pids = ({ stdout }: Run): unknown[] =>
      (JSON.parse(stdout) as Document).results[0]!.rows.map(({ pid }) => pid);
    const real = pids(run('pslist', clean, '--json'));
    expect(pids(run('pslist', forged, '--json')).slice(0, real.length)).toEqual(real);
  });

  it.each([['triage'], ['check'], ['run', '--all', '--json'], ['scan']])(
    'costs %s %s little',
    { timeout: 300_000 },
    (...words) => {
      expect(expectBounded(...words).status).toBeLessThan(2);
    },
  );
});
