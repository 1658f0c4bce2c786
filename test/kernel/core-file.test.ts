// Core files of drawn processes, read with the program's own reader of ELF: segments, notes, registers, and what damage costs.
import { describe, expect, it } from 'vitest';
import { saveArtefact } from '../../src/extract/artefact-file.ts';
import { type CoreFile, coreOf } from '../../src/kernel/linux/coredump/core-file.ts';
import { type CoreSegment, headersOf } from '../../src/kernel/linux/coredump/core-headers.ts';
import { PIDTYPE } from '../../src/kernel/linux/process/pid-table.ts';
import { tasks } from '../../src/kernel/linux/process/processes.ts';
import { PT_LOAD, PT_NOTE, readElfHeaders } from '../../src/snapshot/elf-header.ts';
import { SnapshotFile } from '../../src/snapshot/file.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { DrawnAreas } from '../support/areas.ts';
import { DrawnFiles } from '../support/files.ts';
import { fakeKernel } from '../support/kernel.ts';
import { drawStacks } from '../support/stacks.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
let count = 0;

const TEXT = 0x40_0000n;
const HEAP = 0x7000_0000_0000n;
const TERABYTE = 2 ** 40;
/** Where `struct pt_regs` of x86-64 has what the program looks at. */
const PT_REGS = {
  'pt_regs.sp': 152,
  'pt_regs.ip': 128,
  'pt_regs.cs': 136,
  'pt_regs.ss': 160,
  'pt_regs.bp': 32,
};
const WITHOUT = [
  'mm_struct.mmap',
  'vm_area_struct.vm_next',
  'vm_area_struct.shared',
  'pt_regs.pc',
  'pt_regs.pstate',
];

/** Process 9 of two threads, with a program of two pages of which one is mapped, and a terabyte of which one page is. */
function drawn(narrow = false) {
  const traits = { 9: { threads: [1n, 2n], args: 'worker\0--all\0', uid: 1000, nice: -5 } };
  const at = PT_REGS;
  const kernel = fakeKernel('init(1) [kthreadd](2) worker(9)', {
    traits,
    at,
    without: [...WITHOUT, 'pt_regs.regs', 'pt_regs.stackframe', 'thread_struct.cpu_context'],
  });
  const areas = new DrawnAreas(kernel);
  const files = new DrawnFiles(kernel);
  const entry = files.entry(files.root, 'worker');
  kernel.write(entry.inode, 'inode', { i_size: 0x2000 });
  const program = files.open(entry, { f_mapping: kernel.draw('address_space', { host: entry.inode }) });
  const signal = kernel.read(kernel.task(9), 'task_struct', 'signal');
  const numbers = kernel.physical(kernel.member(signal, 'signal_struct', 'pids'));
  for (const type of [PIDTYPE.group, PIDTYPE.session]) kernel.image.put64(numbers + 8 * type, kernel.pid(9));
  const heap = narrow ? 0x8000_0000n : HEAP;
  const size = narrow ? 2 ** 30 : TERABYTE;
  areas.giveTree(9, [
    areas.area(TEXT, TEXT + 0x2000n, { vm_flags: 0x75n, vm_file: program }),
    areas.area(heap, heap + BigInt(size), { vm_flags: 0x73n }),
  ]);
  const [text, data] = [kernel.image.takePages(1), kernel.image.takePages(1)];
  kernel.image.write(text, 'text of the program');
  kernel.image.write(data, 'far away');
  const root = kernel.rootOf(9);
  kernel.image.map(TEXT, { to: text, root });
  kernel.image.map(heap + BigInt(size / 2), { to: data, root });
  const [, first, second] = drawStacks(kernel, [1, 9, 10], {
    ip: 0x40_0123n,
    sp: 0x7ffc_0000n,
    cs: 0xabcd_0033,
    ss: 0x2b,
  });
  kernel.write(second!, 'pt_regs', { ip: 0x40_0456n });
  const thread = kernel.member(kernel.task(10), 'task_struct', 'thread');
  kernel.write(thread, 'thread_struct', { fsbase: 0x7f12_3456_7000n, ds: 7, fsindex: 3 });
  const mm = areas.memoryOf(9);
  kernel.write(mm, 'mm_struct', { task_size: narrow ? 0xffff_e000n : 0x7fff_ffff_f000n });
  const vector = kernel.physical(kernel.member(mm, 'mm_struct', 'saved_auxv'));
  for (const [nth, word] of [6n, 4096n, 9n, 0x40_0123n, 0n, 0n].entries())
    if (narrow) kernel.image.put32(vector + 4 * nth, Number(word));
    else kernel.image.put64(vector + 8 * nth, word);
  return { kernel, text, data, heap, size, first: first! };
}

