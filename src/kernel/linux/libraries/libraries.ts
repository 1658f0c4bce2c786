// The libraries of a process: those that its dynamic linker lists, and the files that are mapped as programs are.
// What is mapped and not listed somebody loaded by hand, or took off the list; what is listed has a file behind it.
import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault, WalkIncomplete } from '../../../base/errors.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import { mustNotBeBlank } from '../blank.ts';
import type { Linux } from '../linux.ts';
import type { ProcessMemory } from '../memory/process-memory.ts';
import { type Area, areasOf } from '../process/areas.ts';
import { tasks } from '../process/processes.ts';
import type { Task } from '../process/task.ts';
import { AT, auxiliaryVector } from './auxiliary-vector.ts';
import { debugPlaceIn, debugPlaceOf, searchedPlace } from './debug-place.ts';
import { type LinkedLibrary, type LinkMap, linkMapAt, NOT_BEGUN } from './link-map.ts';
import { type MappedFile, MappedFiles } from './mapped-files.ts';
import { UserWords } from './user-words.ts';

/** PATH_MAX. */
const MOST_NAME_BYTES = 4096;
/** Mapped programs that are looked at for a list: one that was started by naming its linker is among the first. */
const MOST_TRIED = 64;
/** A fault is made and thrown in the time of so many reads. */
const FAULT_COST = 100;
/** Of a process of which it is not known how wide its words are; a note has said so. */
const UNKNOWN: LinkMap = { libraries: [], why: 'it cannot be found' };

/** A library of a process. */
export class Library {
  readonly task: Task;
  /** From 0, in the linker's order; null where its list does not have it. */
  readonly position: number | null;
  readonly #linked: LinkedLibrary | null;
  readonly #area: Area | undefined;
  readonly #file: MappedFile | undefined;
  readonly #of: ProcessLibraries;

  constructor(
    of: ProcessLibraries,
    linked: { readonly library: LinkedLibrary; readonly position: number } | null,
    found: { readonly area: Area | undefined; readonly file: MappedFile | undefined },
  ) {
    this.#of = of;
    this.task = of.task;
    this.position = linked?.position ?? null;
    this.#linked = linked?.library ?? null;
    this.#area = found.area;
    this.#file = found.file;
  }

