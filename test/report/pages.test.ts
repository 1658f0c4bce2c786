import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { durationText } from '../../src/base/duration.ts';
import type { Explanation } from '../../src/plugin/document.ts';
import type { Facts } from '../../src/report/answer.ts';
import { explanationText } from '../../src/report/explanation.ts';
import { bytesText, infoText } from '../../src/report/info.ts';
import { loadStyle, plainStyle, type Style, wantsColor } from '../../src/report/style.ts';
import { triageText } from '../../src/report/triage.ts';
import { widthOf } from '../../src/report/width.ts';
import type { TriageSummary } from '../../src/triage/summary.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { actingIn, Hostile } from './hostile.ts';

const SUMMARY: TriageSummary = {
  reach: { pslist: 'whole', sockets: 'whole', modules: 'whole', files: 'whole', env: 'whole', keys: 'whole' },
  processes: {
    total: 4,
    kernelThreads: 1,
    listed: [
      {
        pid: 256,
        name: 'kworker',
        args: '[kworker/0:9] 1000000',
        uid: 0,
        started: null,
        reasons: ['runs from memory only (memfd)', 'looks like a kernel thread'],
      },
      { pid: 12, name: 'x', args: '/tmp/x', uid: 1000, started: null, reasons: ['runs from /tmp'] },
      { pid: 1, name: 'init\x1b', args: '', uid: null, started: null, reasons: [] },
    ],
  },
  listening: [{ protocol: 'tcp', local: '0.0.0.0:22', remote: null, holders: 'sshd (120)' }],
  established: [{ protocol: 'tcp', local: '10.0.0.1:22', remote: '10.0.0.2:40000', holders: null }],
  lists: { processes: 'pslist', connections: 'sockets' },
  sections: [
    {
      ...{ question: 'modules', title: 'Modules', kind: 'module', most: 4 },
      ...{ total: 36, counted: null, passedOver: null },
      entries: [{ what: 'evil', reasons: ['out of tree', 'unsigned'], count: 1 }],
    },
    {
      ...{ question: 'keys', title: 'AES keys', kind: 'AES key', most: 6 },
      ...{ total: 2, counted: 'in use' },
      passedOver: '3 more are constants or states of random generators',
      entries: [{ what: '2 of 256 bits in openssl (231) [heap]', reasons: [], count: 2 }],
    },
  ],
  unread: ['pslist: 2 cells swapped'],
};

const EXPLANATION: Explanation = {
  asked: 'init_task',
  symbol: 'init_task',
  address: '0xffffffff81c1aa40',
  space: 'kernel',
  steps: [
    {
      level: 4,
      table: 'PML4',
      at: '0x8010ff8',
      index: 511,
      entry: '0x8015067',
      flags: ['present', 'writable', 'user', 'accessed', 'dirty'],
    },
    {
      level: 3,
      table: 'PDPT',
      at: '0x8015ff0',
      index: 10,
      entry: '0x80000000080001e3',
      flags: ['present', 'no-execute', '1 GiB page'],
    },
  ],
  physical: '0x801aa40',
  fileOffset: '0x801aa40',
  bytes: '0040000000000000000000000000000073776170706572',
  fault: null,
};

/** Facts, summary and explanation made of texts that nobody would like to print. */
function hostileData(seed: number): { facts: Facts; summary: TriageSummary; explanation: Explanation } {
  const random = new Hostile(seed);
  const text = (): string => random.text();
  const below = (limit: number): number => random.below(limit);
  const many = <T>(make: () => T): T[] => Array.from({ length: below(30) }, make);
  const { snapshot, kernel } = fakeFacts(text());
  return {
    facts: {
      snapshot: { ...snapshot, facts: { [text()]: text() }, notes: [text()] },
      kernel: {
        ...kernel,
        banner: text() + text() + text(),
        release: text(),
        hostname: text(),
        steps: many(() => ({ step: 'banner', outcome: 'failed' as const, detail: text() + text() })),
      },
    },
    summary: {
      reach: {},
      processes: {
        total: 9,
        kernelThreads: 3,
        listed: many(() => ({
          pid: below(1 << 22),
          name: text(),
          args: below(2) === 0 ? null : text(),
          uid: below(1 << 30),
          started: null,
          reasons: many(text).slice(0, 3),
        })),
      },
      listening: many(() => ({
        protocol: 'tcp',
        local: text(),
        remote: null,
        holders: below(2) === 0 ? null : text(),
      })),
      established: many(() => ({ protocol: 'udp', local: text(), remote: text(), holders: text() })),
      lists: { processes: text(), connections: text() },
      sections: many(() => ({
        // What a question says of itself is no evidence.
        ...{ question: 'things', title: 'Things', kind: 'thing', most: 4 },
        ...{ total: 3, counted: null, passedOver: null },
        entries: many(() => ({ what: text(), reasons: [text()], count: 1 })),
      })),
      unread: many(text),
    },
    explanation: {
      ...EXPLANATION,
      asked: text(),
      symbol: text(),
      space: text(),
      fault: { code: 'x', message: text() },
    },
  };
}