/** What is written of process 9. */
function coreOf9({ kernel }: ReturnType<typeof drawn>): CoreFile {
  const task = [...tasks(kernel.linux())].find(({ pid }) => pid === 9)!;
  return coreOf(task)!;
}

interface Read {
  readonly path: string;
  readonly segments: ReturnType<typeof readElfHeaders>['segments'];
  readonly bits: number;
  readonly machine: string;
  readonly notes: readonly { readonly type: number; readonly body: Buffer }[];
  bytes(offset: number, length: number): Buffer;
}

function written(core: CoreFile): Read {
  const path = scratch.path(`core.${++count}`);
  saveArtefact(path, { name: 'core', ...core });
  const file = new SnapshotFile(path);
  const { segments, bits, machine } = readElfHeaders(file);
  const bytes = (offset: number, length: number): Buffer => file.bytes(offset, length, 'core');
  const { offset, fileBytes } = segments.find(({ type }) => type === PT_NOTE)!;
  const table = bytes(offset, fileBytes);
  const notes: { type: number; body: Buffer }[] = [];
  for (let at = 0; at < table.length; ) {
    expect(table.toString('latin1', at + 12, at + 17)).toBe('CORE\0');
    const length = table.readUInt32LE(at + 4);
    notes.push({ type: table.readUInt32LE(at + 8), body: table.subarray(at + 20, at + 20 + length) });
    at += 20 + Math.ceil(length / 4) * 4;
  }
  return { path, segments, bits, machine, notes, bytes };
}

const NAMES = { 1: 'PRSTATUS', 3: 'PRPSINFO', 6: 'AUXV', 1179208773: 'FILE', 1397311305: 'SIGINFO' } as const;
const nameOf = (type: number): string => NAMES[type as keyof typeof NAMES];

