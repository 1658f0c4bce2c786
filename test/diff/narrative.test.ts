import { describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { narrativeOf } from '../../src/diff/narrative.ts';
import type { Row } from '../../src/plugin/cell.ts';

const process = (more: Row): Row => ({
  ...{ pid: 10, name: 'x', uid: 1000, euid: 1000, kernel: false, args: 'x -d' },
  ...{ exe: '/usr/bin/x', ...more },
});

/** What is told of process 10, which was `before` and is `after`. */
function told(before: Row, after: Row) {
  const [was, is] = [process(before), process(after)];
  const diff = {
    ...{ plugin: 'pslist', added: [], removed: [], same: 0, unsure: [], notes: [] },
    changed: [{ before: was, after: is, columns: Object.keys(is).filter((name) => was[name] !== is[name]) }],
    folded: { churn: 0, counters: 0, ofProcesses: 0 },
  };
  return narrativeOf([diff], new Map([['pslist', { rows: [is], notes: [] }]]), plugins).events;
}

describe('the story of a process that is another now', () => {
  it.each<[what: string, before: Row, after: Row, change: string, why: string[]]>([
    [
      'executed another program',
      { args: 'sh', exe: '/bin/sh' },
      { args: 'sh', exe: '/bin/sleep' },
      '10 sh (user 1000): exe /bin/sh → /bin/sleep',
      ['it has become another program'],
    ],
    [
      'became a program that is in memory only',
      {},
      { exe: '/memfd:a (deleted)' },
      '10 x -d (user 1000): exe /usr/bin/x → /memfd:a (deleted)',
      ['it has become another program', 'runs from memory only (memfd)'],
    ],
    [
      'runs what was deleted or replaced since',
      {},
      { exe: '/usr/bin/x (deleted)' },
      '10 x -d (user 1000): exe /usr/bin/x → /usr/bin/x (deleted)',
      ['its executable is deleted'],
    ],
    [
      'runs the file that replaced its old one',
      { exe: '/usr/bin/x (deleted)' },
      {},
      '10 x -d (user 1000): exe /usr/bin/x (deleted) → /usr/bin/x',
      [],
    ],
    ['ended', {}, { exe: null, args: null }, '10 x (user 1000): args x -d → none, exe /usr/bin/x → none', []],
    [
      'was hidden',
      { hidden: false },
      { hidden: true },
      '10 x -d (user 1000): hidden false → true',
      ['hidden from the kernel’s own lists'],
    ],
    ['gained rights', {}, { euid: 0 }, '10 x -d (user 1000): euid 1000 → 0', ['it has gained root’s rights']],
  ])('tells that it %s', (_, before, after, what, why) => {
    expect(told(before, after)).toEqual([{ change: 'changed', kind: 'process', what, why }]);
  });
});
