// A drawn program with a dynamic linker's list: headers, a dynamic section, and entries that lead to each other.
import { DrawnAreas } from './areas.ts';
import { DrawnFiles } from './files.ts';
import { type FakeKernel, fakeKernel } from './kernel.ts';

const WITHOUT = ['mm_struct.mmap', 'vm_area_struct.vm_next', 'vm_area_struct.shared'];
const [VM_READ, VM_EXEC] = [1, 4];
/** Where the program lies, and what its linker keeps. */
export const PROGRAM = 0x40_0000n;
export const LINKER_DATA = 0x70_0000n;
/** In the linker's data: its `r_debug`, the first entry of the list, and the first name. */
const [ENTRIES, NAMES] = [0x100, 0x800];
const DYNAMIC = 0x800n;
const END = { 4: 0xffff_e000n, 8: 0x7fff_ffff_f000n } as const;

/** What is particular about the program. */
export interface ProgramWishes {
  readonly width?: 4 | 8;
  /** Without a segment that names a linker, and without a place for its list. */
  readonly isStatic?: boolean;
}

/** What a linker lists: where it lies, and its name. */
export interface DrawnEntry {
  readonly start: bigint;
  readonly name: string;
}

/** A process with a program, libraries, and a list of them. */
export class LinkedProgram {
  readonly kernel: FakeKernel;
  readonly pid = 9;
  readonly width: 4 | 8;
  readonly #areas: DrawnAreas;
  readonly #files: DrawnFiles;
  readonly #mapped: bigint[] = [];
  readonly #pages = new Map<bigint, number>();

  constructor({ width = 8, isStatic = false }: ProgramWishes = {}) {
    this.width = width;
    this.kernel = fakeKernel('init(1) bash(9)', { without: WITHOUT });
    this.#areas = new DrawnAreas(this.kernel);
    this.#files = new DrawnFiles(this.kernel);
    const wide = width === 8;
    const mm = this.#areas.memoryOf(this.pid);
    const table = PROGRAM + (wide ? 64n : 52n);
    this.kernel.write(mm, 'mm_struct', { task_size: END[width] });
    const told = this.kernel.member(mm, 'mm_struct', 'saved_auxv');
    const vector = [3n, table, 4n, wide ? 56n : 32n, 5n, isStatic ? 1n : 3n, 7n, isStatic ? 0n : LINKER_DATA];
    for (const [nth, word] of vector.entries()) this.#put(this.kernel.physical(told) + nth * width, word);
    const program = this.file(PROGRAM, 'prog');
    const exe_file = this.kernel.read(program, 'vm_area_struct', 'vm_file');
    this.kernel.write(mm, 'mm_struct', { exe_file });
    const segments = isStatic ? [6] : [6, 3, 2];
    for (const [nth, type] of segments.entries()) {
      const at = table + BigInt(nth * (wide ? 56 : 32));
      const place = type === 6 ? table - PROGRAM : DYNAMIC;
      this.put32(at, type);
      this.put(at + (wide ? 16n : 8n), place);
      this.put(at + (wide ? 40n : 20n), 0x100n);
    }
    if (!isStatic) this.dynamic(21n, LINKER_DATA);
    this.page(LINKER_DATA);
  }

  /** The first entry of the dynamic section. */
  dynamic(tag: bigint, value: bigint): void {
    this.put(PROGRAM + DYNAMIC, tag);
    this.put(PROGRAM + DYNAMIC + BigInt(this.width), value);
  }

  /** Maps a file that begins as programs do, in one page. @returns its mapping */
  file(start: bigint, name: string, { isCode = true, magic = 0x464c_457f } = {}): bigint {
    const file = this.#files.open(this.#files.entry(this.#files.root, name));
    const area = this.#areas.area(start, start + 0x1000n, {
      ...{ vm_file: file, vm_flags: VM_READ | (isCode ? VM_EXEC : 0) },
    });
    this.#mapped.push(area);
    this.page(start);
    this.put32(start, magic);
    // Beside what is drawn there, so that no page is blank.
    this.put32(start + 0xff0n, 1);
    return area;
  }

  /** Maps one more page of the file that is mapped from `of` on, written by the process; pages of the file are counted from `page`. */
  more(of: bigint, start: bigint, page = 1n): void {
    const first = this.#areaAt(of);
    const vm_file = this.kernel.read(first, 'vm_area_struct', 'vm_file');
    const values = { vm_file, vm_flags: VM_READ, vm_pgoff: page, anon_vma: 1n };
    const area = this.#areas.area(start, start + 0x1000n, values);
    this.#mapped.splice(this.#mapped.indexOf(first) + 1, 0, area);
    this.page(start);
    this.put32(start + 0xff0n, 1);
  }

  #areaAt(start: bigint): bigint {
    return this.#mapped.find((area) => this.kernel.read(area, 'vm_area_struct', 'vm_start') === start)!;
  }

  /** Draws the linker's list. */
  list(entries: readonly DrawnEntry[]): void {
    const at = (nth: number): bigint =>
      nth < 0 || nth >= entries.length ? 0n : LINKER_DATA + BigInt(ENTRIES + nth * 0x40);
    this.words(LINKER_DATA, [1n, at(0), 0n, 0n, 0n, 0n]);
    for (const [nth, { start, name }] of entries.entries()) {
      const nameAt = LINKER_DATA + BigInt(NAMES + nth * 0x40);
      this.kernel.image.write(this.physical(nameAt), `${name}\0`);
      this.words(at(nth), [start, nameAt, start + DYNAMIC, at(nth + 1), at(nth - 1)]);
    }
  }

  /** Where the entry with this number is. */
  entry(nth: number): bigint {
    return LINKER_DATA + BigInt(ENTRIES + nth * 0x40);
  }

  /** A page of the process's own. */
  page(start: bigint): void {
    if (this.#pages.has(start)) return;
    const page = this.kernel.image.takePages(1);
    this.kernel.image.map(start, { to: page, root: this.kernel.rootOf(this.pid) });
    this.#pages.set(start, page);
  }

  physical(address: bigint): number {
    return this.#pages.get(address & ~0xfffn)! + Number(address & 0xfffn);
  }

  /** A word of the program's width. */
  put(address: bigint, word: bigint): void {
    this.#put(this.physical(address), word);
  }

  /** Words of the program's width, one after the other. */
  words(address: bigint, words: readonly bigint[]): void {
    for (const [nth, word] of words.entries()) this.put(address + BigInt(nth * this.width), word);
  }

  put32(address: bigint, value: number): void {
    this.kernel.image.put32(this.physical(address), value);
  }

  lose(address: bigint): void {
    this.kernel.image.lose(this.physical(address));
  }

  /** The kernel as it is now. */
  linux() {
    this.#areas.giveTree(this.pid, this.#mapped);
    return this.kernel.linux();
  }

  #put(at: number, word: bigint): void {
    if (this.width === 8) this.kernel.image.put64(at, word);
    else this.kernel.image.put32(at, Number(word));
  }
}
