// An address of code that the kernel keeps somewhere and calls: where it leads, whose code that is, and whether it should.
// Linux: whoever replaces such an address has their own code run in the kernel's place.
import type { VirtualAddress } from '../../../base/address.ts';
import type { Linux } from '../linux.ts';
import { codeOf } from '../symbols/code.ts';
import { type CodeOwner, type CodeOwnerKind, codeOwnersOf } from './code-owner.ts';

/**
 * `expected`: it leads where this kernel has it by itself. `unknown`: it leads to code that is there for all to see, and
 * that a kernel does not have there by itself. `hidden`: it leads to code of a hidden module, or of nobody.
 */
const VERDICTS = ['expected', 'unknown', 'hidden'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Letters of a module's taint that say that it is not of the kernel's own build (Documentation/admin-guide/tainted-kernels.rst). */
const FOREIGN = /[OEF]/;

/** Where a pointer to code leads. */
export class CodePointer {
  readonly kernel: Linux;
  readonly address: VirtualAddress;
  constructor(kernel: Linux, address: VirtualAddress) {
    this.kernel = kernel;
    this.address = address;
  }

  /** @throws WalkIncomplete where not all owners of code could be found @throws EvidenceFault */
  get owner(): CodeOwner {
    return codeOwnersOf(this.kernel).of(this.address);
  }
  /** @throws EvidenceFault */
  get ownerKind(): CodeOwnerKind {
    return this.owner.kind;
  }
  /** The function, with `+0x10` behind it where it is not its first instruction; null in nobody's code. @throws EvidenceFault */
  get symbol(): string | null {
    const { kind, name } = this.owner;
    return kind === 'bpf' ? name : (codeOf(this.kernel).placeOf(this.address)?.text ?? null);
  }
  /** The module whose code it is; null for the kernel's own and for nobody's. @throws EvidenceFault */
  get module(): string | null {
    const { module, name } = this.owner;
    return module === undefined ? null : name;
  }
  /** Whether it is code of a module that is not of the kernel's own build. @throws EvidenceFault */
  get isForeign(): boolean {
    const { module } = this.owner;
    return module !== undefined && FOREIGN.test(module.taints);
  }
  /** What to make of it where code of the kernel, of its own modules and what it made itself is right. @throws EvidenceFault */
  get verdict(): Verdict {
    const { kind } = this.owner;
    if (kind === 'nobody' || kind === 'hidden-module') return 'hidden';
    return this.isForeign ? 'unknown' : 'expected';
  }
  /** What to make of it where only a function of the kernel itself is right, with one of these names. @throws EvidenceFault */
  verdictAs(names: RegExp): Verdict {
    const { kind } = this.owner;
    if (kind === 'nobody' || kind === 'hidden-module') return 'hidden';
    const place = kind === 'kernel' ? codeOf(this.kernel).placeOf(this.address) : null;
    return place !== null && names.test(place.text) ? 'expected' : 'unknown';
  }
}

/** The worse of two. */
export const worse = (one: Verdict, other: Verdict): Verdict =>
  VERDICTS[Math.max(VERDICTS.indexOf(one), VERDICTS.indexOf(other))]!;
