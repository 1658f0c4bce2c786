// Function tracing: what is called at the beginning of functions, and of which.
// Linux: kernel/trace/ftrace.c, include/linux/ftrace.h.
import { ENTRY_COST } from '../../../base/budget.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import { chainedLinks } from '../containers/hash-table.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { codeOf } from '../symbols/code.ts';
import { CodePointer, type Verdict, worse } from './code-pointer.ts';

/** Bits of `flags`: FTRACE_OPS_FL_… of include/linux/ftrace.h. */
const FLAGS: readonly (readonly [bit: number, name: string])[] = [
  [0, 'enabled'],
  [1, 'dynamic'],
  [2, 'save-regs'],
  [12, 'ipmodify'],
  [13, 'pid'],
  [15, 'trace-array'],
  [16, 'permanent'],
  [17, 'direct'],
];
/** Whoever sets it sends the function somewhere else: FTRACE_OPS_FL_IPMODIFY. */
const IPMODIFY = 1 << 12;
/** Those that trace: each has a list of functions; a machine has some dozens. */
const MOST_TRACERS = 65_536;
/** A table of functions is not larger: FTRACE_HASH_MAX_BITS of kernel/trace/ftrace.c is 12. */
const MOST_HASH_BITS = 20;

/** A function that is traced, by one of those who trace it. */
export class TracedFunction {
  readonly kernel: Linux;
  readonly tracer: Kernel<'ftrace_ops'>;
  /** The function; null where the tracer is told of all. */
  readonly place: CodePointer | null;
  constructor(kernel: Linux, tracer: Kernel<'ftrace_ops'>, place: CodePointer | null) {
    this.kernel = kernel;
    this.tracer = tracer;
    this.place = place;
  }
  /** Its name: the call may stand behind its first instruction. @throws EvidenceFault */
  get name(): string | null {
    return this.place === null ? null : (codeOf(this.kernel).placeOf(this.place.address)?.name ?? null);
  }
  /** What is called. @throws EvidenceFault */
  get callback(): CodePointer {
    return new CodePointer(this.kernel, this.tracer.func);
  }
  /** `enabled,save-regs,ipmodify`. @throws EvidenceFault */
  get flags(): string {
    const flags = Number(this.tracer.flags);
    return FLAGS.filter(([bit]) => (flags & (1 << bit)) !== 0)
      .map(([, name]) => name)
      .join(',');
  }
  /** The kernel's own tracers, those for perf and BPF too, are its own code; who changes where a function goes must be. @throws EvidenceFault */
  get verdict(): Verdict {
    const { callback } = this;
    const isChanging = (Number(this.tracer.flags) & IPMODIFY) !== 0;
    return isChanging && callback.ownerKind === 'module'
      ? worse(callback.verdict, 'unknown')
      : callback.verdict;
  }
}

/** Every function that is traced, once for each who traces it. */
export function* tracedFunctions(kernel: Linux): Generator<TracedFunction> {
  const end = kernel.symbol('ftrace_list_end');
  const seen = new Set<bigint>();
  let address = kernel.pointerOf('ftrace_ops_list');
  while (address !== end && address !== 0n) {
    if (seen.has(address) || seen.size >= MOST_TRACERS)
      throw new CorruptStructure('the list of tracers loops');
    seen.add(address);
    kernel.space.memory.spend(ENTRY_COST);
    const tracer = kernel.at('ftrace_ops', address);
    yield* kernel.untilFault(functionsOf(kernel, tracer), 'functions that are traced');
    address = tracer.next;
  }
}

function* functionsOf(kernel: Linux, tracer: Kernel<'ftrace_ops'>): Generator<TracedFunction> {
  const filter = tracer.func_hash?.filter_hash ?? null;
  if (filter === null || filter.count === 0n) return yield new TracedFunction(kernel, tracer, null);
  const bits = Number(filter.size_bits);
  if (bits > MOST_HASH_BITS)
    throw new CorruptStructure(`a table of 2^${bits} traced functions is implausible`);
  const links = chainedLinks(kernel, {
    name: 'traced functions',
    heads: filter.buckets,
    buckets: 2 ** bits,
    strideBytes: kernel.types.pointerBytes,
  });
  for (const link of links) {
    const { ip } = kernel.containerOf('ftrace_func_entry', 'hlist', link);
    yield new TracedFunction(kernel, tracer, new CodePointer(kernel, ip));
  }
}
