import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { NoProfile } from '../../src/base/errors.ts';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import { tasks } from '../../src/kernel/linux/process/processes.ts';
import { PhysicalMemory } from '../../src/memory/physical.ts';
import { PAGE_BYTES } from '../../src/memory/source.ts';
import { readProfile, writeProfile } from '../../src/profile/profile.ts';
import { vmcoreinfoIn } from '../../src/profile/vmcoreinfo.ts';
import { explain } from '../../src/session/explain.ts';
import { type Session, startSession } from '../../src/session/session.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { Overlay } from '../support/overlay.ts';
import { drawMemory } from '../support/writers.ts';

let snapshot: Snapshot;
let overlay: Overlay;
let whole: Session;
/** Where VMCOREINFO stands in memory. */
let places: number[];

/** The sample with its memory as the overlay has it now, and without the note that its file carries. */
const asDamaged = (): Snapshot => ({
  ...snapshot,
  contents: { ...snapshot.contents, vmcoreinfo: null },
  memory: overlay.memory(),
});

const namesIn = (kernel: Linux): string[] => [...tasks(kernel)].map(({ name }) => name);

beforeAll(() => {
  snapshot = openSnapshot('samples/web-1/after.kdump');
  overlay = new Overlay(snapshot.contents.source);
  whole = startSession(asDamaged(), { search: 'whole' });
  places = [];
  for (const { start, end } of snapshot.memory.ranges) {
    for (let at: number = start; at < end; at += PAGE_BYTES)
      if (vmcoreinfoIn(overlay.page(at)) !== null) places.push(at);
  }
});

afterEach(() => overlay.mend());

