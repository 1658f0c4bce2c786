// ORC: the kernel's tables of how to unwind from each of its instructions, its own and those of modules.
// Linux: arch/x86/kernel/unwind_orc.c, arch/x86/include/asm/orc_types.h.
import { type VirtualAddress, wrapped } from '../../../base/address.ts';
import { NotInKernel } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { perKernel } from '../per-kernel.ts';
import type { Kernel } from '../structs.ts';
import { codeOf } from '../symbols/code.ts';

/** Instructions that a table may tell of: the largest kernels have a million. */
const MOST_ENTRIES = 1 << 24;
/** Bytes of an entry of the table of addresses: how far the instruction is from the entry. */
const DISTANCE_BYTES = 4n;

/** What a register is told by: one of these, or what the frame pointer points at. */
export type OrcBase = 'none' | 'previous stack' | 'frame' | 'stack' | 'at frame' | 'other';
/** ORC_REG_… by their numbers, up to v6.17 at the least and in 7.2. The structs are the same: the entries alone tell which it is. */
const OLD_BASES: readonly OrcBase[] = [
  'none',
  'previous stack',
  'other',
  'other',
  'frame',
  'stack',
  'other',
  'other',
  'at frame',
];
const BASES: readonly OrcBase[] = [
  'none',
  'other',
  'other',
  'stack',
  'frame',
  'other',
  'other',
  'other',
  'previous stack',
  'other',
  'at frame',
];
/** Entries that are looked at to tell: nearly all count from the stack pointer. */
const SAMPLES = 64;

/** What stands at the place that an entry leads to: ORC_TYPE_…, as since v6.4. */
export type OrcKind = 'undefined' | 'end' | 'call' | 'registers' | 'interrupt';
const KINDS: readonly OrcKind[] = ['undefined', 'end', 'call', 'registers', 'interrupt'];
/** Before: UNWIND_HINT_TYPE_…, and `end` for itself. */
const OLD_KINDS: readonly OrcKind[] = ['call', 'registers', 'interrupt'];

/** How to unwind from an instruction. */
export interface OrcRule {
  readonly kind: OrcKind;
  readonly stackBase: OrcBase;
  readonly stackOffset: bigint;
  readonly frameBase: OrcBase;
  readonly frameOffset: bigint;
}

interface Table {
  readonly addresses: VirtualAddress;
  readonly entries: VirtualAddress;
  readonly count: number;
}

/** The tables of one kernel. */
class OrcTables {
  readonly #kernel: Linux;
  readonly #rules = new Map<VirtualAddress, OrcRule | null>();
  #bases: readonly OrcBase[] | undefined;

  constructor(kernel: Linux) {
    this.#kernel = kernel;
  }

  /** Whether this kernel has such tables. */
  get exist(): boolean {
    const kernel = this.#kernel;
    return kernel.hasSymbol('__start_orc_unwind_ip') && kernel.hasSymbol('__start_orc_unwind');
  }

  /** How to unwind from an instruction; null where no table has it. @throws EvidenceFault */
  ruleAt(instruction: VirtualAddress): OrcRule | null {
    let rule = this.#rules.get(instruction);
    if (rule === undefined) this.#rules.set(instruction, (rule = this.#find(instruction)));
    return rule;
  }

  #find(instruction: VirtualAddress): OrcRule | null {
    const table = this.#tableOf(instruction);
    if (table === null) return null;
    const nth = this.#lastAtMost(table, instruction);
    return nth < 0 ? null : this.#ruleOf(this.#entry(table, nth));
  }

  /** The kernel's own table. */
  #ownTable(): Table | null {
    const kernel = this.#kernel;
    const [addresses, stop] = [kernel.symbol('__start_orc_unwind_ip'), kernel.symbol('__stop_orc_unwind_ip')];
    return tableOf(addresses, kernel.symbol('__start_orc_unwind'), (stop - addresses) / DISTANCE_BYTES);
  }

  /** Which number means which register, by which of the two that may be the stack pointer is the more frequent. */
  #readBases(): readonly OrcBase[] {
    const table = this.#ownTable();
    if (table === null) return BASES;
    const step = Math.max(1, Math.floor(table.count / SAMPLES));
    const counts = { old: 0, now: 0 };
    for (let nth = 0; nth < table.count && nth < SAMPLES * step; nth += step) {
      const { sp_reg } = this.#entry(table, nth);
      if (sp_reg === OLD_BASES.indexOf('stack')) counts.old++;
      if (sp_reg === BASES.indexOf('stack')) counts.now++;
    }
    return counts.old > counts.now ? OLD_BASES : BASES;
  }

  #entry({ entries }: Table, nth: number): Kernel<'orc_entry'> {
    return this.#kernel.at('orc_entry', entries + BigInt(nth * this.#kernel.types.sizeOf('orc_entry')));
  }

  #tableOf(instruction: VirtualAddress): Table | null {
    const kernel = this.#kernel;
    const code = codeOf(kernel);
    if (code.isImage(instruction)) return this.#ownTable();
    const arch = code.moduleAt(instruction)?.raw.arch;
    if (arch?.orc_unwind_ip === undefined || arch.orc_unwind === undefined) return null;
    return tableOf(arch.orc_unwind_ip, arch.orc_unwind, BigInt(arch.num_orcs ?? 0));
  }

  /** The number of the last entry that begins at an instruction or before it; −1 where none does. */
  #lastAtMost({ addresses, count }: Table, instruction: VirtualAddress): number {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = addresses + BigInt(middle) * DISTANCE_BYTES;
      const begins = wrapped(at + BigInt(this.#kernel.u32At(at) | 0), 8);
      if (begins <= instruction) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #ruleOf({ sp_reg, bp_reg, sp_offset, bp_offset, type, end }: Kernel<'orc_entry'>): OrcRule {
    this.#bases ??= this.#readBases();
    let kind = (end === undefined ? KINDS : OLD_KINDS)[type] ?? 'undefined';
    if (end !== undefined && this.#bases[sp_reg] === 'none') kind = end === 0 ? 'undefined' : 'end';
    return {
      kind,
      stackBase: this.#bases[sp_reg] ?? 'other',
      stackOffset: BigInt(sp_offset),
      frameBase: this.#bases[bp_reg] ?? 'other',
      frameOffset: BigInt(bp_offset),
    };
  }
}

function tableOf(addresses: VirtualAddress, entries: VirtualAddress, count: bigint): Table | null {
  if (addresses === 0n || entries === 0n || count <= 0n) return null;
  if (count > MOST_ENTRIES) throw new NotInKernel(`a table of ${count} instructions is implausible`);
  return { addresses, entries, count: Number(count) };
}

/** A kernel's tables. */
export const orcOf = perKernel((kernel) => new OrcTables(kernel));
