import { describe, expect, it } from 'vitest';
import modules from '../../plugins/modules.ts';
import { linuxWith } from '../support/drawn-symbols.ts';
import { type FakeKernel, fakeKernel } from '../support/kernel.ts';
import { ask, column } from '../support/rows.ts';

const OLD = ['module.mem', 'module_memory'];
const NEW = ['module.core_layout', 'module.init_layout', 'module.data_layout', 'module_layout'];

/** Makes one ring of list heads. */
function ring(drawn: FakeKernel, links: readonly bigint[]): void {
  for (const [i, at] of links.entries()) {
    const next = links[(i + 1) % links.length]!;
    drawn.image.put64(drawn.physical(at), next);
    drawn.image.put64(drawn.physical(next) + 8, at);
  }
}

function drawModule(drawn: FakeKernel, name: string, values: Record<string, bigint | number> = {}): bigint {
  const module = drawn.draw('module', { name: `${name}\0`, ...values });
  ring(drawn, [drawn.member(module, 'module', 'source_list')]);
  return module;
}

/** Says that `users` use `used`. */
function drawUses(drawn: FakeKernel, used: bigint, users: readonly bigint[]): void {
  const uses = users.map((source) =>
    drawn.member(drawn.draw('module_use', { source }), 'module_use', 'source_list'),
  );
  ring(drawn, [drawn.member(used, 'module', 'source_list'), ...uses]);
}

function open(drawn: FakeKernel, drawnModules: readonly bigint[]) {
  const head = drawn.virtual(drawn.image.take(16, 4096));
  ring(drawn, [head, ...drawnModules.map((module) => drawn.member(module, 'module', 'list'))]);
  return linuxWith(drawn, { modules: head });
}

describe('modules', () => {
  it('shows modules whose memory is in two layouts', async () => {
    const drawn = fakeKernel('init(1)', { without: [...OLD, 'module.data_layout'] });
    const bridge = drawModule(drawn, 'bridge', { refcnt: 3 });
    drawn.write(drawn.member(bridge, 'module', 'core_layout'), 'module_layout', {
      base: 0xffff_ffff_c000_0000n,
      size: 8192,
    });
    drawn.write(drawn.member(bridge, 'module', 'init_layout'), 'module_layout', { size: 4096 });
    const [veth, odd] = [
      drawModule(drawn, 'veth', { state: 1 }),
      drawModule(drawn, 'odd', { taints: 0x3001n }),
    ];
    drawUses(drawn, bridge, [odd, veth]);
    const { rows, notes } = await ask(modules, open(drawn, [odd, veth, bridge]));
    expect(notes).toEqual([]);
    expect(rows[2]).toEqual({
      name: 'bridge',
      base: 0xffff_ffff_c000_0000n,
      size: 12_288,
      references: 2,
      usedBy: 'odd,veth',
      state: 'Live',
      taints: null,
      buildId: null,
      hidden: false,
      views: 'list',
    });
    expect(rows[1]).toMatchObject({ name: 'veth', usedBy: null, state: 'Loading' });
    expect(rows[0]).toMatchObject({ name: 'odd', taints: 'POE' });
  });

  it('shows modules whose memory is in kinds', async () => {
    const drawn = fakeKernel('init(1)', { without: NEW });
    const module = drawModule(drawn, 'kinds');
    const each = drawn.profile.types['module_memory']!.size;
    for (const [nth, size] of [4096, 8192, 512].entries()) {
      const memory = drawn.member(module, 'module', 'mem') + BigInt(nth * each);
      drawn.write(memory, 'module_memory', { base: 0xffff_ffff_c000_0000n + BigInt(nth), size });
    }
    const { rows } = await ask(modules, open(drawn, [module]));
    expect(rows).toMatchObject([{ base: 0xffff_ffff_c000_0000n, size: 12_800, references: -1 }]);
  });

  it('counts nothing where the kernel cannot unload modules', async () => {
    const drawn = fakeKernel('init(1)', { without: [...NEW, 'module.refcnt', 'module.source_list'] });
    const module = drawn.draw('module', { name: 'fixed\0' });
    expect((await ask(modules, open(drawn, [module]))).rows).toMatchObject([
      { references: null, usedBy: null },
    ]);
  });

  it('ends a looped list with a note and shows each module once', async () => {
    const drawn = fakeKernel('init(1)', { without: NEW });
    const [a, b] = [drawModule(drawn, 'a'), drawModule(drawn, 'b')];
    const kernel = open(drawn, [a, b]);
    ring(drawn, [drawn.member(a, 'module', 'list'), drawn.member(b, 'module', 'list')]);
    const answer = await ask(modules, kernel);
    expect(column(answer, 'name')).toEqual(['a', 'b']);
    expect(answer.notes).toEqual(['module.list list loops after 2 entries']);
  });

  it('says when the kernel has no modules', async () => {
    expect(await ask(modules, fakeKernel('init(1)').linux())).toEqual({
      rows: [],
      notes: ['modules stopped early: this kernel has no symbol modules'],
    });
  });
});
