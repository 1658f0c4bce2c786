// Loaded modules, as lsmod lists them.
// Linux: struct module of include/linux/module.h, kernel/module/procfs.c.

import type { VirtualAddress } from '../../../base/address.ts';
import { viewOf } from '../../../base/bytes.ts';
import { CorruptStructure, NotInKernel } from '../../../base/errors.ts';
import type { Walk } from '../../../types/struct.ts';
import type { Linux } from '../linux.ts';
import { type Piece, piecesOf } from '../memory/pieces.ts';
import type { Kernel } from '../structs.ts';
import { ModuleViews } from './module-views.ts';

/** What a loaded module counts itself as, beside those who use it: MODULE_REF_BASE. */
const OWN_REFERENCES = 1;

const BUILD_ID_NOTE = '.note.gnu.build-id';
/** A module has a note or three. */
const MAXIMUM_NOTES = 16;
const MAXIMUM_NAME_BYTES = 64;
const MAXIMUM_NOTE_BYTES = 256;

/** MOD_TEXT and MOD_INIT_TEXT of enum mod_mem_type (include/linux/module.h). */
const CODE_MEMORIES = [0, 4];

/** So many bytes of memory from an address on. */
export interface Stretch {
  readonly base: VirtualAddress;
  readonly size: number;
}

/** A module on the kernel's list, in the words that lsmod uses. `raw` is the kernel's own. */
export class Module {
  readonly raw: Kernel<'module'>;
  readonly kernel: Linux;
  readonly #views: ModuleViews;
  constructor(raw: Kernel<'module'>, kernel: Linux, views: ModuleViews) {
    this.raw = raw;
    this.kernel = kernel;
    this.#views = views;
  }
  /** A view that has every live module lacks this one, and nothing is missing there. @throws WalkIncomplete @throws EvidenceFault */
  get isHidden(): boolean {
    return this.#views.isHidden(this.raw.address);
  }
  /** The views of the kernel that have it: `list,tree,sysfs`. */
  get views(): string {
    return this.#views.viewsWith(this.raw.address);
  }
  /** @throws CorruptStructure where it has none @throws EvidenceFault */
  get name(): string {
    const { name } = this.raw;
    if (name === '') throw new CorruptStructure('a module without a name');
    return name;
  }
  /** Where its code is: the address in /proc/modules. @throws CorruptStructure where it has none @throws EvidenceFault */
  get base(): VirtualAddress {
    const { base } = this.#memories[0]!;
    if (base === 0n) throw new CorruptStructure('a module without code');
    return base;
  }
  /** All its memory in bytes, that of its start included until the kernel frees it: the size in /proc/modules. */
  get sizeBytes(): number {
    return this.#memories.reduce((sum, { size }) => sum + size, 0);
  }
  /** Where its code is, that of its start included until the kernel frees it. @throws EvidenceFault */
  get code(): readonly Stretch[] {
    const { mem, core_layout, init_layout } = this.raw;
    if (mem !== undefined) {
      const memories = this.#memoryTypes(mem);
      return CODE_MEMORIES.flatMap((nth) => memories[nth] ?? []).map(({ base, size }) => ({ base, size }));
    }
    return [core_layout, init_layout]
      .filter((layout) => layout !== undefined)
      .map(({ base, text_size: size }) => ({ base, size }));
  }
  /** Its memory, one stretch after the other: code, data, and what it needs for its start as long as it has that. */
  *pieces(): Generator<Piece> {
    let first = 0;
    for (const { base, size } of this.#memories) {
      if (size > 0) yield* piecesOf(this.kernel.space, base, size, first);
      first += size;
    }
  }
  /** How often it is in use; null where the kernel cannot unload modules and does not count. */
  get references(): number | null {
    const { refcnt } = this.raw;
    return refcnt === undefined ? null : refcnt - OWN_REFERENCES;
  }
  /** The names of the modules that use it, last user first as the kernel keeps them. */
  get users(): string[] {
    return [...(this.raw.source_list ?? [])].map(({ source }) => source.name);
  }
  /** `Live`, `Loading`, `Unloading`, or `Unformed` before it is known to the rest of the kernel. */
  get state(): string {
    return STATES[this.raw.state] ?? String(this.raw.state);
  }
  /** Letters of the taints that it brought, in the kernel's order: `OE` out of tree and unsigned. Empty for none. */
  get taints(): string {
    const { taints } = this.raw;
    return [...TAINTS].filter((_, bit) => ((taints >> BigInt(bit)) & 1n) === 1n).join('');
  }

  /** The GNU build ID in hex, as /sys/module/NAME/notes/.note.gnu.build-id holds it; null where the module has none. @throws EvidenceFault */
  get buildId(): string | null {
    const { kernel } = this;
    const { notes_attrs: notes } = this.raw;
    if (!notes) return null;
    const each = BigInt(kernel.types.sizeOf('bin_attribute'));
    const count = Math.min(notes.notes ?? MAXIMUM_NOTES, MAXIMUM_NOTES);
    for (let nth = 0; nth < count; nth++) {
      const note = kernel.at('bin_attribute', notes.attrs + BigInt(nth) * each);
      const { name } = note.attr;
      if (name === 0n) return null;
      if (kernel.nameAt(name, MAXIMUM_NAME_BYTES) === BUILD_ID_NOTE)
        return buildIdIn(kernel.space.bytes(note.private, Math.min(Number(note.size), MAXIMUM_NOTE_BYTES)));
    }
    return null;
  }

  /** Its memories, the one with the code first. */
  get #memories(): readonly Stretch[] {
    const { mem, core_layout, init_layout, data_layout } = this.raw;
    if (mem !== undefined) return this.#memoryTypes(mem);
    return [core_layout, init_layout, data_layout].filter((layout) => layout !== undefined);
  }

  #memoryTypes(first: VirtualAddress): Kernel<'module_memory'>[] {
    const { types } = this.kernel;
    const [, bytes] = types.memberOf('module', 'mem');
    const each = types.sizeOf('module_memory');
    if (each === 0 || bytes < each) throw new NotInKernel('this kernel has no module.mem');
    return Array.from({ length: bytes / each }, (_, nth) =>
      this.kernel.at('module_memory', first + BigInt(nth * each)),
    );
  }
}

/** The ID in an ELF note: three words (name size, content size, type), the name `GNU`, and the content (elf(5)). */
function buildIdIn(note: Uint8Array): string | null {
  if (note.length < 16) return null;
  const view = viewOf(note);
  if (view.getUint32(0, true) === 0) throw new CorruptStructure('the note of a build ID has no name');
  const content = 12 + Math.ceil(view.getUint32(0, true) / 4) * 4;
  const end = content + view.getUint32(4, true);
  return end <= note.length && end > content
    ? Buffer.from(note.subarray(content, end)).toString('hex')
    : null;
}

/**
 * Every module: those on the kernel's list, last loaded first, as lsmod shows them, then those that only other views have.
 * @returns whether all views were walked to their ends
 */
export function* modules(kernel: Linux): Walk<Module> {
  const views = new ModuleViews(kernel);
  for (const address of views.all) yield new Module(kernel.at('module', address), kernel, views);
  return views.areWhole;
}

/** In the order of enum module_state, in the words of /proc/modules. */
const STATES = ['Live', 'Loading', 'Unloading', 'Unformed'];

/** The letter of each taint, in the order of their bits: taint_flags of kernel/panic.c. */
const TAINTS = 'PFSRMBUDAWCIOELKXTNJ';
