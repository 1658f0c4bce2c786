// Tracepoints that somebody listens at: marks in the kernel's code at which functions can be called.
// Linux: include/linux/tracepoint.h, kernel/tracepoint.c.
import { type VirtualAddress, wrapped } from '../../../base/address.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import { mustNotBeBlank } from '../blank.ts';
import type { Linux } from '../linux.ts';
import { modules } from '../module/module.ts';
import type { Kernel } from '../structs.ts';
import { CodePointer, type Verdict } from './code-pointer.ts';

/** Bytes of an entry of the table: how far the tracepoint is from it (CONFIG_HAVE_ARCH_PREL32_RELOCATIONS of x86 and arm64). */
const DISTANCE_BYTES = 4;
/** Tracepoints of a kernel or of a module: today's kernels have 2,000. */
const MOST_POINTS = 100_000;
/** Functions that are called at one: BPF_TRACE_LINK and perf take one each. */
const MOST_PROBES = 4_096;
/** The kernel's longest are some 50 letters. */
const MOST_NAME_BYTES = 128;

/** A function that is called at a tracepoint. */
export class TracepointProbe {
  readonly kernel: Linux;
  readonly point: Kernel<'tracepoint'>;
  readonly raw: Kernel<'tracepoint_func'>;
  constructor(kernel: Linux, point: Kernel<'tracepoint'>, raw: Kernel<'tracepoint_func'>) {
    this.kernel = kernel;
    this.point = point;
    this.raw = raw;
  }
  /** `sys_enter`. @throws EvidenceFault */
  get name(): string {
    return this.kernel.nameAt(this.point.name, MOST_NAME_BYTES);
  }
  /** @throws EvidenceFault */
  get callback(): CodePointer {
    return new CodePointer(this.kernel, this.raw.func);
  }
  /** @throws EvidenceFault */
  get verdict(): Verdict {
    return this.callback.verdict;
  }
}

/** Every function that is called at a tracepoint, of the kernel's own and of modules'. */
export function* tracepointProbes(kernel: Linux): Generator<TracepointProbe> {
  const [start, stop] = [
    kernel.symbol('__start___tracepoints_ptrs'),
    kernel.symbol('__stop___tracepoints_ptrs'),
  ];
  yield* probesIn(kernel, { start, count: Number(stop - start) / DISTANCE_BYTES });
  for (const module of modules(kernel)) {
    const own = kernel.attempt(() => tableOf(module.raw), null, 'tracepoints of a module');
    if (own !== null) yield* probesIn(kernel, own);
  }
}

interface Table {
  readonly start: VirtualAddress;
  readonly count: number;
}

function tableOf({ tracepoints_ptrs, num_tracepoints }: Kernel<'module'>): Table | null {
  if (tracepoints_ptrs === undefined || tracepoints_ptrs === 0n) return null;
  return { start: tracepoints_ptrs, count: num_tracepoints ?? 0 };
}

function* probesIn(kernel: Linux, { start, count }: Table): Generator<TracepointProbe> {
  if (count < 0 || count > MOST_POINTS) {
    kernel.note(`a table of ${count} tracepoints is implausible`);
    return;
  }
  const { pointerBytes } = kernel.types;
  for (let nth = 0; nth < count; nth++) {
    const at = start + BigInt(nth * DISTANCE_BYTES);
    const address = kernel.attempt(() => pointAt(kernel, at, pointerBytes), null, 'tracepoint');
    if (address !== null)
      yield* kernel.untilFault(probesOf(kernel, kernel.at('tracepoint', address)), 'tracepoint');
  }
}

/** @throws CorruptStructure where its distance is none @throws EvidenceFault */
function pointAt(kernel: Linux, at: VirtualAddress, pointerBytes: 4 | 8): VirtualAddress {
  const distance = kernel.u32At(at) | 0;
  if (distance === 0) throw new CorruptStructure('a tracepoint that lies nowhere');
  return wrapped(at + BigInt(distance), pointerBytes);
}

function* probesOf(kernel: Linux, point: Kernel<'tracepoint'>): Generator<TracepointProbe> {
  const { funcs } = point;
  if (funcs === 0n) return mustNotBeBlank(kernel.space, point.address);
  const size = kernel.types.sizeOf('tracepoint_func');
  for (let nth = 0; nth < MOST_PROBES; nth++) {
    const raw = kernel.at('tracepoint_func', funcs + BigInt(nth * size));
    if (raw.func === 0n) return;
    yield new TracepointProbe(kernel, point, raw);
  }
  throw new CorruptStructure(`more than ${MOST_PROBES} functions at one tracepoint`);
}
