import { describe, expect, it } from 'vitest';
import { StoreError, UnreadableFile } from '../../src/base/errors.ts';
import { makeBaseline } from '../../src/policy/baseline.ts';
import type { PendingReport } from '../../src/store/pending-reports.ts';
import type { ScanParts } from '../../src/watch/scan-parts.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { atBench, type Bench, machine, openDrawn, other, plugin } from './drawn.ts';
import { drawnJudge, noProcess } from './drawn-judge.ts';

const EVIL = noProcess('evil', 'high');
const judge = drawnJudge([EVIL]);

/** A snapshot of `web` at a minute, with these processes. Those of later minutes have newer files. */
const web = (bench: Bench, minute: number, names: readonly string[], notes: readonly string[] = []): string =>
  bench.draw(`w${minute}`, { names, notes, kernel: machine('web', minute) }, 3600 - minute);

/** A moment after everything that is drawn here. */
const NOW = '9999';

/** What the last scan tells of the snapshot that is new. */
const last = async (bench: Bench, ...rest: Parameters<Bench['scan']>): Promise<string | undefined> =>
  (await bench.scan(...rest)).at(-1);

describe('a scan with a policy', () => {
  it('tells each finding when it is new, and counts those that are gone', () =>
    atBench(async (bench) => {
      web(bench, 1, ['init', 'evil']);
      web(bench, 2, ['init', 'evil', 'evil', 'evil-too']);
      web(bench, 3, ['init', 'evil', 'evil', 'evil-too']);
      web(bench, 4, ['init', 'evil', 'good', 'good']);
      web(bench, 5, ['init', 'evil', 'evil', 'good']);
      expect(await bench.scan({}, { judge })).toEqual([
        'web w1: first; high: evil runs!',
        'web w2: 2 processes new; high: evil runs; high: evil-too runs!',
        'web w3: nothing new',
        'web w4: 2 processes changed; 2 findings gone!',
        'web w5: 1 process changed; high: evil runs!',
      ]);
    }));

  it('keeps with the snapshot what was said, and which of it is new', () =>
    atBench(async (bench) => {
      web(bench, 1, ['evil']);
      web(bench, 2, ['evil', 'evil-too']);
      await bench.scan({}, { judge });
      const said = bench.inStore(({ findings }) => findings.before('id-web', NOW, 'drawn'));
      expect(said).toEqual({
        digest: 'd',
        counted: [
          { rule: 'no-evil', fingerprint: expect.any(String) },
          { rule: 'no-evil', fingerprint: expect.any(String) },
        ],
        unevaluated: [],
      });
    }));

  it('keeps machines apart, and weighs a late snapshot against the one that was taken before it', () =>
    atBench(async (bench) => {
      web(bench, 1, ['evil']);
      bench.draw('d1', { names: ['evil'], kernel: machine('db', 1) }, 9000);
      web(bench, 5, ['evil', 'evil-too']);
      expect(await bench.scan({}, { judge })).toEqual([
        'db d1: first; high: evil runs!',
        'web w1: first; high: evil runs!',
        'web w5: 1 process new; high: evil-too runs!',
      ]);
      web(bench, 3, ['evil', 'evil-too']);
      expect(await last(bench, {}, { judge })).toBe('web w3: 1 process new; high: evil-too runs!');
    }));

  it('looks past snapshots that were not judged by it', () =>
    atBench(async (bench) => {
      web(bench, 1, ['evil']);
      await bench.scan({}, { judge });
      web(bench, 2, ['evil']);
      await bench.scan();
      web(bench, 3, ['evil']);
      expect(await last(bench, {}, { judge })).toBe('web w3: nothing new');
      web(bench, 4, ['evil']);
      const renamed = drawnJudge([EVIL], { name: 'other' });
      expect(await last(bench, {}, { judge: renamed })).toBe('web w4: nothing new; high: evil runs!');
    }));

  it('says that the policy is another, where findings may be new because of that', () =>
    atBench(async (bench) => {
      web(bench, 1, ['init', 'evil']);
      await bench.scan({}, { judge });
      web(bench, 2, ['init', 'evil']);
      const changed = drawnJudge([EVIL, noProcess('init', 'low')], { digest: 'e' });
      expect(await last(bench, {}, { judge: changed })).toBe(
        'web w2: nothing new; the policy is not what it was; low: init runs!',
      );
    }));

  it('makes it news once that a rule can no more be evaluated', () =>
    atBench(async (bench) => {
      web(bench, 1, ['init']);
      web(bench, 2, ['init'], ['the list breaks']);
      web(bench, 3, ['init'], ['the list breaks']);
      web(bench, 4, ['init']);
      web(bench, 5, ['init'], ['the list breaks']);
      expect(await bench.scan({}, { judge })).toEqual([
        'web w1: first',
        'web w2: nothing new; no-evil in the dark!',
        'web w3: nothing new; no-evil in the dark',
        'web w4: nothing new',
        'web w5: nothing new; no-evil in the dark!',
      ]);
    }));

  it('takes nothing for gone that it could not see, that is let pass or that was a difference', () =>
    atBench(async (bench) => {
      const appeared = [
        'appeared',
        'low',
        ...['plugin: pslist', 'change: added', 'message: "{row.name} came"'],
      ] as const;
      const watching = drawnJudge([EVIL, appeared]);
      web(bench, 1, ['init', 'evil']);
      web(bench, 2, ['init', 'evil', 'x']);
      web(bench, 3, ['init', 'evil', 'x']);
      web(bench, 4, ['init'], ['the list breaks']);
      expect(await bench.scan({}, { judge: watching })).toEqual([
        'web w1: first; high: evil runs!',
        'web w2: 1 process new; low: x came!',
        'web w3: nothing new',
        'web w4: 2 processes perhaps gone; no-evil in the dark; appeared in the dark!',
      ]);
    }));

  it('asks what the policy needs beside what it was told to, and counts differences of the latter', () =>
    atBench(async (bench) => {
      const things = drawnJudge([
        ['thing', 'low', 'plugin: things', 'where: row.name == "evil"', 'message: "{row.name} is there"'],
      ]);
      web(bench, 1, ['init']);
      await bench.scan({}, { judge: things });
      web(bench, 2, ['init', 'evil']);
      expect(await last(bench, {}, { judge: things })).toBe('web w2: 1 process new; low: evil is there!');
      expect(bench.inStore(({ history }) => history.answer(2, other)?.rows.length)).toBe(2);
    }));

  it('hears of grave findings only, where it is told from which severity on', () =>
    atBench(async (bench) => {
      const both = drawnJudge([EVIL, noProcess('odd', 'low')]);
      web(bench, 1, ['odd']);
      web(bench, 2, ['odd', 'init']);
      web(bench, 3, ['odd', 'init', 'evil']);
      web(bench, 4, ['odd', 'init', 'evil'], ['the list breaks']);
      expect(await bench.scan({ failOn: 'high' }, { judge: both })).toEqual([
        'web w1: first; low: odd runs',
        'web w2: 1 process new',
        'web w3: 1 process new; high: evil runs!',
        'web w4: nothing new',
      ]);
      web(bench, 5, ['odd', 'init'], ['the list breaks']);
      expect(await last(bench, { failOn: 'high' }, { judge: both })).toBe(
        'web w5: 1 process perhaps gone; no-evil in the dark!',
      );
    }));

  it('lets pass what a baseline of the machine knows, and says where there is none of it', () =>
    atBench(async (bench) => {
      const { snapshot, kernel } = fakeFacts();
      const facts = { ...kernel, ...machine('web', 1) };
      const rows = [{ pid: 1, name: 'evil' }];
      const evidence = {
        snapshot,
        kernel: facts,
        answers: new Map([['pslist', { rows, notes: [] }]]),
        previous: '',
      };
      const known = makeBaseline('1', facts, judge.verdictOn(evidence, '2026-01-02'));
      const knowing = drawnJudge([EVIL], { baselines: [known] });
      web(bench, 1, ['evil', 'evil-too']);
      bench.draw('d2', { names: ['evil'], kernel: machine('db', 2) }, 10);
      expect(await bench.scan({}, { judge: knowing })).toEqual([
        'web w1: first; high: evil-too runs!',
        'db d2: first; no baseline is of this machine; high: evil runs!',
      ]);
      expect(bench.inStore(({ findings }) => findings.before('id-web', NOW, 'drawn')?.counted.length)).toBe(
        1,
      );
    }));

  it('judges anew what was read when the store took nothing', () =>
    atBench(async (bench) => {
      web(bench, 1, ['evil']);
      web(bench, 2, ['evil', 'evil-too']);
      let asked = 0;
      const open = openDrawn(() => {
        if (++asked === 2) throw new StoreError('the disk is full');
      });
      await expect(bench.scan({}, { open, judge })).rejects.toThrow('the disk is full');
      expect(await last(bench, {}, { judge })).toBe('web w2: 1 process new; high: evil-too runs!');
    }));
});

