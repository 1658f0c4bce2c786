// Kernel probes: breakpoints and detours in the kernel's own code, and what is run there.
// Linux: kernel/kprobes.c, include/linux/kprobes.h.
import type { VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import { mustNotBeBlank } from '../blank.ts';
import { chainedLinks } from '../containers/hash-table.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { codeOf } from '../symbols/code.ts';
import { CodePointer, type Verdict, worse } from './code-pointer.ts';

/** KPROBE_TABLE_SIZE of include/linux/kprobes.h. */
const BUCKETS = 64;
/** Bits of `flags`: KPROBE_FLAG_… of include/linux/kprobes.h. */
const FLAGS: readonly (readonly [bit: number, name: string])[] = [
  [1, 'gone'],
  [2, 'disabled'],
  [4, 'optimized'],
  [8, 'ftrace'],
  [16, 'on-entry'],
];
/** What stands in for several probes of one place, and what makes a probe one of returns. */
const OF_SEVERAL = 'aggr_pre_handler';
const OF_RETURNS = 'pre_handler_kretprobe';

/** A probe. `raw` is the kernel's own. */
export class Probe {
  readonly kernel: Linux;
  readonly raw: Kernel<'kprobe'>;
  constructor(kernel: Linux, raw: Kernel<'kprobe'>) {
    this.kernel = kernel;
    this.raw = raw;
  }
  /** Where it is. @throws CorruptStructure @throws EvidenceFault */
  get at(): VirtualAddress {
    const { addr } = this.raw;
    if (addr === 0n) throw new CorruptStructure('a probe of nothing');
    return addr;
  }
  /** The instruction that is probed: `do_sys_openat2`. @throws EvidenceFault */
  get place(): string | null {
    return codeOf(this.kernel).placeOf(this.at)?.text ?? null;
  }
  /** Whether it is told of a function's return, too. @throws EvidenceFault */
  get kind(): 'kprobe' | 'kretprobe' {
    return this.#isCalled(this.raw.pre_handler, OF_RETURNS) ? 'kretprobe' : 'kprobe';
  }
  /** What is run: before the instruction and behind it, of a probe of returns at the function's entry and at its end. @throws EvidenceFault */
  get handlers(): readonly CodePointer[] {
    const { kernel, raw } = this;
    let addresses = [raw.pre_handler, raw.post_handler];
    if (this.kind === 'kretprobe') {
      const { entry_handler, handler } = kernel.containerOf('kretprobe', 'kp', raw.address);
      addresses = [entry_handler, handler];
    }
    return addresses.filter((address) => address !== 0n).map((address) => new CodePointer(kernel, address));
  }
  /** `optimized,on-entry`. @throws EvidenceFault */
  get flags(): string {
    const { flags } = this.raw;
    return FLAGS.filter(([bit]) => (flags & bit) !== 0)
      .map(([, name]) => name)
      .join(',');
  }
  /** Tracing by perf and by ftrace is run by the kernel itself: what a module runs is its own affair. @throws EvidenceFault */
  get verdict(): Verdict {
    let verdict: Verdict = 'expected';
    for (const handler of this.handlers) {
      verdict = worse(verdict, handler.verdict);
      if (handler.ownerKind === 'module') verdict = worse(verdict, 'unknown');
    }
    return verdict;
  }
  /** The probes of this place that it stands in for; itself where it stands for no others. @throws EvidenceFault */
  *each(): Generator<Probe> {
    if (!this.#isCalled(this.raw.pre_handler, OF_SEVERAL)) return yield this;
    for (const raw of this.kernel.list(this.raw.list, 'kprobe', 'list')) yield new Probe(this.kernel, raw);
  }

  #isCalled(address: VirtualAddress, name: string): boolean {
    return address !== 0n && codeOf(this.kernel).placeOf(address)?.text === name;
  }
}

/** Every probe that is registered. */
export function* probes(kernel: Linux): Generator<Probe> {
  const heads = kernel.symbol('kprobe_table');
  mustNotBeBlank(kernel.space, heads);
  const links = chainedLinks(kernel, {
    name: 'probes',
    heads,
    buckets: BUCKETS,
    strideBytes: kernel.types.pointerBytes,
  });
  for (const link of links) {
    const probe = new Probe(kernel, kernel.containerOf('kprobe', 'hlist', link));
    yield* kernel.untilFault(probe.each(), 'probe');
  }
}