describe('binding', () => {
  it('verifies every step on the way to the kernel', () => {
    const { steps, confidence } = whole.facts.kernel;
    expect(steps.map(({ step, outcome }) => `${step}: ${outcome}`)).toEqual([
      'vmcoreinfo: found',
      'page tables: verified',
      'kallsyms: verified',
      'btf: found',
      'banner: verified',
      'init_uts_ns: verified',
      'init_task: verified',
      'image: verified',
      'distance: verified',
      'init_mm: verified',
      'own text: verified',
      'idt: verified',
      'processes: verified',
      'registers: verified',
      'others: verified',
    ]);
    expect(confidence).toBe('verified');
    expect(namesIn(whole.kernel)).toContain('bash');
  });

  it('finds the same kernel when VMCOREINFO is gone, and is a little less sure', () => {
    expect(places.length).toBeGreaterThan(0);
    for (const at of places) overlay.damage(at, new Uint8Array(PAGE_BYTES).fill(0x78));
    const { kernel, facts } = startSession(asDamaged());
    expect(facts.kernel.confidence).toBe('likely');
    expect(facts.kernel.steps[0]).toEqual({
      step: 'vmcoreinfo',
      outcome: 'failed',
      detail: 'no page begins with one',
    });
    expect(kernel.slide).toBe(whole.kernel.slide);
    expect(namesIn(kernel)).toEqual(namesIn(whole.kernel));
  });

  it('is not led astray by what another kernel left behind', () => {
    const stale = Buffer.from(overlay.page(places[0]!));
    const text = stale.toString('latin1').replace(/phys_base\)=-?\d+/, 'phys_base)=4194304');
    overlay.damage(0x1000, Buffer.from(text.padEnd(PAGE_BYTES, '\0').slice(0, PAGE_BYTES), 'latin1'));
    const { facts, kernel } = startSession(asDamaged(), { search: 'whole' });
    // Its page tables may lie where the snapshot has nothing, which contradicts nothing yet.
    expect(facts.kernel.steps[1]?.outcome).toMatch(/failed|skipped/);
    expect(facts.kernel.steps[1]?.detail).toMatch(
      /^page tables at 0x[0-9a-f]+ (do not map|map) |: physical page/,
    );
    expect(facts.kernel.steps.filter(({ step }) => step === 'vmcoreinfo')).toHaveLength(2);
    expect(facts.kernel.confidence).toBe('verified');
    expect(namesIn(kernel)).toEqual(namesIn(whole.kernel));
  });

  it('looks first where earlier snapshots had their VMCOREINFO, and takes nothing there for granted', () => {
    const at = physical(Number(whole.facts.kernel.vmcoreinfoAt));
    expect(places).toContain(at);
    const bytesRead = (likely: readonly number[]): number => {
      const damaged = asDamaged();
      const { source } = damaged.memory;
      let bytes = 0;
      const read: typeof source.read = (from, into) => {
        bytes += into.length;
        return source.read(from, into);
      };
      const memory = new PhysicalMemory({ ...source, read });
      const { profile } = whole;
      const { facts } = startSession(
        { ...damaged, memory },
        { profile, likely: likely.map(physical), search: 'proof' },
      );
      const changed = { steps: [], search: 'proof' };
      expect({ ...facts.kernel, ...changed }).toEqual({ ...whole.facts.kernel, ...changed });
      return bytes;
    };
    const usual = bytesRead([]);
    expect(bytesRead([at])).toBeLessThan(usual / 10);
    expect(bytesRead([0x3000, 2 ** 50, at])).toBeLessThan(usual / 10);
    const text = Buffer.from(overlay.page(at)).toString('latin1');
    overlay.damage(0x1000, Buffer.from(text.replace(/phys_base\)=-?\d+/, 'phys_base)=4194304'), 'latin1'));
    expect(bytesRead([0x1000, 2 ** 50, 0x3000])).toBeGreaterThan(usual / 2);
  });

  it('gives the same answers by an exported profile as by what the kernel says of itself', () => {
    const profile = readProfile(writeProfile(whole.profile), 'exported');
    const { kernel, facts } = startSession(asDamaged(), { profile });
    expect(facts.kernel.steps[2]?.detail).toBe(`given: ${profile.release}, from btf + kallsyms`);
    expect(namesIn(kernel)).toEqual(namesIn(whole.kernel));
  });

  it('refuses a profile of another build, to the letter of its banner', () => {
    const profile = { ...whole.profile, banner: `${whole.profile.banner.slice(0, -1)}X` };
    expect(() => startSession(asDamaged(), { profile })).toThrow(
      /^no Linux kernel found in samples\/web-1\/after\.kdump: .*binding: the profile is of ".*X", the kernel is "/,
    );
  });

  it('remembers a profile by build ID and asks for it before it reads the kernel', () => {
    const kept = new Map<string, typeof whole.profile>();
    const profileSource = {
      findProfile: (buildId: string) => kept.get(buildId),
      findByBanner: () => undefined,
      searched: 'in this test',
      keepProfile: (profile: typeof whole.profile) => void kept.set(profile.buildId ?? '', profile),
    };
    startSession(asDamaged(), { profileSource });
    expect([...kept.keys()]).toEqual([whole.profile.buildId]);
    const again = startSession(asDamaged(), { profileSource });
    expect(again.facts.kernel.steps[2]).toEqual({
      step: 'profile',
      outcome: 'found',
      detail: `remembered by build ID ${whole.profile.buildId}`,
    });
    expect(namesIn(again.kernel)).toEqual(namesIn(whole.kernel));
  });

  describe('a kernel whose BTF', () => {
    const named = 'vmlinux-6.1.0-56-cloud-amd64';
    const nextStep =
      `With the kernel's debug package installed: vestige profile build /usr/lib/debug/boot/${named} ` +
      '--output profile.json, then --profile profile.json. With a symbol table of Volatility: vestige profile import FILE';
    const sourceWith = (found: typeof whole.profile | undefined) => ({
      findProfile: () => undefined,
      findByBanner: (banner: string) => (banner === whole.profile.banner ? found : undefined),
      searched: 'among the 3 remembered or in profiles/',
      keepProfile: () => undefined,
    });
    /** The physical address of the page of the kernel's BTF that is so many pages behind its start. */
    const btfPage = (nth: number): number => {
      const { kernel } = whole;
      const start = Number(kernel.space.translate(kernel.symbol('__start_BTF')));
      return start - (start % PAGE_BYTES) + nth * PAGE_BYTES;
    };
    const garbage = new Uint8Array(PAGE_BYTES).fill(0x55);

    it.each<[string, page: number, Uint8Array | null, reason: () => string]>([
      ['is overwritten', 0, garbage, () => 'btf has no magic'],
      [
        'is damaged',
        2,
        garbage,
        () => 'btf type 193 is of kind 85, which is unknown: where the next begins cannot be told',
      ],
      ['lacks what is said of processes', 1, null, () => 'what its BTF says of processes is missing'],
    ])('%s is read by a profile of its banner, and else it is said what to do', (_, page, bytes, reason) => {
      overlay.damage(btfPage(page), bytes);
      const bound = startSession(asDamaged(), { profileSource: sourceWith(whole.profile) });
      const told = bound.facts.kernel.steps.filter(
        ({ step, outcome }) => (step === 'btf' && outcome === 'failed') || step === 'profile',
      );
      expect(told).toEqual([
        { step: 'btf', outcome: 'failed', detail: reason() },
        { step: 'profile', outcome: 'found', detail: 'by banner: from btf + kallsyms' },
      ]);
      expect(namesIn(bound.kernel)).toEqual(namesIn(whole.kernel));
      const said = `"${whole.profile.banner}" does not describe itself: ${reason()}. There is no profile of it`;
      expect(() => startSession(asDamaged(), { profileSource: sourceWith(undefined) })).toThrow(
        new NoProfile(`${said} among the 3 remembered or in profiles/. ${nextStep}`),
      );
      expect(() => startSession(asDamaged())).toThrow(new NoProfile(`${said}. ${nextStep}`));
    });
  });

  it.each([
    [
      'noise',
      '',
      /^no Linux kernel found in .*: vmcoreinfo: no page begins with one; scan: 0 places that look like kallsyms, 0 banners$/,
    ],
    [
      'a banner and nothing that leads to its kernel',
      'Linux version 5.10.0-x (who@where) (gcc 10) #1 SMP 2024\n\0',
      /^"Linux version 5\.10\.0-x \(who@where\) \(gcc 10\) #1 SMP 2024" is in memory, and nothing in it leads to that kernel\. There is no profile of it\. With the kernel's debug package installed: vestige profile build \/usr\/lib\/debug\/boot\/vmlinux-5\.10\.0-x --output profile\.json, then --profile profile\.json\. With a symbol table of Volatility: vestige profile import FILE$/,
    ],
    [
      'Windows',
      'x:\\ntkrnlmp.pdb',
      /^this is the memory of a Windows guest \(ntkrnlmp\.pdb at physical 0x3003\); only Linux guests can be read$/,
    ],
    [
      'macOS',
      'xx:Darwin Kernel Version 21',
      /^this is the memory of a macOS guest .* at physical 0x3003\)?; only Linux guests can be read$/,
    ],
  ])('says what memory it cannot read: %s', (_, text, message) => {
    const bytes = new Uint8Array(4 * PAGE_BYTES);
    bytes.set(Buffer.from(text, 'latin1'), 0x3000);
    const memory = new PhysicalMemory(drawMemory(new Map([[0, bytes]])));
    expect(() => startSession({ ...asDamaged(), memory })).toThrow(message);
  });
});