/** Fails where a page could act on a terminal. */
function expectSafe(page: string): void {
  expect(page.endsWith('\n')).toBe(true);
  expect(actingIn(page)).toEqual([]);
}

describe('infoText', () => {
  it('shows a snapshot, its kernel and the road to it', () => {
    expect(infoText(fakeFacts(), plainStyle, 80).split('\n')).toEqual([
      'Snapshot',
      '  file          memory.raw',
      '  format        raw',
      '  size          512 MiB',
      '  memory        512 MiB in 1 range',
      '  missing       nothing',
      '  ranges        0x0 – 0x20000000',
      'Kernel',
      '  banner        Linux version 6.1.0-50-cloud-amd64',
      '                (debian-kernel@lists.debian.org) #1 SMP',
      '  release       6.1.0-50-cloud-amd64',
      '  build ID      c0ffee',
      '  architecture  x86-64, 4 levels, page tables at 0x2a10000',
      '  KASLR         virtual 0x1f000000, physical 0x2000000',
      '  host name     guest',
      '  machine ID    none',
      '  boot ID       none yet',
      '  CPUs          2',
      '  state         running',
      '  booted        2026-01-02T03:00:00.000Z',
      '  taken         2026-01-02T03:04:05.000Z',
      '  up            4 min 5 s',
      'Binding  by vmcoreinfo + kallsyms + btf: verified',
      '  ✓ vmcoreinfo  at 0x1234000',
      '',
    ]);
  });

  it('counts the ranges that it does not list', () => {
    const { snapshot, kernel } = fakeFacts();
    const ranges = Array.from({ length: 8 }, (_, n) => ({ start: `0x${n}000`, end: `0x${n}800` }));
    const text = infoText({ kernel, snapshot: { ...snapshot, ranges, rangeCount: 70 } }, plainStyle, 80);
    expect(text).toContain('512 MiB in 70 ranges\n');
    expect(text).toContain('  ranges        0x0000 – 0x0800\n');
    expect(text).toContain('                0x5000 – 0x5800\n                and 64 more\n');
  });
});

describe('triageText where not all could be looked at', () => {
  it('writes no 0 and no count as if it were all', () => {
    const reach = { ...SUMMARY.reach, pslist: 'partly', sockets: 'partly', modules: 'not at all' } as const;
    const summary = {
      ...SUMMARY,
      reach,
      listening: [],
      sections: [{ ...SUMMARY.sections[0]!, total: 0, entries: [] }],
    };
    const text = triageText(fakeFacts(), summary, plainStyle, 100);
    expect(text).toContain('Processes  at least 3 in user space, at least 1 kernel threads');
    expect(text).toContain('Listening  not known');
    expect(text).toContain('Established  at least 1');
    expect(text).toContain('Modules  not known; 0 notable');
  });
});

