import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { machineOf } from '../../src/kernel/linux/machine/machine.ts';
import { tasks } from '../../src/kernel/linux/process/processes.ts';
import { initTask } from '../../src/kernel/linux/process/task.ts';
import { PAGE_BYTES } from '../../src/memory/source.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { vmcoreinfoIn } from '../../src/profile/vmcoreinfo.ts';
import { type Session, type SessionOptions, startSession } from '../../src/session/session.ts';
import type { CpuState } from '../../src/snapshot/format.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { drawDecoy } from '../support/decoy.ts';
import { Overlay } from '../support/overlay.ts';
import { TwoKernels } from '../support/second-kernel.ts';
import { drawnCpu } from '../support/writers-elf.ts';

const HIDDEN = [199, 201, 183];
/** `system_state`: SYSTEM_RESTART, as numbered in Linux 6.1. */
const RESTART = 6n;

let snapshot: Snapshot;
let overlay: Overlay;
let whole: Session;
let cpus: readonly CpuState[];

/** The sample with its memory as the overlay has it, no VMCOREINFO in the file, and these CPUs. */
const damaged = (registers: readonly CpuState[]): Snapshot => ({
  ...snapshot,
  contents: { ...snapshot.contents, vmcoreinfo: null, cpus: registers },
  memory: overlay.memory(),
});

/** Processes as the task list alone has them. */
const pidsOf = ({ kernel }: Session): number[] => [...initTask(kernel).raw.tasks].map(({ tgid }) => tgid);

/** A source that has one profile, or none, and what it was given to keep. */
const sourceWith = (profile: Profile | undefined) => {
  const kept: Profile[] = [];
  return {
    kept,
    findProfile: (buildId: string) => (buildId === profile?.buildId ? profile : undefined),
    findByBanner: () => undefined,
    searched: 'in this test',
    keepProfile: (own: Profile) => void kept.push(own),
  };
};

beforeAll(() => {
  snapshot = openSnapshot('samples/web-1/after.kdump');
  ({ cpus } = snapshot.contents);
  overlay = new Overlay(snapshot.contents.source);
  whole = startSession(damaged(cpus));
});

describe('a decoy beside the kernel', () => {
  let root: number;
  beforeAll(() => {
    root = drawDecoy(whole, overlay, HIDDEN);
    return () => overlay.mend();
  });

  describe.each([
    ['with registers', (): readonly CpuState[] => cpus],
    ['without registers', (): readonly CpuState[] => []],
  ])('%s', (_, registers) => {
    it.each([
      ['remembered', true],
      ['not remembered', false],
    ])('is never shown, and named, where the profile is %s', (_name, isRemembered) => {
      const profileSource = sourceWith(isRemembered ? whole.profile : undefined);
      const session = startSession(damaged(registers()), { profileSource, search: 'whole' });
      const { kernel } = session.facts;
      expect(pidsOf(session)).toEqual(expect.arrayContaining(HIDDEN));
      expect(kernel.confidence).toBe('verified');
      expect(kernel.pageTableRoot).toBe(whole.facts.kernel.pageTableRoot);
      expect(kernel.kernels.map(({ number, isShown, confidence }) => [number, isShown, confidence])).toEqual([
        [1, true, 'verified'],
        [2, false, 'uncertain'],
      ]);
      expect(kernel.kernels[1]?.pageTableRoot).toBe(`0x${root.toString(16)}`);
      expect(kernel.notes).toEqual([
        expect.stringMatching(
          /^this memory holds 2 kernels; kernel 2 \(--kernel 2 shows it\) is Linux 6\.1\.0-56-cloud-amd64, .*; it contradicts itself: \w+ is mapped to /,
        ),
      ]);
      expect(profileSource.kept).toHaveLength(isRemembered ? 0 : 1);
    });
  });

  it('is shown where it is asked for, with all that contradicts it', () => {
    const session = startSession(damaged([]), { kernel: 2 });
    expect(pidsOf(session).filter((pid) => HIDDEN.includes(pid))).toEqual([]);
    const { confidence, notes, steps } = session.facts.kernel;
    expect(confidence).toBe('uncertain');
    expect(notes[0]).toMatch(/^kernel 2 of 2 is shown as --kernel says: it contradicts itself/);
    expect(notes.join('\n')).toMatch(/page tables of process \d+ map init_top_pgt to 0x2a10000, not to /);
    expect(steps.filter(({ outcome }) => outcome === 'failed').map(({ step }) => step)).toEqual(
      expect.arrayContaining(['image', 'distance', 'own text', 'processes']),
    );
  });

  it('does not win where it is all that is remembered of earlier snapshots, nor in a quick search', () => {
    const at = [0x20_0000, 0x21_0000].flatMap((start) =>
      Array.from({ length: 16 }, (_, page) => physical(start + page * PAGE_BYTES)),
    );
    for (const search of ['quick', 'proof', 'whole'] as const) {
      const session = startSession(damaged([]), { likely: at, profile: whole.profile, search });
      expect(pidsOf(session)).toEqual(expect.arrayContaining(HIDDEN));
    }
  });

  it('is not looked for where the registers prove which kernel runs, and that is what is said', () => {
    const likely = [physical(Number(whole.facts.kernel.vmcoreinfoAt))];
    const { kernel } = startSession(damaged(cpus), { likely, search: 'proof' }).facts;
    expect([kernel.search, kernel.kernels.length, kernel.confidence]).toEqual(['proof', 1, 'verified']);
    expect(startSession(damaged([]), { likely, search: 'proof' }).facts.kernel.search).toBe('whole');
  });

  it('has no number where there are fewer kernels', () => {
    expect(() => startSession(damaged([]), { kernel: 3 })).toThrow(
      /^--kernel 3: only 2 kernels are in samples\/web-1\/after\.kdump$/,
    );
  });
});

