// Binding where one page is missing, for pages of every kind that binding reads.
// Each costs what stood in it: the processes are found all the same, and what is not known is said.

import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import { tasks } from '../../src/kernel/linux/process/processes.ts';
import { PhysicalMemory } from '../../src/memory/physical.ts';
import { PAGE_BYTES } from '../../src/memory/source.ts';
import type { Profile, ProfileSource } from '../../src/profile/profile.ts';
import { vmcoreinfoIn } from '../../src/profile/vmcoreinfo.ts';
import { type Session, startSession } from '../../src/session/session.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { Overlay } from '../support/overlay.ts';

let snapshot: Snapshot;
let overlay: Overlay;
let whole: Session;
let known: (name: string) => bigint;

const namesIn = (kernel: Linux): string[] => [...tasks(kernel)].map(({ name }) => name);

/** The sample as the overlay has it now, asked where its VMCOREINFO is: the note of its file is left out. */
const begin = (profileSource?: ProfileSource): Session =>
  startSession(
    { ...snapshot, contents: { ...snapshot.contents, vmcoreinfo: null }, memory: overlay.memory() },
    {
      likely: [physical(Number(whole.facts.kernel.vmcoreinfoAt))],
      ...(profileSource === undefined ? {} : { profileSource }),
    },
  );

const frameOf = (address: bigint): number => {
  const at = Number(BigInt.asUintN(64, address - whole.located.delta));
  return at - (at % PAGE_BYTES);
};

beforeAll(() => {
  snapshot = openSnapshot('samples/web-1/after.kdump');
  overlay = new Overlay(snapshot.contents.source);
  whole = startSession({
    ...snapshot,
    contents: { ...snapshot.contents, vmcoreinfo: null },
    memory: overlay.memory(),
  });
  const told = whole.located.vmcoreinfo!.symbols;
  known = (name) => told.get(name) ?? whole.kernel.symbol(name as 'init_task');
});

afterEach(() => overlay.mend());

describe('a missing page', () => {
  it.each([
    ['linux_banner', 0],
    ['init_uts_ns', 0],
    ['init_top_pgt', 0],
    ['kallsyms_names', 0],
    ['kallsyms_names', 0.5],
    ['kallsyms_names', 0.9],
    ['kallsyms_offsets', 0],
    ['kallsyms_offsets', 0.5],
    ['kallsyms_token_table', 0],
    ['kallsyms_token_index', 0],
    ['__start_BTF', 0],
    ['__start_BTF', 0.2],
    ['__start_BTF', 0.4],
    ['__start_BTF', 0.7],
    ['__start_BTF', 0.9],
    ['__stop_BTF', 0],
    ['page_offset_base', 0],
    ['max_pfn', 0],
  ])('of %s, at %f of it, costs no process', (name, share) => {
    const lengths: Record<string, bigint> = {
      kallsyms_names: known('kallsyms_token_table') - known('kallsyms_names'),
      kallsyms_offsets: known('kallsyms_num_syms') - known('kallsyms_offsets'),
      __start_BTF: known('__stop_BTF') - known('__start_BTF'),
    };
    const offset = Math.floor(Number(lengths[name] ?? 0n) * share);
    overlay.damage(frameOf(known(name) + BigInt(offset)), null);
    const { kernel, facts } = begin();
    expect(namesIn(kernel)).toEqual(namesIn(whole.kernel));
    const { confidence, notes, release } = facts.kernel;
    expect(release).toBe(whole.facts.kernel.release);
    // Something else than nothing is said, unless nothing that anybody reads stood there.
    if (confidence !== 'verified') expect(notes.length).toBeGreaterThan(0);
  });

  it('of the banner costs no certainty about who the kernel is: the log has it too', () => {
    overlay.damage(frameOf(known('linux_banner')), null);
    const { facts } = begin();
    expect(facts.kernel.banner).toBe(whole.facts.kernel.banner);
    expect(facts.kernel.confidence).toBe('likely');
    expect(facts.kernel.notes.join()).toContain('linux_banner is not in the snapshot');
  });

  it('of the VMCOREINFO costs no process', () => {
    for (const { start, end } of snapshot.memory.ranges)
      for (let at: number = start; at < end; at += PAGE_BYTES)
        if (vmcoreinfoIn(overlay.page(at)) !== null) overlay.damage(at, null);
    const { kernel, facts } = begin();
    expect(namesIn(kernel)).toEqual(namesIn(whole.kernel));
    expect(facts.kernel.confidence).toBe('likely');
  });

  it('of the tables that map all of memory costs no process, and that they were made up for is said', () => {
    const { space } = whole.kernel;
    const [, ...tables] = [...space.paging.steps(space.memory, whole.kernel.symbol('init_task'))];
    const task = [...tasks(whole.kernel)].at(-1)!.raw;
    const direct = [
      ...space.paging.steps(space.memory, (BigInt(task.hi >>> 0) << 32n) | BigInt(task.lo >>> 0)),
    ];
    for (const { at } of [...tables, ...direct]) overlay.damage(at - (at % PAGE_BYTES), null);
    const { kernel, facts } = begin();
    expect(facts.kernel.confidence).toBe('likely');
    expect(namesIn(kernel)).toEqual(namesIn(whole.kernel));
    expect(kernel.notes.drain().join('\n')).toMatch(
      /page tables? of the direct map.* calculated from where the direct map begins/,
    );
  });
});

describe('what a kernel says of itself', () => {
  it('is not remembered where it is not whole, and what is remembered of the build fills in', () => {
    const kept: Profile[] = [];
    const profileSource = (profile?: Profile): ProfileSource => ({
      findProfile: () => profile,
      keepProfile: (own) => kept.push(own),
      findByBanner: () => undefined,
      searched: '',
    });
    begin(profileSource());
    const [own] = kept.splice(0);
    overlay.damage(frameOf(known('__start_BTF') + 0x1_0000n), null);
    begin(profileSource());
    expect(kept).toEqual([]);
    const { facts, profile } = begin(profileSource(own));
    expect(profile.types).toEqual(whole.profile.types);
    expect(facts.kernel.confidence).toBe('likely');
    expect(facts.kernel.notes.join()).toMatch(/BTF are missing.*\(another snapshot of its build fills in\)/);
    overlay.mend();
    begin(profileSource());
    expect(kept.map(({ types }) => types)).toEqual([whole.profile.types]);
  });
});

describe('a file that was cut', () => {
  it('does not lack nothing where the kernel no longer tells how much RAM there is', () => {
    const { source } = snapshot.contents;
    const half = physical(source.ranges.at(-1)!.end / 2);
    const ranges = [{ start: physical(0), end: half }];
    const memory = new PhysicalMemory({
      ...{ ranges, costlyPages: source.costlyPages, fileOffset: (at) => source.fileOffset(at) },
      read: (at, into) => source.read(at, into),
    });
    const missingIn = (cut: string | null): number | null =>
      startSession({ ...snapshot, contents: { ...snapshot.contents, vmcoreinfo: null, cut }, memory }).facts
        .snapshot.missingBytes;
    expect(missingIn('the file is cut')).toBeNull();
    expect(missingIn(null)).toBe(0);
  });
});