describe('reports', () => {
  /** Writes reports as `write` has it, and tells of which snapshots. */
  const writing = (write: (owed: PendingReport) => string): Pick<ScanParts, 'reporter'> => ({
    reporter: { folder: '/reports', nameOf: () => 'x', write: async (owed) => write(owed) },
  });
  const done = writing(({ path, isLatest }) => `0${path.at(-1)}${isLatest ? ' latest' : ''}`);

  it('are written after each snapshot, once', () =>
    atBench(async (bench) => {
      web(bench, 1, ['init']);
      web(bench, 3, ['init']);
      expect(await bench.scan({}, done)).toEqual([
        'web w1: first',
        'w1: reported 01 latest',
        'web w3: nothing new',
        'w3: reported 03 latest',
      ]);
      web(bench, 2, ['init']);
      expect(await bench.scan({}, done)).toEqual([
        'w1: seen: seen before',
        'w3: seen: seen before',
        'web w2: nothing new',
        'w2: reported 02',
      ]);
      expect(await bench.scan()).toHaveLength(3);
    }));

  it('that find no room wait for the next scan, which says so and loses nothing', () =>
    atBench(async (bench) => {
      web(bench, 1, ['init']);
      web(bench, 2, ['init']);
      const full = writing(() => {
        throw new UnreadableFile('cannot write /reports/x: ENOSPC');
      });
      const told = await bench.scan({ tries: 1 }, full);
      expect(told).toEqual([
        'web w1: first',
        'w1: unreported: cannot write /reports/x: ENOSPC',
        'web w2: nothing new',
      ]);
      expect(bench.result).toEqual({ hasNews: false, hasTrouble: true });
      await bench.scan({ tries: 1 }, full);
      expect((await bench.scan({}, done)).slice(0, 2)).toEqual(['w1: reported 01', 'w2: reported 02 latest']);
      expect((await bench.scan({}, done)).filter((line) => line.includes('report'))).toEqual([]);
    }));

  it('that cannot be made keep no other from being written, and are given up', () =>
    atBench(async (bench) => {
      web(bench, 1, ['init']);
      web(bench, 2, ['init']);
      const odd = writing(({ path }) => {
        if (path.endsWith('w1')) throw new TypeError('undefined is not a function');
        return 'there';
      });
      const bug = expect.stringMatching(/^w1: unreported: a bug in vestige, please report it: undefined/);
      const told = [await bench.scan({ tries: 2 }, odd), await bench.scan({ tries: 2 }, odd)];
      expect(told.map((lines) => lines.filter((line) => line.includes('report')))).toEqual([
        [bug, 'w2: reported there'],
        [bug],
      ]);
      expect(bench.events.filter((event) => event.kind === 'unreported')).toMatchObject([{ isFinal: true }]);
      expect((await bench.scan({ tries: 2 }, odd)).length).toBe(2);
    }));

  it('go to each folder that a scan names, and keep what they are about from being forgotten', () =>
    atBench(async (bench) => {
      web(bench, 1, ['init']);
      web(bench, 2, ['init']);
      const full = writing(() => {
        throw new UnreadableFile('cannot write');
      });
      await bench.scan({ keep: 1 }, full);
      expect(bench.inStore(({ history }) => history.snapshots().length)).toBe(2);
      const elsewhere = {
        reporter: { folder: '/elsewhere', nameOf: () => 'x', write: async () => 'elsewhere' },
      };
      expect((await bench.scan({}, elsewhere)).filter((line) => line.includes('report'))).toEqual([]);
      expect((await bench.scan({ keep: 1 }, done)).slice(0, 2)).toEqual([
        'w1: reported 01',
        'w2: reported 02 latest',
      ]);
      expect(bench.inStore(({ history }) => history.snapshots().length)).toBe(1);
    }));

  it('of a folder that no scan names any more keep nothing', () =>
    atBench(async (bench) => {
      web(bench, 1, ['init']);
      web(bench, 2, ['init']);
      const full = writing(() => {
        throw new UnreadableFile('cannot write');
      });
      await bench.scan({}, full);
      await bench.scan({ keep: 1 });
      expect((await bench.scan({}, done)).filter((line) => line.includes('report'))).toEqual([
        'w2: reported 02 latest',
      ]);
    }));
});

describe('questions that the policy shares with the scan', () => {
  it('are asked once', () =>
    atBench(async (bench) => {
      web(bench, 1, ['init']);
      let asked = 0;
      await bench.scan({ plugins: [plugin, other] }, { judge, open: openDrawn(() => void asked++) });
      expect(asked).toBe(2);
    }));
});