describe('two kernels in one memory', () => {
  let two: TwoKernels;
  const start = (options: SessionOptions = {}, registers: readonly CpuState[] = []): Session =>
    startSession(two.snapshot(registers), { profile: whole.profile, search: 'whole', ...options });
  const rootOf = ({ facts }: Session): number => Number(facts.kernel.pageTableRoot);
  beforeEach(() => {
    two = new TwoKernels(snapshot, whole.profile);
  });

  it('are both found, and which of them runs is not certain without registers', () => {
    const { kernel } = start().facts;
    expect(kernel.kernels.map(({ pageTableRoot }) => Number(pageTableRoot)).sort((a, b) => a - b)).toEqual([
      ...two.roots,
    ]);
    expect(kernel.confidence).toBe('likely');
    expect(kernel.kernels.map(({ isLive }) => isLive)).toEqual([null, null]);
    expect(kernel.notes).toEqual([expect.stringMatching(/^this memory holds 2 kernels; kernel 2 /)]);
  });

  it('are told by the registers', () => {
    for (const root of two.roots) {
      const session = start({}, [drawnCpu({ cr3: BigInt(root) })]);
      expect(rootOf(session)).toBe(root);
      const { confidence, kernels } = session.facts.kernel;
      expect(confidence).toBe('verified');
      expect(kernels.map(({ isLive, why }) => [isLive, why])).toEqual([
        [true, 'CPU 0 ran on it'],
        [false, 'no CPU ran on it'],
      ]);
    }
  });

  it('are told by the registers where the page tables are those of a process, and of user mode', () => {
    const { first } = two;
    const process = [...tasks(first.kernel)].find(({ userSpace }) => userSpace !== null)!;
    const { root } = process.userSpace!.paging;
    expect(rootOf(start({}, [drawnCpu({ cr3: BigInt(root) + 0x8000_0000_0000_0007n })]))).toBe(two.roots[0]);
    // With page-table isolation the tables of user mode lie behind the others, and map nothing of the image.
    expect(rootOf(start({}, [drawnCpu({ cr3: BigInt(two.roots[1]) })]))).toBe(two.roots[1]);
  });

  it('share the CPUs while one saves the memory of the other, which has panicked', () => {
    two.put('panic_cpu', 0n, 4, 0);
    two.put('elfcorehdr_addr', 0x1000n, 8);
    const registers = [two.roots[1], two.roots[0], two.roots[0]].map((root) =>
      drawnCpu({ cr3: BigInt(root) }),
    );
    const session = start({ search: 'proof' }, registers);
    expect(rootOf(session)).toBe(two.roots[1]);
    const { kernels, state, confidence } = session.facts.kernel;
    expect(state).toEqual({ phase: 'running', panic: null, isCrashKernel: true });
    expect(confidence).toBe('verified');
    expect(kernels.map(({ why, state: of }) => [why, of?.phase])).toEqual([
      ['CPU 0 ran on it', 'running'],
      ['CPUs 1, 2 ran on it, and it has panicked', 'panicked'],
    ]);
    expect(start({ kernel: 2 }, registers).facts.kernel.state?.phase).toBe('panicked');
    // Without registers the one that has panicked is not taken for the one that runs, either.
    expect(rootOf(start())).toBe(two.roots[1]);
  });

  it('are told by what they gave up, then by their clocks, where there are no registers', () => {
    two.setClock(0n);
    expect(rootOf(start())).toBe(two.roots[0]);
    expect(start().facts.kernel.kernels.map(({ why }) => why)).toEqual([
      'its clock stands later',
      'its clock stands earlier',
    ]);
    two.setClock(4_000_000_000n * 1_000_000_000n);
    expect(rootOf(start())).toBe(two.roots[1]);
    two.put('system_state', RESTART, 4);
    expect(rootOf(start())).toBe(two.roots[0]);
    expect(start().facts.kernel.kernels.map(({ why }) => why)).toEqual([
      'the other has given up the machine',
      'it was restarting',
    ]);
  });

  it('are both said to be none of the CPUs’ where that is so', () => {
    const { kernel } = start({ search: 'proof' }, [drawnCpu({ cr3: 0x3000n })]).facts;
    expect(kernel.confidence).toBe('likely');
    expect(kernel.search).toBe('whole');
    expect(kernel.notes).toContainEqual('CPU 0 (CR3 0x3000) ran on none of the kernels that were found');
    // A reset leaves no page tables at all.
    const reset = start({}, [drawnCpu({ cr3: 0n })]).facts.kernel;
    expect(reset.notes).toContainEqual(expect.stringMatching(/^CPU 0 \(CR3 0x0\) ran on none/));
    expect(reset.kernels.map(({ isLive }) => isLive)).toEqual([false, false]);
  });

  it('are told where the CPUs were by the rest of the registers, where the page tables were not saved', () => {
    const [first] = two.roots;
    const text = two.first.kernel.symbol('_stext');
    const stack = two.first.kernel.symbol('init_task');
    const cpu = { ...drawnCpu({ instruction: text, stack }), cr3: null };
    const { kernels } = start({}, [cpu]).facts.kernel;
    expect(kernels.map(({ isLive }) => isLive)).toEqual([true, true]); // both map both
    const user = { ...drawnCpu({ instruction: 0x40_1000n, stack: 0x7ffc_0000n }), cr3: null };
    expect(start({}, [user]).facts.kernel.kernels.map(({ isLive }) => isLive)).toEqual([null, null]);
    expect(first).toBeGreaterThan(0);
  });
});

