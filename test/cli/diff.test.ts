import { describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { usualQuestions } from '../../src/plugin/usual-questions.ts';
import { scratchFolder } from '../support/writers-scratch.ts';
import { spawning } from './spawned.ts';

const [BEFORE, AFTER] = ['samples/web-1/before.kdump', 'samples/web-1/after.kdump'] as const;
const scratch = scratchFolder();

const vestige = spawning(scratch.path(''));

describe('vestige diff', () => {
  it('tells the story first, then every row, and ends with 1 where something differs', () => {
    const { status, stdout, stderr } = vestige('diff', BEFORE, AFTER);
    expect([status, stderr]).toEqual([1, '']);
    const [story, rows] = stdout.split('\npslist (');
    expect(story).toMatch(/^web-1 {2}the same machine, the same boot, 3 min 13 s later\n/);
    expect(story).toContain('dropbear -R -P /run/dropbear.pid: restarted, it was 134');
    expect(rows).toMatch(/^\+ +199 +1 +kworker\/0:3 /m);
    expect(rows).toMatch(/^- +128 +1 +auditd /m);
    expect(rows).toMatch(/^~ +147 +134 → 1 +dropbear /m);
  });

  it('says the same from the cache and without one', () => {
    const words = ['diff', BEFORE, AFTER, '--plugins', 'pslist,modules'];
    expect(vestige(...words, '--no-cache')).toEqual(vestige(...words));
  });

  it('ends with 0 where nothing differs, and asks whether that was meant', () => {
    const { status, stdout } = vestige('diff', AFTER, AFTER, '--no-rows');
    expect(status).toBe(0);
    expect(stdout).toContain('is this the same snapshot twice?');
    expect(stdout).toContain('Nothing that is worth a line has changed.');
  });

  it('lists what is folded when asked for all', () => {
    const { stdout } = vestige('diff', BEFORE, AFTER, '--plugins', 'pslist,files', '--all');
    expect(stdout).toMatch(/^\+ +199 +\d+ .*libc|^\+ +199 /m);
    expect(stdout).not.toContain('Not listed');
  });

  it('is one JSON document', () => {
    const { status, stdout } = vestige('diff', BEFORE, AFTER, '--json');
    const document = JSON.parse(stdout) as Record<string, unknown> & {
      relation: unknown;
      results: { plugin: string }[];
    };
    expect(status).toBe(1);
    expect(Object.keys(document)).toEqual([
      'vestige',
      'schema',
      'before',
      'after',
      'relation',
      'story',
      'results',
    ]);
    expect(document.relation).toMatchObject({ machine: 'same', boot: 'same', elapsedSeconds: 193.072 });
    expect(document.results.map(({ plugin }) => plugin)).toEqual(
      usualQuestions(plugins).map(({ name }) => name),
    );
  });

  it.each<[string, string[], RegExp]>([
    ['a file that is no snapshot', [AFTER, 'README.md'], /^vestige: README\.md is a text file/],
    ['a file that is not there', [AFTER, 'gone.raw'], /^vestige: cannot open gone\.raw: no such file/],
    [
      'a question that is none',
      [BEFORE, AFTER, '--plugins', 'pslst'],
      /there is no plugin pslst \(did you mean pslist\?\)/,
    ],
    ['one snapshot only', [BEFORE], /diff wants two snapshots, or a machine of which two are remembered/],
  ])('ends with 2 for %s', (_, words, message) => {
    const { status, stdout, stderr } = vestige('diff', ...words);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });
});

describe('vestige timeline', () => {
  it('shows when things were first and last seen, in the order of time', () => {
    const { status, stdout } = vestige('timeline', AFTER, BEFORE, '--plugins', 'pslist');
    expect(status).toBe(0);
    expect(stdout).toContain('the snapshots are shown in the order in which they were taken');
    expect(stdout).toMatch(/^ +1 +1 +1 +128 +1 +auditd /m);
    expect(stdout).toMatch(/^ +2 +2 +1 +199 +1 +kworker\/0:3 /m);
    expect(stdout).not.toMatch(/ +1 +0 +systemd|^ +1 +2 +2 /m);
  });

  it('is one JSON document, whole where asked for all', () => {
    const document = JSON.parse(
      vestige('timeline', BEFORE, AFTER, '--plugins', 'modules', '--json').stdout,
    ) as {
      results: { lifetimes: { first: number; last: number; row: { name: string } }[] }[];
    };
    const dummy = document.results[0]!.lifetimes.find(({ row }) => row.name === 'dummy');
    expect([dummy?.first, dummy?.last]).toEqual([1, 1]);
  });

  it('wants two snapshots', () => {
    expect(vestige('timeline', AFTER)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/two snapshots or more/) as string,
    });
  });
});