describe('triageText', () => {
  const machine = [
    'guest',
    'Linux 6.1.0-50-cloud-amd64, x86-64, 4 levels, 2 CPUs, 512 MiB',
    'at 2026-01-02T03:04:05.000Z, up 4 min 5 s',
    'raw, kernel found by vmcoreinfo + kallsyms + btf: verified',
  ];
  const rest = [
    '',
    'Listening  1',
    '  tcp  0.0.0.0:22  sshd (120)',
    '',
    'Established  1',
    '  tcp  10.0.0.1:22 → 10.0.0.2:40000  no process',
    '',
    'Modules  36; 1 notable',
    '  evil: out of tree, unsigned',
    '',
    'AES keys  2 in use; 3 more are constants or states of random generators',
    '  2 of 256 bits in openssl (231) [heap]',
    '',
    'Could not be read  ',
    '  pslist: 2 cells swapped',
    '',
  ].map((line) => line.trimEnd());

  it('is a screen of a machine: reasons beside the command where both find room', () => {
    expect(
      triageText(fakeFacts(), SUMMARY, plainStyle, 160)
        .split('\n')
        .map((line) => line.trimEnd()),
    ).toEqual([
      ...machine,
      '',
      'Processes  3 in user space, 1 kernel threads; 2 notable',
      '  pid  uid  command',
      '  256    0  [kworker/0:9] 1000000  runs from memory only (memfd); looks like a kernel thread',
      '   12 1000  /tmp/x  runs from /tmp',
      '    1    –  init\\x1b',
      ...rest,
    ]);
  });

  it('puts reasons below the command where they do not', () => {
    expect(triageText(fakeFacts(), SUMMARY, plainStyle, 80).split('\n').slice(6, 10)).toEqual([
      '  pid  uid  command',
      '  256    0  [kworker/0:9] 1000000',
      '            runs from memory only (memfd); looks like a kernel thread',
      '   12 1000  /tmp/x  runs from /tmp',
    ]);
  });

  it('says in its first lines that the machine was not up and running', () => {
    const { snapshot, kernel } = fakeFacts();
    const state = { phase: 'panicked', panic: 'sysrq \u001b[2J', isCrashKernel: false } as const;
    const text = triageText({ snapshot, kernel: { ...kernel, state } }, SUMMARY, plainStyle, 80);
    expect(text.split('\n').slice(0, 2)).toEqual(['guest', 'the kernel has panicked: sysrq \\x1b[2J']);
    const kernels = kernel.kernels.map((candidate) => ({ ...candidate, isLive: false }));
    const reset = triageText({ snapshot, kernel: { ...kernel, kernels } }, SUMMARY, plainStyle, 80);
    expect(reset.split('\n')[1]).toBe(
      'no CPU ran on this kernel: the machine was reset, or ran something else',
    );
  });

  it('counts what one screen has no room for', () => {
    const listed = Array.from({ length: 40 }, (_, n) => ({ ...SUMMARY.processes.listed[1]!, pid: n }));
    const [modules, keys] = SUMMARY.sections;
    const entries = Array.from({ length: 7 }, () => keys!.entries[0]!);
    const sections = [modules!, { ...keys!, total: 14, entries }];
    const text = triageText(
      fakeFacts(),
      { ...SUMMARY, sections, processes: { ...SUMMARY.processes, listed } },
      plainStyle,
      80,
    );
    expect(text).toContain('  … and 26 more (--all shows them)\n');
    expect(text).toContain('  … and 1 more (--all shows them)\n');
    expect(text).toContain('AES keys  14 in use; 3 more');
  });
});

describe('triageText with everything', () => {
  const args = `/bin/x ${'--option value '.repeat(30)}end`;
  const listed = Array.from({ length: 40 }, (_, n) => ({ ...SUMMARY.processes.listed[1]!, pid: n, args }));
  const summary = { ...SUMMARY, processes: { ...SUMMARY.processes, listed } };

  it('leaves no process out and cuts no text', () => {
    const text = triageText(fakeFacts(), summary, plainStyle, 80, true);
    expect(text.match(/ end$/gm)).toHaveLength(40);
    expect(text).not.toContain('…');
  });

  it.each([60, 80, 200])('cuts no address at %i columns, whole or not', (width) => {
    const local = '[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:50000';
    const remote = '[2001:db8:1111:2222:3333:4444:5555:6666]:443';
    const established = [{ protocol: 'tcp', local, remote, holders: 'a-rather-long-name (12345)' }];
    for (const isWhole of [false, true]) {
      const text = triageText(fakeFacts(), { ...SUMMARY, established }, plainStyle, width, isWhole);
      expect(text.replace(/\s+/g, ' ')).toContain(`tcp ${local} → ${remote}`);
      expect(text).toContain('a-rather-long-name (12345)');
    }
  });
});

