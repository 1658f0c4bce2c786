// Mappings that look like injected code: code that is in no file, that can be written while it runs, that differs from the
// file it is of, and programs in memory that no file is behind. Linux: struct vm_area_struct of include/linux/mm_types.h.
import { hex, type VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault, NotPresent, PageMissing, WalkIncomplete } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { type Area, areasOf } from './areas.ts';
import { tasks } from './processes.ts';
import { type TextChanges, textChangesOf } from './text-changes.ts';

/** Why a mapping looks like injected code. */
export type Suspicion = 'anonymous' | 'writable' | 'elf' | 'changed' | 'uncompared';

/** What an ELF file begins with, as the 32 bits that they are read as. */
const ELF_MAGIC = 0x464c_457f;
/** Bytes that are shown of one. */
const SHOWN_BYTES = 64;
/** Bytes of a mapping that are looked through for its first content. */
const MOST_LOOKED_THROUGH = 16 << 20;
/** Where a program of 32 bits has its memory at most. */
const END_OF_32_BITS = 1n << 32n;

/** A fault is made and thrown in the time of so many reads. */
const FAULT_COST = 100;
/** Reasons why a page is nowhere that say that it never was. */
const NOTHING: ReadonlySet<string> = new Set(['never-touched', 'guard-page']);

/** A mapping that looks like injected code, and why. */
export class SuspectCode {
  readonly area: Area;
  readonly suspicions: readonly Suspicion[];
  readonly #changes: TextChanges | null;
  #where: VirtualAddress | null | undefined;

  constructor(area: Area, suspicions: readonly Suspicion[], changes: TextChanges | null) {
    this.area = area;
    this.suspicions = suspicions;
    this.#changes = changes;
  }

  /** Pages whose bytes are not those of the file; null where no page of a file's text is the process's own. @throws EvidenceFault where some cannot be compared, and no other differs */
  get changedPages(): number | null {
    const changes = this.#changes;
    if (changes === null) return null;
    if (changes.changed === 0 && changes.why !== null) throw changes.why;
    return changes.changed;
  }

  /** The first address that tells: of a byte that is not the file's, else of the first 16 bytes that are not zeros; null where nothing was ever written. @throws EvidenceFault */
  get where(): VirtualAddress | null {
    if (this.#where === undefined) this.#where = this.#find();
    return this.#where;
  }

  #find(): VirtualAddress | null {
    if (this.#changes !== null && this.#changes.first !== null) return this.#changes.first;
    let missing: string | null = null;
    for (const piece of this.area.pieces()) {
      if ('bytes' in piece) {
        const at = piece.bytes.findIndex((byte) => byte !== 0);
        if (at >= 0) return this.area.start + BigInt(piece.at + (at & ~15));
      } else if ('why' in piece && piece.why !== 'never-touched' && piece.why !== 'not-present')
        missing ??= piece.why;
      if ('bytes' in piece && piece.at > MOST_LOOKED_THROUGH) missing ??= 'cut';
      if (missing !== null)
        throw new WalkIncomplete(`what the mapping at ${hex(this.area.start)} begins with cannot be read`);
    }
    return null;
  }

  /** Bytes from there on, as many as can be read of the first 64. @throws EvidenceFault */
  get bytes(): { readonly at: VirtualAddress; readonly bytes: Uint8Array } | null {
    const at = this.where;
    if (at === null) return null;
    const length = Math.min(SHOWN_BYTES, Number(this.area.end - at));
    return { at, bytes: this.area.task.userSpace!.readableBytes(at, length) };
  }

  /** Whether they are meant to be run, and not a header. */
  get isCode(): boolean {
    return this.area.flags.includes('x') && !this.suspicions.includes('elf');
  }

  /** Whether the process is one of 32 bits on a kernel of 64. @throws EvidenceFault */
  get isNarrow(): boolean {
    return this.area.mm.task_size <= END_OF_32_BITS;
  }
}

/** Every mapping that looks like injected code. */
export function* suspectCode(kernel: Linux): Generator<SuspectCode> {
  let unread = 0;
  let first: string | undefined;
  for (const task of tasks(kernel))
    for (const area of areasOf(task)) {
      const what = `mapping of ${task.label}`;
      const found = kernel.attempt(() => suspicionsOf(area, unreadable), null, what);
      if (found !== null) yield found;
    }
  if (unread > 0)
    kernel.note(
      unread === 1
        ? `1 anonymous mapping cannot be looked at for the header of a program: ${first}`
        : `${unread} anonymous mappings cannot be looked at for the header of a program; the first: ${first}`,
    );

  function unreadable(fault: EvidenceFault): void {
    unread++;
    first ??= fault.message;
  }
}

/** Null where nothing speaks against it. @throws EvidenceFault */
function suspicionsOf(area: Area, unreadable: (fault: EvidenceFault) => void): SuspectCode | null {
  const { flags } = area;
  const hasFile = area.raw.vm_file !== null;
  const isExecutable = flags.includes('x');
  const found: Suspicion[] = [];
  if (isExecutable && flags.includes('w')) found.push('writable');
  if (!hasFile && !area.isKernels) {
    if (isExecutable) found.push('anonymous');
    if (beginsWithElf(area, unreadable)) found.push('elf');
  }
  const changes = isExecutable && hasFile && flags.endsWith('p') ? textChangesOf(area) : null;
  if (changes !== null && changes.changed > 0) found.push('changed');
  else if (changes !== null && changes.unknown > 0) found.push('uncompared');
  return found.length === 0 ? null : new SuspectCode(area, found, changes);
}

function beginsWithElf(area: Area, unreadable: (fault: EvidenceFault) => void): boolean {
  const { kernel, userSpace } = area.task;
  if (userSpace === null) return false;
  try {
    return userSpace.memory.i32(userSpace.translate(area.start)) === ELF_MAGIC;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    kernel.space.memory.spend(FAULT_COST);
    const isNothingThere =
      fault instanceof NotPresent || (fault instanceof PageMissing && NOTHING.has(fault.code));
    if (!isNothingThere) unreadable(fault);
    return false;
  }
}
