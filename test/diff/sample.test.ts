import { beforeAll, describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { type Comparable, compare, differs } from '../../src/diff/comparison.ts';
import { lifetimesOf } from '../../src/diff/timeline.ts';
import type { Row } from '../../src/plugin/cell.ts';
import { runPlugin } from '../../src/plugin/run.ts';
import { diffJson, diffTable, diffText } from '../../src/report/diff.ts';
import { plainStyle } from '../../src/report/style.ts';
import { openSession, type Session } from '../../src/session/session.ts';

interface Asked {
  readonly facts: Session['facts'];
  readonly known: Comparable;
}

async function ask(path: string): Promise<Asked> {
  const session = openSession(path);
  const answers = new Map<string, { rows: Row[]; notes: string[] }>();
  for (const plugin of plugins) {
    const rows: Row[] = [];
    for await (const row of runPlugin(plugin, session.kernel, { options: {} })) rows.push(row);
    answers.set(plugin.name, { rows, notes: session.kernel.notes.drain() });
  }
  session.close();
  return { facts: session.facts, known: { kernel: session.facts.kernel, answers } };
}

let before: Asked;
let after: Asked;
beforeAll(async () => {
  before = await ask('samples/web-1/before.kdump');
  after = await ask('samples/web-1/after.kdump');
}, 60_000);

describe('the two samples', () => {
  it('tell the story of the break-in', () => {
    const comparison = compare(before.known, after.known, plugins);
    expect(comparison.relation).toMatchObject({ machine: 'same', boot: 'same', kernel: 'same', remarks: [] });
    const notable = comparison.story.events
      .filter(({ why }) => why.length > 0)
      .map(({ change, kind, what, why }) => `${change} ${kind} ${what}: ${why.join('; ')}`);
    expect(notable).toEqual([
      'appeared process 199 [kworker/0:3]: its executable is deleted; runs from /dev/shm/.cache; looks like a kernel thread',
      'appeared process 201 [kworker/u3:1]: runs from memory only (memfd); looks like a kernel thread; sees raw packets',
      'appeared process 183 bash -i (user 33): a shell on a socket',
      'appeared packet socket eth0 kworker/u3:1 (201): it sees raw packets',
      'appeared module dummy: unsigned',
      'changed process 209 dropbear -R -P /run/dropbear.pid: restarted, it was 134: [stack] is writable and executable; LD_PRELOAD is /usr/lib/x86_64-linux-gnu/libkeyutils.so.2',
    ]);
    const all = comparison.story.events.map(({ change, kind, what }) => `${change} ${kind} ${what}`);
    expect(all).toContain('vanished process 128 auditd');
    expect(all).toContain('appeared listener tcp 0.0.0.0:31337 kworker/0:3 (199)');
    expect(all).toContain('appeared connection tcp 203.0.113.10:58126 → 203.0.113.66:4444 bash (183)');
  });

  it('do not differ from themselves', () => {
    const comparison = compare(after.known, after.known, plugins);
    expect(differs(comparison)).toBe(false);
    expect(comparison.story).toEqual({ events: [], counts: [] });
    expect(diffText({ before: after.facts, after: after.facts }, comparison, plainStyle, 80)).toContain(
      'Nothing that is worth a line has changed.',
    );
  });

  it.each([80, 160])('are drawn within %d columns', (width) => {
    const comparison = compare(before.known, after.known, plugins, { all: true });
    const sides = { before: before.facts, after: after.facts };
    const tables = comparison.tables.flatMap((diff) =>
      diffTable(plugins.find(({ name }) => name === diff.plugin)!, diff, {
        style: plainStyle,
        width,
        header: true,
      }),
    );
    const lines = [...diffText(sides, comparison, plainStyle, width).split('\n'), ...tables];
    expect(lines.filter((line) => [...line].length > width)).toEqual([]);
  });

  it('are told as JSON with every row', () => {
    const comparison = compare(before.known, after.known, plugins);
    const json = JSON.parse(
      JSON.stringify(diffJson({ before: before.facts, after: after.facts }, comparison, plugins)),
    ) as {
      results: { plugin: string; added: Record<string, unknown>[]; changed: { columns: string[] }[] }[];
    };
    const pslist = json.results.find(({ plugin }) => plugin === 'pslist')!;
    expect(pslist.added.map(({ pid }) => pid)).toContain(199);
    expect(pslist.changed.map(({ columns }) => columns)).toEqual([['ppid']]);
  });

  it('show when each process was first and last seen', () => {
    const pslist = plugins.find(({ name }) => name === 'pslist')!;
    const { lifetimes } = lifetimesOf(pslist, [before.known, after.known]);
    const lifeOf = (pid: number) =>
      lifetimes.filter(({ row }) => row['pid'] === pid).map(({ first, last, count }) => [first, last, count]);
    expect(lifeOf(1)).toEqual([[0, 1, 2]]);
    expect(lifeOf(128)).toEqual([[0, 0, 1]]);
    expect(lifeOf(199)).toEqual([[1, 1, 1]]);
  });
});