describe('what a kernel says of itself', () => {
  afterEach(() => overlay.mend());
  const place = (symbol: Parameters<Session['kernel']['symbol']>[0]): number =>
    whole.kernel.space.translate(whole.kernel.symbol(symbol));
  const put64 = (at: number, value: bigint): void => {
    const page = Buffer.from(overlay.page(at - (at % PAGE_BYTES)));
    page.writeBigUInt64LE(value, at % PAGE_BYTES);
    overlay.damage(at - (at % PAGE_BYTES), page);
  };
  const told = () => startSession(damaged([]), { profile: whole.profile }).facts.kernel;

  it.each<[string, Parameters<Session['kernel']['symbol']>[0], number, RegExp]>([
    [
      'the distance of its image',
      'phys_base',
      0,
      /^phys_base in the image is 0x0, and the image is moved by /,
    ],
    [
      'where interrupts lead',
      'idt_table',
      14 * 16,
      /^page faults are handled at .*, which is not in the image$/,
    ],
  ])('is uncertain where %s is otherwise, and it is shown all the same', (_, symbol, offset, sentence) => {
    put64(place(symbol) + offset, symbol === 'phys_base' ? 0n : 0x1234_8e00_0010_5678n);
    const { confidence, notes } = told();
    expect(confidence).toBe('uncertain');
    expect(notes).toEqual([expect.stringMatching(sentence)]);
  });

  it('is likely where some of it is missing', () => {
    const page = place('phys_base');
    overlay.damage(page - (page % PAGE_BYTES), null);
    const { confidence, steps } = told();
    expect(confidence).not.toBe('verified');
    expect(steps.some(({ step, outcome }) => step === 'distance' && outcome === 'failed')).toBe(true);
  });
});

