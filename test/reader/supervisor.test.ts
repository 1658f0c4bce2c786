// A supervisor with processes that say and do what a test wants, and what it keeps of what they say.
import { type ChildProcess, spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Reading } from '../../src/inquiry/reading.ts';
import { Progress } from '../../src/reader/progress.ts';
import type { Report, ScanState } from '../../src/reader/protocol.ts';
import { openTold, tellingOnce } from '../../src/reader/scan-reports.ts';
import { supervise } from '../../src/reader/supervisor.ts';
import type { ScanEvent } from '../../src/watch/event.ts';

const LIMITS = { cpuMs: 1_000, memoryBytes: 256 * 2 ** 20 };
const doing = (path: string): Report => ({ say: 'doing', path, what: 'it was opened', limits: LIMITS });
const telling = (path: string, more: Partial<Report> = {}): Report =>
  ({ say: 'telling', key: `k ${path}`, path, isNews: false, isTrouble: false, ...more }) as Report;

/** A process that says so, shows its state by a file of its own descriptor, and ends as it is told to. */
function saying(reports: readonly Report[], end: string): ChildProcess {
  const text = reports.map((report) => `${JSON.stringify(report)}\n`).join('');
  const program = `
    const fs = require('node:fs');
    const state = Buffer.alloc(65536);
    const length = fs.readSync(3, state);
    fs.writeSync(1, state.subarray(0, length));
    fs.writeSync(3, ${JSON.stringify(text)});
    ${end}`;
  return spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
}

/** Supervises processes that are given by what they do, one after the other. @returns the code, and what each was told */
async function supervised(
  ...steps: readonly (readonly [reports: readonly Report[], end: string])[]
): Promise<{ code: number | string; states: ScanState[] }> {
  const told: string[] = [];
  let next = 0;
  const start = (): ChildProcess => {
    const index = next++;
    const child = saying(...steps[index]!);
    told[index] = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (told[index] += text));
    return child;
  };
  const code = await supervise(start, new Progress('whole')).catch((error: Error) => error.message);
  return { code, states: told.map((text) => JSON.parse(text) as ScanState) };
}

describe('a supervisor', () => {
  it('gives back how the process ended, and tells it nothing of one before', async () => {
    const { code, states } = await supervised([[{ say: 'up' }], 'process.exit(1)']);
    const nothing = { told: [], done: [], died: null, hasNews: false, hasTrouble: false };
    expect({ code, states }).toEqual({ code: 1, states: [{ ...nothing, whole: 'whole' }] });
  });

  it('has the next process go on where one died of a snapshot', async () => {
    const { code, states } = await supervised(
      [
        [{ say: 'up' }, doing('a'), { say: 'closed' }, telling('a', { isNews: true }), doing('b')],
        'process.exit(0)',
      ],
      [[{ say: 'up' }, telling('b', { isTrouble: true }), doing('c')], 'for (;;);'],
      [[{ say: 'up' }, telling('c')], 'process.exit(2)'],
    );
    expect(code).toBe(2);
    expect(states[1]).toEqual({
      ...{ told: ['k a'], done: ['a'], hasNews: true, hasTrouble: false, whole: 'whole' },
      died: { path: 'b', why: 'the process that read it ended with code 0 while it was opened' },
    });
    expect(states[2]).toEqual({
      ...{ told: ['k a', 'k b'], done: ['a', 'b'], hasNews: true, hasTrouble: true, whole: 'whole' },
      died: {
        path: 'c',
        why: 'given up while it was opened: it took more than 1 s of CPU time (--cpu-limit)',
      },
    });
  });

  it('lets the files be tried again when one look at them is over', async () => {
    const { states } = await supervised(
      [[telling('a'), telling('b'), { say: 'rest', said: ['k b'] }, doing('c')], 'process.exit(7)'],
      [[telling('c')], ''],
    );
    expect(states[1]).toMatchObject({ told: ['k b'], done: [], died: { path: 'c' } });
  });

  it('ends where a process dies before it has recorded what the one before died of', async () => {
    const died = [[{ say: 'up' }, doing('a')], 'process.exit(0)'] as const;
    expect((await supervised(died, died)).code).toBe(
      'the process that scans ended with code 0 before it had recorded what the one before it died of',
    );
  });

  it.each<[string, readonly Report[], string]>([
    ['no snapshot is to blame', [{ say: 'up' }, doing('a'), { say: 'closed' }], '; no snapshot is to blame'],
    ['it had not begun', [], ' before it had begun'],
  ])('ends where a process is killed and %s', async (_, reports, why) => {
    const { code } = await supervised([reports, "process.kill(process.pid, 'SIGKILL')"]);
    expect(code).toBe(`the process that scans ended by SIGKILL${why}`);
  });

  it('ends where no process can be started', async () => {
    const start = () => spawn('/nowhere/node', [], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    await expect(supervise(start, new Progress())).rejects.toThrow(
      'the process that scans cannot be run: ENOENT',
    );
  });
});

describe('a scan that is supervised', () => {
  it('says what it tells before it does, and tells nothing that another process has told', () => {
    const order: string[] = [];
    const failed = (path: string): ScanEvent => ({ kind: 'failed', path, why: 'why', isFinal: false });
    const tell = tellingOnce(
      new Set([JSON.stringify(failed('a'))]),
      (report) => order.push(JSON.stringify(report)),
      (event) => order.push(event.kind),
    );
    tell(failed('a'));
    tell(failed('b'));
    tell({ kind: 'deleted', path: 'c' });
    expect(order.map((text) => (text.startsWith('{') ? (JSON.parse(text) as unknown) : text))).toEqual([
      expect.objectContaining({ say: 'telling', path: 'b', isTrouble: true, isNews: false }),
      'failed',
      expect.objectContaining({ say: 'telling', path: null, isTrouble: false }),
      'deleted',
    ]);
  });

  it('says what it does with a snapshot before it does it, from its opening to its end', async () => {
    const order: string[] = [];
    const reading = {
      facts: { snapshot: { memoryBytes: 2 ** 30 } },
      troubles: ['trouble'],
      answer: async () => {
        order.push('answers');
        return { rows: [], notes: [] };
      },
      close: () => void order.push('closes'),
    } as unknown as Reading;
    const open = openTold(
      async (path) => {
        order.push('opens');
        if (path === 'bad') throw new Error('bad');
        return reading;
      },
      (report) => order.push(report.say === 'doing' ? report.what : report.say),
      {},
    );
    const opened = await open('good');
    await opened.answer({ name: 'pslist' } as never, []);
    opened.answered?.();
    expect(opened.troubles).toEqual(['trouble']);
    opened.close();
    await expect(open('bad')).rejects.toThrow('bad');
    expect(order).toEqual([
      ...['it was opened', 'opens'],
      ...['it was asked for pslist', 'answers', 'its answers were compared and recorded'],
      ...['closes', 'closed'],
      ...['it was opened', 'opens', 'closed'],
    ]);
  });
});