describe('a core file', () => {
  it('has a segment for what memory has of each mapping, and one without bytes for what it has not', () => {
    const world = drawn();
    const core = coreOf9(world);
    const { segments, bytes, bits, machine } = written(core);
    expect([bits, machine]).toEqual([64, 'x86-64']);
    const loads = segments.filter(({ type }) => type === PT_LOAD);
    const half = TERABYTE / 2;
    expect(loads.map(({ virtual, fileBytes, memoryBytes }) => [virtual, fileBytes, memoryBytes])).toEqual([
      [Number(TEXT), 4096, 4096],
      [Number(TEXT) + 4096, 0, 4096],
      [Number(HEAP), 0, half],
      [Number(HEAP) + half, 4096, 4096],
      [Number(HEAP) + half + 4096, 0, half - 4096],
    ]);
    expect(bytes(loads[0]!.offset, 19).toString()).toBe('text of the program');
    expect(bytes(loads[3]!.offset, 8).toString()).toBe('far away');
    expect(core.absent).toEqual({ 'not-cached': 4096, 'never-touched': TERABYTE - 4096 });
    expect(core.size).toBeLessThan(20_000);
  });

  it('has the registers of every thread, the first one first', () => {
    const { notes } = written(coreOf9(drawn()));
    expect(notes.map(({ type }) => nameOf(type))).toEqual([
      'PRSTATUS',
      'PRPSINFO',
      'SIGINFO',
      'AUXV',
      'FILE',
      'PRSTATUS',
    ]);
    const [first, second] = notes.filter(({ type }) => type === 1).map(({ body }) => body);
    expect([first!.length, second!.length]).toEqual([336, 336]);
    const word = (body: Buffer, nth: number): bigint => body.readBigUInt64LE(112 + 8 * nth);
    expect([first!.readUInt32LE(32), second!.readUInt32LE(32)]).toEqual([9, 10]);
    expect([word(first!, 16), word(first!, 19), word(second!, 16)]).toEqual([
      0x40_0123n,
      0x7ffc_0000n,
      0x40_0456n,
    ]);
    // What kernels keep above a selector is none of it; the base of FS is kept with the thread.
    expect([word(first!, 17), word(first!, 20)]).toEqual([0x33n, 0x2bn]);
    expect([word(second!, 21), word(second!, 23), word(second!, 25)]).toEqual([0x7f12_3456_7000n, 7n, 3n]);
  });

  it('says what the process is, what the kernel told it, and which files it maps', () => {
    const { notes } = written(coreOf9(drawn()));
    const body = (type: number): Buffer => notes.find((note) => note.type === type)!.body;
    const told = body(3);
    expect(told.length).toBe(136);
    expect([told[0], String.fromCharCode(told[1]!), told.readInt8(3)]).toEqual([1, 'S', -5]);
    expect([told.readUInt32LE(16), told.readUInt32LE(24)]).toEqual([1000, 9]);
    expect(told.toString('latin1', 40, 56).replace(/\0.*/s, '')).toBe('worker');
    expect(told.toString('latin1', 56).replace(/\0.*/s, '')).toBe('worker --all ');
    expect([...Array(6).keys()].map((nth) => body(6).readBigUInt64LE(8 * nth))).toEqual([
      6n,
      4096n,
      9n,
      0x40_0123n,
      0n,
      0n,
    ]);
    const files = body(0x46494c45);
    expect([...Array(5).keys()].map((nth) => files.readBigUInt64LE(8 * nth))).toEqual([
      1n,
      4096n,
      TEXT,
      TEXT + 0x2000n,
      0n,
    ]);
    expect(files.toString('latin1', 40)).toBe('/worker\0');
  });

  it('is that of i386 where the program has 32 bits', () => {
    const { bits, machine, notes, segments } = written(coreOf9(drawn(true)));
    expect([bits, machine]).toEqual([32, 'i386']);
    const [status] = notes.map(({ body }) => body);
    expect([status!.length, status!.readUInt32LE(24)]).toEqual([144, 9]);
    expect([status!.readUInt32LE(72 + 4 * 12), status!.readUInt32LE(72 + 4 * 15)]).toEqual([
      0x40_0123, 0x7ffc_0000,
    ]);
    expect(notes[1]!.body.length).toBe(124);
    expect(notes[3]!.body.length).toBe(24);
    expect(segments.filter(({ type }) => type === PT_LOAD).map(({ virtual }) => virtual)).toContain(
      0x8000_0000,
    );
  });

  it('is known as that of a process where somebody takes it for a snapshot', () => {
    const { path } = written(coreOf9(drawn()));
    expect(() => openSnapshot(path)).toThrow('is the core dump of a process, not of a machine');
  });

  it('is none of what has no memory', () => {
    const kernel = drawn().kernel.linux();
    const thread = [...tasks(kernel)].find(({ pid }) => pid === 2)!;
    expect(coreOf(thread)).toBeNull();
  });

  it('loses a page as a hole with its reason, and the rest of the file stays', () => {
    const world = drawn();
    world.kernel.image.lose(world.data);
    const core = coreOf9(world);
    expect(core.absent['not-in-snapshot']).toBe(4096);
    expect(
      written(core).segments.filter(({ fileBytes, type }) => type === PT_LOAD && fileBytes > 0),
    ).toHaveLength(1);
  });

  it('says which thread has no registers, and why', () => {
    const world = drawn();
    world.kernel.lose(world.first);
    const lost = coreOf9(world);
    expect(lost.remarks).toEqual([
      expect.stringMatching(/^registers of thread 9: physical page 0x\w+ is not in/),
    ]);
    expect(written(lost).notes.filter(({ type }) => type === 1)).toHaveLength(1);
    const ended = drawn();
    ended.kernel.write(ended.kernel.task(10), 'task_struct', { exit_state: 32 });
    expect(coreOf9(ended).remarks).toEqual(['thread 10 has ended: it has no registers']);
    const running = drawn();
    running.kernel.write(running.kernel.task(9), 'task_struct', { on_cpu: 1 });
    expect(coreOf9(running).remarks).toEqual([
      'thread 9 ran on a CPU: its registers are those of its last way into the kernel',
    ]);
    const kernels = drawn();
    kernels.kernel.write(kernels.first, 'pt_regs', { ip: 0n });
    expect(coreOf9(kernels).remarks).toEqual(['thread 9 has no registers of user mode']);
  });

  it('claims no registers where a kernel keeps them in another order', () => {
    const world = drawn();
    const [offset, size] = world.kernel.profile.types['pt_regs']!.members['ip']!;
    (world.kernel.profile.types['pt_regs']!.members as Record<string, readonly number[]>)['ip'] = [
      offset - 8,
      size,
    ];
    world.kernel.write(world.first, 'pt_regs', { ip: 0x40_0123n });
    const { remarks } = coreOf9(world);
    expect(remarks[0]).toBe(
      'registers of thread 9: this kernel keeps the registers of user mode in another order',
    );
  });

  it('counts more segments than a header has room for in the first section', () => {
    const segments: CoreSegment[] = Array.from({ length: 70_000 }, (_, nth) => ({
      ...{ address: BigInt(nth) * 8192n, memoryBytes: 4096, fileBytes: 0, rights: 6, offset: 0 },
    }));
    for (const abi of [
      { registers: 'x86-64', machine: 62, wordBytes: 8, registerBytes: 216 },
      { registers: 'i386', machine: 3, wordBytes: 4, registerBytes: 68 },
    ] as const) {
      const file = new SnapshotFile(scratch.file(`many.${abi.registers}`, headersOf(abi, segments, 0, 4096)));
      const read = readElfHeaders(file);
      file.close();
      expect(read.segments).toHaveLength(70_001);
      expect(read.segments.at(-1)).toMatchObject({
        type: PT_LOAD,
        virtual: 69_999 * 8192,
        memoryBytes: 4096,
      });
    }
  });
});
