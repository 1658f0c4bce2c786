import { describe, expect, it } from 'vitest';
import env from '../../plugins/env.ts';
import { fakeKernel, STACK } from '../support/kernel.ts';
import { ask } from '../support/rows.ts';

const variablesOf = async (environment: string) =>
  (await ask(env, fakeKernel('init(1)', { traits: { 1: { environment } } }).linux())).rows;

describe('env', () => {
  it('shows each variable of each process, and none of kernel threads', async () => {
    const drawn = fakeKernel('init(1) [kthreadd](2) bash(9)', {
      traits: { 1: { environment: 'HOME=/\0TERM=linux\0' }, 9: { environment: 'HOME=/root\0' } },
    });
    expect(await ask(env, drawn.linux())).toEqual({
      rows: [
        { pid: 1, name: 'HOME', value: '/', container: null },
        { pid: 1, name: 'TERM', value: 'linux', container: null },
        { pid: 9, name: 'HOME', value: '/root', container: null },
      ],
      notes: [],
    });
  });

  it('takes strings as they come: without =, with several, empty, not ended, not text', async () => {
    expect(await variablesOf('plain\0A=b=c\0\0\0EMPTY=\0=odd\0\xff=\xfe\0LAST=open')).toEqual([
      { pid: 1, name: 'plain', value: null, container: null },
      { pid: 1, name: 'A', value: 'b=c', container: null },
      { pid: 1, name: 'EMPTY', value: '', container: null },
      { pid: 1, name: '', value: 'odd', container: null },
      { pid: 1, name: '\\xff', value: '\\xfe', container: null },
      { pid: 1, name: 'LAST', value: 'open', container: null },
    ]);
  });

  it('has no rows for a process without any', async () => {
    expect(await variablesOf('')).toEqual([]);
  });

  it('shows a hole as one absent row between what is whole', async () => {
    const long = `BIG=${'x'.repeat(13_000)}`;
    const drawn = fakeKernel('init(1)', {
      traits: { 1: { args: 'a\0', environment: `FIRST=1\0${long}\0LAST=2\0` } },
    });
    for (const page of [0x1000n, 0x2000n])
      drawn.image.put64(drawn.image.entry(STACK + page, 1, drawn.rootOf(1)), 0n);
    const lost = { absent: 'not-present' };
    expect((await ask(env, drawn.linux())).rows).toEqual([
      { pid: 1, name: 'FIRST', value: '1', container: null },
      { pid: 1, name: lost, value: lost, container: null },
      { pid: 1, name: 'LAST', value: '2', container: null },
    ]);
  });

  it('shows one absent row for a process whose page tables are lost', async () => {
    const drawn = fakeKernel('init(1) bash(9)');
    drawn.image.lose(drawn.rootOf(1));
    const lost = { absent: 'not-in-snapshot' };
    expect((await ask(env, drawn.linux())).rows).toEqual([
      { pid: 1, name: lost, value: lost, container: null },
      { pid: 9, name: 'HOME', value: '/', container: null },
    ]);
  });

  it('shows one absent row where the place of the environment is lost', async () => {
    const drawn = fakeKernel('init(1)');
    drawn.lose(drawn.read(drawn.task(1), 'task_struct', 'mm'));
    const lost = { absent: 'not-in-snapshot' };
    expect((await ask(env, drawn.linux())).rows).toEqual([
      { pid: 1, name: lost, value: lost, container: null },
    ]);
  });

  it('shows one absent row where the end lies before the beginning', async () => {
    const drawn = fakeKernel('init(1)', { traits: { 1: { args: 'a\0', environment: 'A=1\0' } } });
    drawn.write(drawn.read(drawn.task(1), 'task_struct', 'mm'), 'mm_struct', { env_end: 0x100n });
    const lost = { absent: 'corrupt-structure' };
    expect((await ask(env, drawn.linux())).rows).toEqual([
      { pid: 1, name: lost, value: lost, container: null },
    ]);
  });

  it('is bounded where the end is nonsense, and says so', async () => {
    const drawn = fakeKernel('init(1)', { traits: { 1: { args: 'a\0', environment: 'A=1\0' } } });
    drawn.write(drawn.read(drawn.task(1), 'task_struct', 'mm'), 'mm_struct', { env_end: 0x7fff_ffff_f000n });
    const { rows, notes } = await ask(env, drawn.linux());
    expect(rows).toEqual([
      { pid: 1, name: 'A', value: '1', container: null },
      { pid: 1, name: { absent: 'not-present' }, value: { absent: 'not-present' }, container: null },
    ]);
    const bytes = 0x7fff_ffff_f000n - STACK - 2n;
    expect(notes).toEqual([
      `environment of process 1 is cut: ${bytes} bytes, read are 6291456`,
      `environment of process 1: the page at 0x${(STACK + 0x1000n).toString(16)} holds nothing but zeros`,
    ]);
  });

  it('reads what processes share once', async () => {
    const drawing = Array.from({ length: 50 }, (_, nth) => `p(${nth + 1})`).join(' ');
    const environment = `BIG=${'x'.repeat(2 ** 20)}\0SMALL=1\0`;
    const kernel = fakeKernel(drawing, { packed: true, traits: { 1: { environment } } }).linux();
    const { memory } = kernel.space;
    memory.limits = { ...memory.limits, reads: 20 * 65_536 };
    const { rows, notes } = await ask(env, kernel);
    expect(rows).toHaveLength(100);
    expect(new Set(rows.map(({ name }) => name))).toEqual(new Set(['BIG', 'SMALL']));
    expect(notes).toEqual(['value: 50 texts of more than 65536 bytes are cut, the longest of 1048576']);
  });
});
