// Whose code an address is: the kernel's, a module's, a BPF program's, a trampoline's that the kernel made, or nobody's.
// Linux: kernel/extable.c, kernel_text_address.
import { hex, type VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault, WalkIncomplete } from '../../../base/errors.ts';
import { type AddressRange, disjoint, rangeAround } from '../../../base/ranges.ts';
import type { Linux } from '../linux.ts';
import type { Module } from '../module/module.ts';
import { perKernel } from '../per-kernel.ts';
import { codeOf } from '../symbols/code.ts';

/** Whose code it is; `hidden-module` of a module that a list of modules lacks, `nobody` where nothing owns it. */
export type CodeOwnerKind = 'kernel' | 'module' | 'hidden-module' | 'bpf' | 'trampoline' | 'nobody';

/** Who has a piece of code. */
export interface CodeOwner {
  readonly kind: CodeOwnerKind;
  /** The module, or the BPF program (`bpf_prog_6deef7357e7b4530_sd_devices`). */
  readonly name: string | null;
  readonly module?: Module;
}

/** Code that was made while the kernel ran. */
interface MadeCode extends AddressRange {
  readonly owner: CodeOwner;
}

const KERNEL: CodeOwner = { kind: 'kernel', name: null };
const NOBODY: CodeOwner = { kind: 'nobody', name: null };
const TRAMPOLINE: CodeOwner = { kind: 'trampoline', name: null };
/** Pieces of made code that are known: a machine full of BPF programs has some thousands. */
const MOST_MADE = 1_000_000;

/** The owners of all code of a kernel. */
class CodeOwners {
  readonly #kernel: Linux;
  readonly #modules = new Map<Module, CodeOwner | EvidenceFault>();
  #made: readonly MadeCode[] | undefined;
  #isMadeWhole = true;

  constructor(kernel: Linux) {
    this.#kernel = kernel;
  }

  /** @throws WalkIncomplete where nobody that was found has it, and not all could be found @throws EvidenceFault */
  of(address: VirtualAddress): CodeOwner {
    const code = codeOf(this.#kernel);
    if (code.isImage(address)) return KERNEL;
    const module = code.moduleAt(address);
    if (module !== undefined) return this.#ofModule(module);
    this.#made ??= this.#readMade();
    const made = rangeAround(this.#made, address);
    if (made !== undefined) return made.owner;
    if (!this.#isMadeWhole)
      throw new WalkIncomplete(
        `the owner of the code at ${hex(address)} is not among those that could be found`,
      );
    return code.isSurelyCode(address) ? KERNEL : NOBODY;
  }

  #ofModule(module: Module): CodeOwner {
    let owner = this.#modules.get(module);
    if (owner === undefined) {
      try {
        owner = { kind: module.isHidden ? 'hidden-module' : 'module', name: module.name, module };
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        owner = fault;
      }
      this.#modules.set(module, owner);
    }
    if (owner instanceof EvidenceFault) throw owner;
    return owner;
  }

  #readMade(): readonly MadeCode[] {
    const found: MadeCode[] = [];
    for (const read of [this.#bpf, this.#trampolines, this.#slots]) {
      const isWhole = this.#kernel.attempt(() => read.call(this, found), false, 'code made at run time');
      if (!isWhole) this.#isMadeWhole = false;
    }
    return disjoint(found);
  }

  /** Programs and what leads to them: kernel/bpf/core.c, with CONFIG_BPF_JIT. @returns whether the list was walked to its end */
  #bpf(found: MadeCode[]): boolean {
    const kernel = this.#kernel;
    if (!kernel.hasSymbol('bpf_kallsyms') || !kernel.types.has('bpf_ksym')) return true;
    const walk = kernel.list(kernel.symbol('bpf_kallsyms'), 'bpf_ksym', 'lnode');
    let step = walk.next();
    for (; step.done !== true && found.length < MOST_MADE; step = walk.next()) {
      const { start, end, name } = step.value;
      found.push({ start, end, owner: { kind: 'bpf', name } });
    }
    return step.done === true && step.value;
  }

  /** What functions are made to call that are traced by one alone: kernel/trace/ftrace.c, ftrace_add_trampoline_to_kallsyms. */
  #trampolines(found: MadeCode[]): boolean {
    const kernel = this.#kernel;
    const { types } = kernel;
    if (!kernel.hasSymbol('ftrace_ops_trampoline_list') || !types.has('ftrace_ops', 'list')) return true;
    const walk = kernel.list(kernel.symbol('ftrace_ops_trampoline_list'), 'ftrace_ops', 'list');
    let step = walk.next();
    for (; step.done !== true && found.length < MOST_MADE; step = walk.next()) {
      const { trampoline, trampoline_size } = step.value;
      found.push({ start: trampoline, end: trampoline + trampoline_size, owner: TRAMPOLINE });
    }
    return step.done === true && step.value;
  }

  /** Copies of instructions under a probe, and detours around them: kernel/kprobes.c, collect_insn_slots. */
  #slots(found: MadeCode[]): boolean {
    const kernel = this.#kernel;
    let isWhole = true;
    for (const name of ['kprobe_insn_slots', 'kprobe_optinsn_slots'] as const) {
      if (!kernel.hasSymbol(name) || !kernel.types.has('kprobe_insn_page')) continue;
      const walk = kernel.at('kprobe_insn_cache', kernel.symbol(name)).pages;
      let step = walk.next();
      for (; step.done !== true && found.length < MOST_MADE; step = walk.next()) {
        const start = step.value.insns;
        found.push({ start, end: start + BigInt(kernel.pageBytes), owner: TRAMPOLINE });
      }
      isWhole &&= step.done === true && step.value;
    }
    return isWhole;
  }
}

/** Who has which code of a kernel. */
export const codeOwnersOf = perKernel((kernel) => new CodeOwners(kernel));
