// Modules that a rootkit takes out of the kernel's structures, on the shipped sample: what one view has is shown and marked.
// The sample's own memory is changed as list_del and rb_erase change it.

import { beforeAll, describe, expect, it } from 'vitest';
import modules from '../../plugins/modules.ts';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import { modules as modulesOf } from '../../src/kernel/linux/module/module.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { startSession } from '../../src/session/session.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { Overlay } from '../support/overlay.ts';
import { ask, observed } from '../support/rows.ts';

const SAMPLE = 'samples/web-1/after.kdump';
const PAGE = 4096;

let snapshot: Snapshot;
let overlay: Overlay;
let profile: Profile;

const linux = (): Linux => startSession({ ...snapshot, memory: overlay.memory() }, { profile }).kernel;

/** Overwrites a pointer of the kernel's. */
function put(kernel: Linux, address: bigint, value: bigint): void {
  const at = Number(kernel.space.translate(address));
  const page = overlay.page(at - (at % PAGE));
  new DataView(page.buffer, page.byteOffset).setBigUint64(at % PAGE, value, true);
  overlay.damage(at - (at % PAGE), page);
}

/** Takes a link out of its list, as list_del does but for the link itself. */
function unlink(kernel: Linux, link: bigint): void {
  const [next, before] = [kernel.pointerAt(link), kernel.pointerAt(link + 8n)];
  put(kernel, before, next);
  put(kernel, next + 8n, before);
}

const loopModule = (kernel: Linux) => [...modulesOf(kernel)].find(({ name }) => name === 'loop')!.raw;

beforeAll(() => {
  snapshot = openSnapshot(SAMPLE);
  overlay = new Overlay(snapshot.contents.source);
  ({ profile } = startSession({ ...snapshot, memory: overlay.memory() }));
});

describe('a module', () => {
  it('is in every view of an honest kernel', async () => {
    const { rows, notes } = await ask(modules, linux());
    expect(notes).toEqual([]);
    expect(rows.length).toBeGreaterThan(15);
    for (const row of rows) expect(row).toMatchObject({ hidden: false, views: 'list,tree,sysfs' });
  });

  it('that took itself off the list is shown, marked and said', async () => {
    const kernel = linux();
    unlink(kernel, loopModule(kernel).list);
    const { rows, notes } = await ask(modules, linux());
    overlay.mend();
    expect(rows.filter(({ hidden }) => hidden === true)).toEqual([
      expect.objectContaining({ name: 'loop', views: 'tree,sysfs' }),
    ]);
    expect(notes).toEqual([]);
    expect(observed(modules, { rows, notes })).toEqual([
      '1 module is hidden, and not in all structures that the kernel keeps modules in: loop (tree,sysfs)',
    ]);
  });

  it('that is off the list and out of sysfs is found by the addresses of its code', async () => {
    const kernel = linux();
    const module = loopModule(kernel);
    unlink(kernel, module.list);
    unlink(kernel, module.mkobj.kobj.entry);
    const { rows, notes } = await ask(modules, linux());
    overlay.mend();
    expect(rows.find(({ name }) => name === 'loop')).toMatchObject({ hidden: true, views: 'tree' });
    expect(notes).toEqual([]);
  });

  it('is not called hidden where the tree is lost', async () => {
    const kernel = linux();
    const root = kernel.at('latch_tree_root', kernel.at('mod_tree_root', kernel.symbol('mod_tree')).root);
    const which = BigInt(kernel.u32At(root.seq) & 1) * 8n;
    put(kernel, root.tree + which, 0x10n);
    const { rows, notes } = await ask(modules, linux());
    overlay.mend();
    for (const row of rows) expect(row).toMatchObject({ hidden: false, views: 'list,sysfs' });
    expect(notes.length).toBeGreaterThan(0);
  });
});