describe('explanationText', () => {
  it('shows every entry on the way and the bytes at its end', () => {
    expect(explanationText(EXPLANATION, plainStyle, 80).split('\n')).toEqual([
      'asked        init_task',
      'symbol       init_task',
      'address      0xffffffff81c1aa40',
      'space        kernel',
      '',
      '  4 PML4 [511] at 0x8010ff8  0x8015067           present, writable, user,',
      '                                                 accessed, dirty',
      '  3 PDPT [ 10] at 0x8015ff0  0x80000000080001e3  present, no-execute, 1 GiB page',
      '',
      'physical     0x801aa40',
      'in the file  at 0x801aa40',
      '',
      '0xffffffff81c1aa40  0040 0000 0000 0000 0000 0000 0000 0000  .@..............',
      '0xffffffff81c1aa50  7377 6170 7065 72                        swapper',
      '',
    ]);
  });

  it('says where a walk ended', () => {
    const fault = { code: 'not-present', message: '0x1234 is not mapped: level 4 entry is not present' };
    const text = explanationText(
      { ...EXPLANATION, symbol: null, steps: [], physical: null, bytes: '', fault },
      plainStyle,
      80,
    );
    expect(text).toContain('symbol       none near\n');
    expect(text.endsWith('\n0x1234 is not mapped: level 4 entry is not present\n')).toBe(true);
  });

  it('admits that a compressed page has no place in the file', () => {
    expect(explanationText({ ...EXPLANATION, fileOffset: null }, plainStyle, 80)).toContain(
      'in the file  stored compressed, or not at all\n',
    );
  });
});

describe('every page', () => {
  it.each([60, 80, 100, 120, 160, 200])(
    'is safe to print and at most %i columns wide, whatever the evidence holds',
    (width) => {
      for (let seed = 1; seed <= 60; seed++) {
        const { facts, summary, explanation } = hostileData(seed);
        const pages = [
          infoText(facts, plainStyle, width),
          triageText(facts, summary, plainStyle, width),
          triageText(facts, summary, plainStyle, width, true),
        ];
        for (const page of pages) {
          expectSafe(page);
          expect(page.split('\n').filter((line) => widthOf(line) > width)).toEqual([]);
        }
        expectSafe(explanationText(explanation, plainStyle, width));
      }
    },
  );

  it('is the same with colour but for the colour', async () => {
    const style: Style = await loadStyle(true);
    const bare = stripVTControlCharacters;
    for (let seed = 1; seed <= 50; seed++) {
      const { facts, summary, explanation } = hostileData(seed);
      expect(bare(infoText(facts, style, 80))).toBe(infoText(facts, plainStyle, 80));
      expect(bare(triageText(facts, summary, style, 80))).toBe(triageText(facts, summary, plainStyle, 80));
      expect(bare(explanationText(explanation, style, 80))).toBe(
        explanationText(explanation, plainStyle, 80),
      );
    }
  });
});

describe('bytesText and durationText', () => {
  it('keep numbers short', () => {
    expect([0, 1023, 1024, 1536, 2 ** 29, 2 ** 50].map(bytesText)).toEqual([
      '0 bytes',
      '1023 bytes',
      '1 KiB',
      '1.5 KiB',
      '512 MiB',
      '1024 TiB',
    ]);
    expect([0, 59.9, 60, 3661, 90061].map(durationText)).toEqual([
      '0 s',
      '59 s',
      '1 min 0 s',
      '1 h 1 min 1 s',
      '1 d 1 h 1 min 1 s',
    ]);
  });
});

describe('wantsColor', () => {
  it.each([
    ['auto', true, {}, true],
    ['auto', false, {}, false],
    ['auto', true, { NO_COLOR: '1' }, false],
    ['auto', true, { NO_COLOR: '' }, true],
    ['auto', true, { TERM: 'dumb' }, false],
    ['auto', false, { FORCE_COLOR: '1' }, true],
    ['auto', true, { FORCE_COLOR: '0' }, false],
    ['auto', true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    ['always', false, { NO_COLOR: '1' }, true],
    ['never', true, { FORCE_COLOR: '1' }, false],
  ] as const)('with --color %s on a terminal (%s) and %j is %s', (choice, isTerminal, env, wanted) => {
    expect(wantsColor(choice, isTerminal, env)).toBe(wanted);
  });
});