describe('explain', () => {
  it('leads from a symbol to its bytes, with every entry on the way', () => {
    const explanation = explain(whole, 'linux_banner');
    expect(explanation.symbol).toBe('linux_banner');
    expect(explanation.steps.map(({ level }) => level).slice(0, 3)).toEqual([4, 3, 2]);
    expect(Buffer.from(explanation.bytes, 'hex').toString('latin1')).toMatch(/^Linux version 6\.1/);
    expect(explanation.fault).toBeNull();
    expect(physical(Number(explanation.physical))).toBe(
      whole.kernel.space.translate(BigInt(explanation.address)),
    );
  });

  it('adds offsets, and names the symbol before an address', () => {
    const { address } = explain(whole, 'linux_banner');
    const next = explain(whole, 'linux_banner+0x6');
    expect(next.address).toBe(`0x${(BigInt(address) + 6n).toString(16)}`);
    expect(explain(whole, next.address).symbol).toBe('linux_banner+0x6');
  });

  it("walks a process's own page tables", () => {
    const bash = [...tasks(whole.kernel)].find(({ name }) => name === 'bash')!;
    const { arg_start } = bash.memory!.raw;
    const explanation = explain(whole, `0x${arg_start.toString(16)}`, bash.pid);
    expect(explanation.space).toBe(`process ${bash.pid} (bash)`);
    expect(Buffer.from(explanation.bytes, 'hex').toString('latin1')).toMatch(/^-?bash/);
    expect(explain(whole, `0x${arg_start.toString(16)}`).fault?.code).toBe('not-present');
  });

  it('says why an address leads nowhere', () => {
    expect(explain(whole, '0x800000000000').fault).toEqual({
      code: 'not-canonical',
      message: '0x800000000000 is not a canonical address',
    });
    expect(() => explain(whole, 'no_such_symbol')).toThrow(
      'no_such_symbol is neither an address in hex nor a symbol of this kernel',
    );
    expect(() => explain(whole, '0x1000', 99999)).toThrow('no process 99999 in the snapshot');
    expect(() => explain(whole, '0x1000', 2)).toThrow(
      'process 2 is a kernel thread: it has no space of its own',
    );
  });
});
