// The files that a process has mapped, each as one: a program's code, its data and what lies between are mappings of their own.
// Linux: fs/binfmt_elf.c (elf_map); the dynamic linker maps libraries in the same way.
import type { VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure, EvidenceFault, PageMissing } from '../../../base/errors.ts';
import { rangeAround } from '../../../base/ranges.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import { cachedPage } from '../memory/page-cache.ts';
import type { Area } from '../process/areas.ts';
import { PT } from '../process/elf-segments.ts';
import { MappedElf } from '../process/mapped-elf.ts';

const MAGIC = 0x464c_457f;

/** A file as it is mapped in one piece. */
export class MappedFile {
  /** Ascending. */
  readonly areas: Area[];
  /** Where its inode is. */
  readonly inode: VirtualAddress;
  #spanEnd: VirtualAddress | undefined;

  constructor(first: Area, inode: VirtualAddress) {
    this.areas = [first];
    this.inode = inode;
  }

  get first(): Area {
    return this.areas[0]!;
  }
  /** Whether any of it is code. @throws EvidenceFault */
  get isExecutable(): boolean {
    return this.areas.some(({ flags }) => flags.includes('x'));
  }

  /** Whether it is a program or library: by its first bytes, where they are mapped or else cached. @throws EvidenceFault where they are nowhere */
  get isElf(): boolean {
    const { first } = this;
    const { kernel, userSpace } = first.task;
    if (first.offset === 0n && userSpace !== null)
      return userSpace.memory.i32(userSpace.translate(first.start)) === MAGIC;
    const mapping = first.raw.vm_file?.f_mapping ?? null;
    if (mapping === null) return false;
    const page = cachedPage(kernel, mapping, 0n);
    if (page.kind === 'page') return kernel.space.memory.i32(page.memory) === MAGIC;
    throw new PageMissing('not-cached', 'the first page of the file is not cached', kernel.pageBytes);
  }

  /** Whether a mapping of the file's beginning that lies further up is still of this piece: data may share its first page. */
  reaches(address: VirtualAddress): boolean {
    this.#spanEnd ??= this.#endOfSegments();
    return address < this.#spanEnd;
  }

  #endOfSegments(): VirtualAddress {
    const { first } = this;
    const space = first.task.userSpace;
    if (space === null || first.offset !== 0n) return first.end;
    try {
      const elf = new MappedElf(space, first.start);
      const { bias } = elf;
      const loaded = elf.segments.filter(({ type }) => type === PT.load);
      return loaded.reduce((end, { address, memoryBytes }) => {
        const own = BigInt.asUintN(64, bias + address) + BigInt(memoryBytes);
        return own > end ? own : end;
      }, first.end);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return first.end;
    }
  }
}

/** A mapping, its bounds, and the file that it is of, if it is of one. */
interface Mapping {
  readonly area: Area;
  readonly start: VirtualAddress;
  readonly end: VirtualAddress;
  readonly file: MappedFile | undefined;
}

/** The mappings of a process: those of files together, and which one is around an address. */
export class MappedFiles {
  readonly files: readonly MappedFile[];
  /** The first of each inode. */
  readonly #firsts = new Map<VirtualAddress, MappedFile>();
  /** Ascending. */
  readonly #mappings: readonly Mapping[];

  /** @param areas those of one process, as many as could be found */
  constructor(areas: Iterable<Area>) {
    const files: MappedFile[] = [];
    const last = new Map<VirtualAddress, MappedFile>();
    const mappings: Mapping[] = [];
    for (const area of areas) {
      const found = unlessFault(() => boundsAndInodeOf(area), undefined);
      if (found === undefined) continue;
      const { start, end, inode } = found;
      let file = inode === null ? undefined : last.get(inode);
      if (inode !== null) {
        if (file === undefined || (area.offset === 0n && !file.reaches(start))) {
          file = new MappedFile(area, inode);
          files.push(file);
          last.set(inode, file);
          if (!this.#firsts.has(inode)) this.#firsts.set(inode, file);
        } else file.areas.push(area);
      }
      mappings.push({ area, start, end, file });
    }
    this.files = files;
    // A broken tree may have them in another order.
    const isAscending = mappings.every(({ start }, nth) => nth === 0 || mappings[nth - 1]!.start <= start);
    this.#mappings = isAscending ? mappings : mappings.sort((a, b) => (a.start < b.start ? -1 : 1));
  }

  /** How many mappings there are. */
  get count(): number {
    return this.#mappings.length;
  }

  /** The first file that is mapped with an inode. */
  fileOf(inode: VirtualAddress): MappedFile | undefined {
    return this.#firsts.get(inode);
  }

  /** The mapping around an address, if one is. */
  at(address: VirtualAddress): Pick<Mapping, 'area' | 'file'> | undefined {
    return rangeAround(this.#mappings, address);
  }
}

/** A mapping's bounds, and where the inode of its file is; null where it has no file. @throws EvidenceFault */
function boundsAndInodeOf({ raw }: Area): {
  readonly start: VirtualAddress;
  readonly end: VirtualAddress;
  readonly inode: VirtualAddress | null;
} {
  const { vm_start: start, vm_end: end, vm_file: file } = raw;
  if (start >= end) throw new CorruptStructure('a mapping that ends before it begins');
  return { start, end, inode: file === null ? null : (file.f_inode?.address ?? null) };
}