  /** What the linker calls it: the path by which it was loaded; null for the program itself, and where it is not listed. @throws EvidenceFault */
  get name(): string | null {
    const { words } = this.#of;
    if (this.#linked === null || words === null) return null;
    const { nameAt } = this.#linked;
    const name = words.text(nameAt, MOST_NAME_BYTES);
    if (name === '') mustNotBeBlank(words.space, nameAt);
    return name || null;
  }
  /** The file that is mapped there, or what the kernel calls the mapping; null where there is none. @throws EvidenceFault */
  get path(): string | null {
    return (this.#file?.first ?? this.#area)?.path ?? null;
  }
  /** Where its first mapping begins; null where there is none. @throws EvidenceFault */
  get start(): VirtualAddress | null {
    return (this.#file?.first ?? this.#area)?.start ?? null;
  }
  /** What the linker added to the addresses of the file; null where it is not listed. */
  get bias(): bigint | null {
    return this.#linked?.bias ?? null;
  }
  /** Whether the linker lists it; null in a program that has no dynamic linker. @throws WalkIncomplete where the list may lack some */
  isListed(): boolean | null {
    return this.#linked === null ? this.#of.isUnlisted() : true;
  }
  /** Whether a file is mapped where the linker has it; null where the kernel itself put it there. @throws WalkIncomplete where mappings may be missing @throws EvidenceFault */
  isMapped(): boolean | null {
    if (this.#file !== undefined) return true;
    if (this.#area?.isKernels === true) return null;
    if (!this.#of.hasAllAreas) throw new WalkIncomplete('not all mappings could be found');
    return false;
  }
}

/** What the libraries of one process are told from. */
class ProcessLibraries {
  readonly task: Task;
  readonly #mapped: MappedFiles;
  /** Null where its words cannot be told. */
  readonly words: UserWords | null;
  /** Null in a program without a dynamic linker. */
  readonly #list: LinkMap | null;
  readonly #own: MappedFile | undefined;
  readonly hasAllAreas: boolean;

  constructor(task: Task, memory: ProcessMemory) {
    this.task = task;
    const { kernel } = task;
    this.#mapped = new MappedFiles(areasOf(task));
    const counted = unlessFault(() => memory.raw.map_count, undefined);
    this.hasAllAreas = counted === undefined || this.#mapped.count >= counted;
    const what = `list of libraries of ${task.label}`;
    this.words = kernel.attempt(() => new UserWords(memory), null, what);
    const exe = unlessFault(() => memory.raw.exe_file?.f_inode?.address, undefined);
    this.#own = exe === undefined ? undefined : this.#mapped.fileOf(exe);
    this.#list = this.words === null ? UNKNOWN : this.#findList(this.words, memory);
    const why = this.#list?.why ?? null;
    if (why !== null && why !== NOT_BEGUN && this.words !== null) kernel.note(`${what}: ${why}`);
  }

  /** Null in a program without a dynamic linker, false where it has one whose list is whole. @throws WalkIncomplete */
  isUnlisted(): false | null {
    if (this.#list === null) return null;
    if (this.#list.why !== null) throw new WalkIncomplete(`its list of libraries: ${this.#list.why}`);
    return false;
  }

  /** Every library: those listed in their order, then what else is mapped. `unread` is told what cannot be told apart. */
  *all(unread: (fault: EvidenceFault) => void): Generator<Library> {
    const listed = new Set<MappedFile>();
    for (const [position, library] of (this.#list?.libraries ?? []).entries()) {
      const { area, file: end } = this.#mapped.at(library.dynamic) ?? {};
      // Where its header is lost, what begins there and what has the dynamic section may look like two.
      const begin = library.bias === 0n ? undefined : this.#mapped.at(library.bias)?.file;
      const file = begin !== undefined && begin.inode === end?.inode ? begin : end;
      for (const own of [file, end]) if (own !== undefined) listed.add(own);
      yield new Library(this, { library, position }, { area, file });
    }
    for (const file of this.#mapped.files) {
      // A program without a linker needs no list.
      if (listed.has(file) || (this.#list === null && file === this.#own)) continue;
      try {
        if (file.isExecutable && file.isElf) yield new Library(this, null, { area: file.first, file });
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        this.task.kernel.space.memory.spend(FAULT_COST);
        unread(fault);
      }
    }
  }

  /** Null where the program has no list. */
  #findList(words: UserWords, memory: ProcessMemory): LinkMap | null {
    try {
      const told = auxiliaryVector(memory.kernel, memory.raw, words.width);
      const hasLinker = (told.get(AT.linker) ?? 0n) !== 0n;
      let why = 'its program does not lead to it';
      try {
        const place = debugPlaceOf(words, told);
        if (place === 0n && hasLinker) return { libraries: [], why: NOT_BEGUN };
        if (place !== null && place !== 0n) return linkMapAt(words, place);
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        why = fault.message;
      }
      const found = this.#placeElsewhere(words, hasLinker);
      if (found !== null) return linkMapAt(words, found);
      return hasLinker ? { libraries: [], why } : null;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return { libraries: [], why: fault.message };
    }
  }

  /** Where a program whose header is lost has it; and whoever names the linker on the command line starts that, and it loads the program. */
  #placeElsewhere(words: UserWords, hasLinker: boolean): VirtualAddress | null {
    if (hasLinker) return this.#own === undefined ? null : searchedPlace(words, this.#own);
    const code = this.#mapped.files.filter((file) => file.first.offset === 0n && file.isExecutable);
    if (code.length < 2) return null;
    for (const file of code.slice(0, MOST_TRIED)) {
      const found = debugPlaceIn(words, file);
      if (found !== null) return found;
    }
    return null;
  }
}

/** Every library of every process. */
export function* libraries(kernel: Linux): Generator<Library> {
  let unread = 0;
  let first = '';
  for (const task of tasks(kernel)) {
    const memory = kernel.attempt(() => task.memory, null, `memory of ${task.label}`);
    if (memory === null) continue;
    yield* new ProcessLibraries(task, memory).all(({ message }) => {
      if (unread++ === 0) first = message;
    });
  }
  if (unread > 0)
    kernel.note(
      `of ${unread} mapped files that no linker lists it cannot be read whether they are programs; the first: ${first}`,
    );
}
