// Functions of the kernel and of its modules whose first instructions lead out of the code that they belong to.
// Linux: what ftrace, kprobes, static calls and BPF write there is told from what nobody should.
import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import { mustNotBeBlank } from '../blank.ts';
import type { Linux } from '../linux.ts';
import { codeOf } from '../symbols/code.ts';
import { CodePointer, type Verdict } from './code-pointer.ts';
import { BEGINNING_BYTES, type Detour, detourIn } from './detour.ts';
import { probes } from './probes.ts';

/** Jumps that are replaced while the kernel runs; some lead into modules (include/linux/static_call_types.h). */
const STATIC_CALL = /^__SCT__/;
/** Where code is only measured from: `entry_SYSRETQ_end`. A trap there keeps the CPU from running on, and what is behind may be empty. */
const MARK = /_(?:start|end)$/;
/** Functions looked at before the work of it is counted. */
const BATCH = 1_024;

/** A function that leads elsewhere. */
export class PatchedFunction {
  readonly kernel: Linux;
  /** The function. */
  readonly place: CodePointer;
  readonly detour: Detour;
  readonly #isProbed: boolean;
  constructor(kernel: Linux, place: CodePointer, detour: Detour, isProbed: boolean) {
    this.kernel = kernel;
    this.place = place;
    this.detour = detour;
    this.#isProbed = isProbed;
  }
  /** Where it leads; null of a breakpoint. */
  get target(): CodePointer | null {
    return this.detour.target === null ? null : new CodePointer(this.kernel, this.detour.target);
  }
  /** @throws EvidenceFault */
  get verdict(): Verdict {
    const { target } = this;
    if (target === null) return this.#isProbed ? 'expected' : 'unknown';
    const isModules = target.ownerKind === 'module' && this.place.ownerKind === 'kernel';
    if (isModules && !STATIC_CALL.test(this.place.symbol ?? '')) return 'unknown';
    return target.verdict;
  }
}

/** Every function that leads out of its own code. @throws NotInKernel where the kernel lists no symbols */
export function* patchedFunctions(kernel: Linux): Generator<PatchedFunction> {
  const code = codeOf(kernel);
  const probed = new Set<VirtualAddress>();
  if (kernel.hasSymbol('kprobe_table')) for (const { raw } of probes(kernel)) probed.add(raw.addr);
  let seen = 0;
  let unread = 0;
  let why = '';
  for (const { address, isImage } of code.functions()) {
    if (++seen % BATCH === 0) kernel.space.memory.spend(BATCH);
    try {
      const detour = detourAt(kernel, address);
      if (detour === null) continue;
      const place = new CodePointer(kernel, address);
      if (detour.target === null && MARK.test(place.symbol ?? '')) continue;
      if (detour.target !== null && isHome(kernel, detour.target, isImage)) continue;
      yield new PatchedFunction(kernel, place, detour, probed.has(detour.at));
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      unread++;
      why ||= fault.message;
    }
  }
  if (unread > 0) kernel.note(`${unread} of ${seen} functions cannot be looked at: ${why}`);
}

/** The kernel's own code leads to its own, a module's to any that is there for all to see. */
function isHome(kernel: Linux, target: VirtualAddress, isImage: boolean): boolean {
  const { ownerKind } = new CodePointer(kernel, target);
  return ownerKind === 'kernel' || (!isImage && ownerKind === 'module');
}

/** @throws EvidenceFault */
function detourAt(kernel: Linux, address: VirtualAddress): Detour | null {
  const bytes = kernel.space.bytes(address, BEGINNING_BYTES);
  if (bytes.every((byte) => byte === 0) && !MARK.test(codeOf(kernel).placeOf(address)?.text ?? ''))
    mustNotBeBlank(kernel.space, address);
  return detourIn(kernel.profile.architecture, bytes, address, (at) => kernel.pointerAt(at));
}
