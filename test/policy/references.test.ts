import { describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import type { Row } from '../../src/plugin/cell.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import { flawInReferences } from '../../src/plugin/references.ts';
import { needsOf } from '../../src/policy/policy.ts';
import { ABSENT, type Answers, complaints, load, policyOf, process, ruleOn, verdictOn } from './drawn.ts';

const ID = 'd'.repeat(64);
const container = (id: string | typeof ABSENT, runtime: string): Row => ({ id, runtime, pid: 7 });
const inContainer = 'plugin: pslist\nwhere: ref.container.runtime == "docker"\nmessage: "{row.pid}"';
const found = (answers: Answers): { outcome: string; said: string[]; unread: readonly string[] } => {
  const { outcome, findings, unread } = ruleOn(inContainer, answers);
  return { outcome, said: findings.map(({ message }) => message), unread };
};

describe('ref', () => {
  it('is the row of another question that a column names', () => {
    const answers = {
      pslist: [process(7, 'a', { container: ID }), process(8, 'b', { container: 'other' }), process(9, 'c')],
      containers: [container(ID, 'docker'), container('other', 'podman')],
    };
    expect(found(answers)).toEqual({ outcome: 'failed', said: ['7'], unread: [] });
  });

  it('is a row of the same question, too, and can be told in a message', () => {
    const rule = 'plugin: pslist\nwhere: ref.ppid.name == "sshd"\nmessage: "{ref.ppid.name} → {row.name}"';
    const pslist = [process(1, 'init', { ppid: 0 }), process(2, 'sshd'), process(3, 'bash', { ppid: 2 })];
    expect(ruleOn(rule, { pslist }).findings.map(({ message }) => message)).toEqual(['sshd → bash']);
  });

  it('matches nothing where there is no such row, and has() says so', () => {
    const rule = (where: string) => `plugin: pslist\nwhere: '${where}'\nmessage: "{row.pid}"`;
    const pslist = [process(1, 'init', { ppid: 0 }), process(2, 'sh', { ppid: null }), process(3, 'sh')];
    const pids = (where: string) => {
      const { findings, unread } = ruleOn(rule(where), { pslist });
      return [findings.map(({ message }) => message), unread];
    };
    expect(pids('ref.ppid.name == "init"')).toEqual([['3'], []]);
    expect(pids('!(ref.ppid.name == "init")')).toEqual([[], []]);
    expect(pids('!has(ref.ppid.name)')).toEqual([['1', '2'], []]);
    expect(pids('!has(ref.ppid)')).toEqual([['1', '2'], []]);
  });

  it('is unknown where the other answer is short, and never says that there is no row', () => {
    const pslist = [process(7, 'a', { container: ID }), process(8, 'b', { container: 'other' })];
    const short = { rows: [container('other', 'docker')], notes: ['the list breaks after 1 entry'] };
    expect(found({ pslist, containers: short })).toEqual({
      outcome: 'failed',
      said: ['8'],
      unread: [
        'containers: the list breaks after 1 entry',
        '1 row of pslist could not be judged: container names no row of containers, which is not complete',
      ],
    });
    const missing = { pslist, containers: short };
    const { findings, unread } = ruleOn('plugin: pslist\nwhere: "!has(ref.container)"', missing);
    expect([findings, unread.length]).toEqual([[], 2]);
  });

  it('is unknown where a row that may be meant could not be read', () => {
    const pslist = [process(7, 'a', { container: ID })];
    const { outcome, unread } = found({ pslist, containers: [container(ABSENT, 'docker')] });
    expect({ outcome, unread }).toEqual({
      outcome: 'unevaluated',
      unread: [
        '1 row of pslist could not be judged: container names no row of containers, which is not complete',
      ],
    });
  });

  it('is unknown where the cell could not be read, where several rows have it, and where nobody asked', () => {
    const cell = (container: Row[string]) => [process(7, 'a', { container })];
    const twice = [container(ID, 'docker'), container(ID, 'podman')];
    expect(found({ pslist: cell(ABSENT), containers: [] }).unread).toEqual([
      '1 row of pslist could not be judged: container could not be read (not-present)',
    ]);
    expect(found({ pslist: cell(ID), containers: twice }).unread).toEqual([
      '1 row of pslist could not be judged: container names several rows of containers',
    ]);
    expect(found({ pslist: cell(ID) }).unread).toEqual([
      'containers gave no answer',
      '1 row of pslist could not be judged: containers gave no answer',
    ]);
  });

  it('looks up what is gone in the snapshot before', () => {
    const rule =
      'plugin: pslist\nchange: removed\nwhere: ref.container.runtime == "docker"\nmessage: "{row.pid}"';
    const before = {
      pslist: [process(1, 'init'), process(7, 'a', { container: ID })],
      containers: [container(ID, 'docker')],
    };
    const now = { pslist: [process(1, 'init')], containers: [] };
    expect(ruleOn(rule, now, before).findings.map(({ message }) => message)).toEqual(['7']);
  });

  it('makes the other question needed, in conditions, messages and suppressions', () => {
    const asked = (text: string): string[] => [...needsOf(load(text)).answers].sort();
    expect(asked(policyOf(inContainer))).toEqual(['containers', 'pslist']);
    expect(asked(policyOf('plugin: pslist\nmessage: "{ref.container.runtime}"'))).toEqual([
      'containers',
      'pslist',
    ]);
    const suppressed = `${policyOf('plugin: pslist')}\nsuppress:\n  - rule: rule-1\n    where: ref.container.runtime == "docker"\n    reason: ours`;
    expect(asked(suppressed)).toEqual(['containers', 'pslist']);
    const answers = { pslist: [process(7, 'a', { container: ID })], containers: [container(ID, 'docker')] };
    expect(verdictOn(suppressed, answers).rules[0]!.findings[0]!.suppression).toMatchObject({
      reason: 'ours',
    });
  });

  it('is refused where no column has that name, or names a row, or the row has no such column', () => {
    const said = (rule: string): string => complaints(policyOf(rule)).join('\n');
    expect(said('plugin: pslist\nwhere: ref.containr.id == "x"')).toContain(
      'there is no reference containr in pslist (did you mean container?)',
    );
    expect(said('plugin: pslist\nwhere: ref.container.runtme == "x"')).toContain(
      'there is no column runtme in containers (did you mean runtime?)',
    );
    expect(said('plugin: modules\nwhere: ref.base.name == "x"')).toContain(
      'there is no variable ref; no column of modules names a row of another question',
    );
    expect(said('plugin: pslist\nwhere: ref[row.name].name == "x"')).toContain(
      'ref must be followed by a name: ref.NAME',
    );
    expect(said('plugin: pslist\nmessage: "{ref.ppid}"')).toContain('must be something that can be shown');
  });
});

describe('a declared reference', () => {
  it('must lead to a column of its own kind', () => {
    const list = plugins.find(({ name }) => name === 'pslist')!;
    const odd = { ...list, name: 'odd', references: { name: 'pslist.pid' } } as AnyPlugin;
    expect(flawInReferences(odd, [...plugins, odd])).toBe(
      'name is of kind text, and references pslist.pid, which is of kind int',
    );
  });
});