describe('registers beside the page tables', () => {
  /** A CPU as the sample's, with a GS and a table of interrupts. */
  const cpuWith = (more: Partial<CpuState>): CpuState[] => [{ ...cpus[0]!, ...more }];
  const begin = (registers: readonly CpuState[]) => startSession(damaged(registers)).facts.kernel;
  const registersOf = ({ steps }: Session['facts']['kernel']) =>
    steps.find(({ step }) => step === 'registers');
  const own = () => {
    const { kernel } = whole;
    return { idt: kernel.symbol('idt_table'), gs: [machineOf(kernel).cpus.perCpu(0n, 0), 0n] };
  };

  it('make a kernel surer where they are its own, whichever GS is in use', () => {
    const { idt, gs } = own();
    for (const bases of [gs, gs.toReversed()]) {
      const facts = begin(cpuWith({ idt, gs: bases }));
      expect(facts.confidence).toBe('verified');
      expect(registersOf(facts)).toMatchObject({
        outcome: 'verified',
        detail: expect.stringMatching(/^CPU 0 ran on it \(CR3 0x[0-9a-f]+, IDT and GS are its own\)$/),
      });
    }
  });

  it('contradict it where interrupts go by a table that somebody put in the place of its own', () => {
    const facts = begin(cpuWith({ ...own(), idt: whole.kernel.symbol('init_task') }));
    expect(facts.confidence).toBe('uncertain');
    expect(facts.notes[0]).toMatch(
      /^CPU 0 takes interrupts by a table at 0x[0-9a-f]+, and the kernel's is at 0x[0-9a-f]+$/,
    );
    expect(registersOf(facts)).toMatchObject({ outcome: 'failed' });
  });

  it('contradict it where GS leads to no CPU, but for a program of which only one was saved', () => {
    const { idt } = own();
    const facts = begin(cpuWith({ idt, gs: [0xffff_8880_1234_0000n, 0n] }));
    expect(facts.notes[0]).toMatch(
      /^GS of CPU 0 \(0xffff888012340000, 0x0\) leads to no CPU's own variables$/,
    );
    const inUserMode = cpuWith({ idt, gs: [0x7f00_0000n], instruction: 0x40_1000n });
    expect(begin(inUserMode).confidence).toBe('verified');
  });

  it('tell nothing where the dumper saved none', () => {
    const facts = begin(cpuWith({ idt: 0n, gs: [0n, 0n] }));
    expect(facts.confidence).toBe('verified');
    expect(registersOf(facts)?.detail).toMatch(/^CPU 0 ran on it \(CR3 0x[0-9a-f]+\)$/);
  });
});

describe("another machine's memory in a file or a guest of this one", () => {
  const INNER = '6.12.0-another-machine';
  beforeAll(() => {
    // Its pages are scattered over this machine's, so that what its text says of places is not true here.
    const at = physical(Number(whole.facts.kernel.vmcoreinfoAt));
    const text = vmcoreinfoIn(overlay.page(at))!
      .replaceAll(/^OSRELEASE=.*$/gm, `OSRELEASE=${INNER}`)
      .replaceAll(/^BUILD-ID=.*$/gm, `BUILD-ID=${'ab'.repeat(20)}`)
      .replaceAll(
        /^(NUMBER\(phys_base\)=)(-?\d+)$/gm,
        (_, name, base) => `${name}${Number(base) + 0x80_0000}`,
      );
    const page = Buffer.alloc(PAGE_BYTES);
    page.write(text, 'latin1');
    overlay.damage(0x20_0000, page);
    return () => overlay.mend();
  });

  it('is not shown, and costs the kernel that runs nothing', () => {
    for (const registers of [cpus, []]) {
      const session = startSession(damaged(registers), { search: 'whole' });
      const { kernel } = session.facts;
      expect(kernel).toMatchObject({ confidence: 'verified', notes: [] });
      expect(kernel.release).toBe(whole.facts.kernel.release);
      expect(pidsOf(session)).toEqual(pidsOf(whole));
      expect(kernel.steps).toContainEqual({
        ...{ step: 'vmcoreinfo', outcome: 'found', detail: `page at 0x200000: ${INNER}` },
      });
    }
  });

  it('is named, with what keeps it from being read, where it is asked for', () => {
    expect(() => startSession(damaged(cpus), { kernel: 2 })).toThrow(
      /^--kernel 2: only one kernel is in .*\. VMCOREINFO of others leads to none: page at 0x200000: 6\.12\.0-another-machine: page tables at 0x[0-9a-f]+ /,
    );
  });
});
