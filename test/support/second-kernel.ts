// A second kernel in one memory: the upper half is the lower once more, and its page tables map the image to itself.
// All else they map to where the first has it, as nothing but the image is moved.
import { physical } from '../../src/base/address.ts';
import { PhysicalMemory } from '../../src/memory/physical.ts';
import { PAGE_BYTES, type PhysicalSource } from '../../src/memory/source.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { parseVmcoreinfo, vmcoreinfoIn } from '../../src/profile/vmcoreinfo.ts';
import { type Session, startSession } from '../../src/session/session.ts';
import type { CpuState } from '../../src/snapshot/format.ts';
import type { Snapshot } from '../../src/snapshot/open.ts';

/** Memory above this is the upper half: a multiple of every page that maps the image. */
const HALF = 0x600_0000;
const ENTRY_BYTES = 8;
const PRESENT = 1n;
const LARGE = 0x80n;
const FRAME = 0x000f_ffff_ffff_f000n;

/** A snapshot of x86-64 with 4 levels, twice in one memory. The second kernel is whole, and no process is in its list. */
export class TwoKernels {
  /** The kernel that was there. */
  readonly first: Session;
  /** Page-table roots. */
  readonly roots: readonly [first: number, second: number];
  readonly #snapshot: Snapshot;
  readonly #source: PhysicalSource;
  /** The lower half, unpacked once. */
  readonly #lower: Uint8Array;
  readonly #pages = new Map<number, Buffer>();

  constructor(snapshot: Snapshot, profile: Profile) {
    this.#snapshot = { ...snapshot, contents: { ...snapshot.contents, vmcoreinfo: null } };
    this.first = startSession(this.#snapshot, { profile, search: 'proof' });
    const { source } = snapshot.contents;
    this.#lower = new Uint8Array(source.ranges.at(-1)!.end);
    for (const { start, end } of source.ranges) source.read(start, this.#lower.subarray(start, end));
    const end = physical(HALF + this.#lower.length);
    this.#source = {
      ranges: [...source.ranges, { start: physical(HALF), end }],
      costlyPages: true,
      fileOffset: () => null,
      read: (at, into) => {
        for (let done = 0; done < into.length; done += PAGE_BYTES) into.set(this.#page(at + done), done);
        return into.length;
      },
    };
    const { root } = this.first.located.paging;
    this.roots = [root, root + HALF];
    this.#moveImage();
    this.#alone();
    this.#introduce();
  }

  /** The snapshot as a file without registers has it, or with those given. */
  snapshot(cpus: readonly CpuState[] = []): Snapshot {
    const contents = { ...this.#snapshot.contents, source: this.#source, cpus };
    return { ...this.#snapshot, contents, memory: new PhysicalMemory(this.#source) };
  }

  /** Writes a variable of the second kernel's image; of the first's with `which` 0. */
  put(
    symbol: Parameters<Session['kernel']['symbol']>[0],
    value: bigint,
    bytes: 4 | 8,
    which: 0 | 1 = 1,
  ): void {
    this.putAt(this.#placeOf(symbol) + which * HALF, value, bytes);
  }

  /** Writes at a physical address. */
  putAt(at: number, value: bigint, bytes: 4 | 8): void {
    const page = this.#own(at - (at % PAGE_BYTES));
    if (bytes === 8) page.writeBigUInt64LE(BigInt.asUintN(64, value), at % PAGE_BYTES);
    else page.writeUInt32LE(Number(BigInt.asUintN(32, value)), at % PAGE_BYTES);
  }

  /** Where the second kernel's clock is: nanoseconds of `offs_real` move it. */
  setClock(nanoseconds: bigint): void {
    const { kernel } = this.first;
    const { types } = kernel;
    const holder = kernel.symbol(kernel.hasSymbol('timekeeper_data') ? 'timekeeper_data' : 'tk_core');
    const counter = types.has('seqcount_raw_spinlock') ? 'seqcount_raw_spinlock' : 'seqcount';
    const timekeeper = types.has('tk_data', 'timekeeper')
      ? types.offsetOf('tk_data', 'timekeeper')
      : Math.ceil(types.sizeOf(counter) / 8) * 8;
    const at = this.#physical(holder + BigInt(timekeeper + types.offsetOf('timekeeper', 'offs_real')));
    this.putAt(at + HALF, nanoseconds, 8);
  }

  /** Fills a page with a text. */
  putText(at: number, text: string): void {
    this.#own(at).fill(0).write(text, 'latin1');
  }

  /** VMCOREINFO as the first kernel has it. */
  get text(): string {
    const { memory } = this.first.snapshot;
    return vmcoreinfoIn(memory.restOfPage(physical(Number(this.first.facts.kernel.vmcoreinfoAt))))!;
  }

  #page(at: number): Uint8Array {
    const lower = at >= HALF ? at - HALF : at;
    return this.#pages.get(at) ?? this.#lower.subarray(lower, lower + PAGE_BYTES);
  }

  #own(at: number): Buffer {
    let page = this.#pages.get(at);
    if (page === undefined) {
      page = Buffer.from(this.#page(at));
      this.#pages.set(at, page);
    }
    return page;
  }

  #physical(address: bigint): number {
    return Number(BigInt.asUintN(64, address - this.first.located.delta));
  }

  #placeOf(symbol: Parameters<Session['kernel']['symbol']>[0]): number {
    return this.#physical(this.first.kernel.symbol(symbol));
  }

  /** The second root's part that maps the image leads to tables of its own, and those to the upper half. */
  #moveImage(): void {
    const text = this.first.kernel.symbol('_text');
    const top = this.roots[1] + ENTRY_BYTES * Number((text >> 39n) & 511n);
    this.#raise(top, 4, Number((text >> 30n) & 511n));
  }

  /** Makes an entry, and all below it, lead to the upper half; `only` one of the entries of the table that it leads to. */
  #raise(at: number, level: number, only?: number): void {
    const entry = this.#own(at - (at % PAGE_BYTES)).readBigUInt64LE(at % PAGE_BYTES);
    if ((entry & PRESENT) === 0n || (entry & FRAME) >= BigInt(HALF)) return;
    this.putAt(at, entry + BigInt(HALF), 8);
    if (level === 1 || (level < 4 && (entry & LARGE) !== 0n)) return;
    const table = Number(entry & FRAME) + HALF;
    for (let index = 0; index < 512; index++)
      if (only === undefined || only === index) this.#raise(table + index * ENTRY_BYTES, level - 1);
  }

  /** The second kernel's task list has no process: those of the first are mapped by other tables. */
  #alone(): void {
    const { kernel } = this.first;
    const head = kernel.symbol('init_task') + BigInt(kernel.types.offsetOf('task_struct', 'tasks'));
    for (const within of [0, 8]) this.putAt(this.#physical(head) + within + HALF, head, 8);
  }

  /** What the second kernel says of its own place: `phys_base`, and a VMCOREINFO in its image. */
  #introduce(): void {
    const { text } = this;
    const { numbers } = parseVmcoreinfo(text)!;
    const base = numbers.get('phys_base')! + BigInt(HALF);
    this.put('phys_base', base, 8);
    const page = this.first.kernel.symbol('_text');
    this.putText(this.#physical(page) + HALF, text.replace(/phys_base\)=-?\d+/, `phys_base)=${base}`));
    this.put('vmcoreinfo_data', page, 8);
    this.put('vmcoreinfo_note', page, 8);
  }
}
