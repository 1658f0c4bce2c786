// The tables of system calls, and the functions that branch to system calls in their place.
// Linux: arch/x86/entry/syscall_64.c, arch/arm64/kernel/sys.c, scripts/syscalltbl.sh.
import { type VirtualAddress, wrapped } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import { mustNotBeBlank } from '../blank.ts';
import type { Linux } from '../linux.ts';
import { codeOf } from '../symbols/code.ts';
import type { SymbolName } from '../symbols.ts';
import { CodePointer, type Verdict } from './code-pointer.ts';

/** Tables, and functions that dispatch. */
const TABLES = [
  ...(['sys_call_table', 'ia32_sys_call_table', 'x32_sys_call_table', 'compat_sys_call_table'] as const),
] satisfies SymbolName[];
const DISPATCHERS = ['x64_sys_call', 'ia32_sys_call', 'x32_sys_call'] as const satisfies SymbolName[];
export type CallTable = (typeof TABLES)[number] | (typeof DISPATCHERS)[number];

/** Numbers that a table may have: kernels of today have 470. */
const MOST_CALLS = 2_048;
/** Bytes of a function that dispatches: 470 numbers take some 10 KiB of comparisons and jumps. */
const MOST_DISPATCH_BYTES = 65_536;
/** Entries after the last that are looked at: where no symbol ends a table, so many in a row that are no system calls do. */
const BEHIND = 8;
/** Functions of system calls are called so, whatever the architecture: `__x64_sys_read`, `__arm64_compat_sys_open`, `sys_ni_syscall`. */
const CALL_NAME = /^(?:[a-z0-9_]*_)?sys_[a-z0-9_]+$/;
/** Where else such a function branches to: the kernel's own ways of returning and of jumping (arch/x86/lib/retpoline.S). */
const THUNK_NAME =
  /^(?:__x86_(?:return|indirect)_(?:its_)?thunk\w*|srso_\w+|retbleed_\w+|its_return_thunk|__fentry__)(?:\+0x[0-9a-f]+)?$/;
const BRANCH = /^(?:j\w+|call)$/;

/** A system call as a table has it, or a function that a dispatching one branches to. */
export class SystemCall {
  readonly table: CallTable;
  /** The number that programs call it by; null where a function branches to it. */
  readonly number: number | null;
  readonly handler: CodePointer;
  constructor(table: CallTable, number: number | null, handler: CodePointer) {
    this.table = table;
    this.number = number;
    this.handler = handler;
  }
  /** @throws EvidenceFault */
  get verdict(): Verdict {
    return this.handler.verdictAs(CALL_NAME);
  }
}

/** Turns bytes that stand at an address into instructions. */
export interface Decoder {
  decode(
    bytes: Uint8Array,
    address: VirtualAddress,
  ): Iterable<{
    readonly address: VirtualAddress;
    readonly mnemonic: string;
    /** The address that it names: where a branch leads. */
    readonly target: VirtualAddress | null;
  }>;
}

/**
 * Every entry of every table, and every function that a dispatching function branches to. @param loadDecoder is called where there is
 * such a function; it may throw an EvidenceFault
 */
export async function* systemCalls(
  kernel: Linux,
  loadDecoder: () => Promise<Decoder>,
): AsyncGenerator<SystemCall> {
  for (const table of TABLES)
    if (kernel.hasSymbol(table)) yield* kernel.untilFault(entriesOf(kernel, table), table);
  const there = DISPATCHERS.filter((name) => kernel.hasSymbol(name));
  if (there.length === 0) return;
  const decoder = await loadDecoder().catch((fault: unknown) => {
    if (!(fault instanceof EvidenceFault)) throw fault;
    kernel.note(`${there.join(', ')}: ${fault.message}`);
    return null;
  });
  if (decoder === null) return;
  for (const name of there) yield* kernel.untilFault(branchesOf(kernel, name, decoder), name);
}

function* entriesOf(kernel: Linux, table: CallTable): Generator<SystemCall> {
  const { pointerBytes } = kernel.types;
  const start = kernel.symbol(table);
  const listed = kernel.listed?.(kernel.space.memory);
  const isListed = listed?.nearest(start)?.address === start;
  for (let number = 0; number < MOST_CALLS; number++) {
    const at = start + BigInt(number * pointerBytes);
    // Where kernels list their data, the next symbol ends the table.
    if (isListed && isBehind(listed!.nearest(at), start)) return;
    const address = kernel.attempt(() => entryAt(kernel, at), null, `${table}[${number}]`);
    if (address === null) continue;
    if (!isKernels(address, pointerBytes)) return;
    if (!isListed && !isCall(kernel, address) && !isGoingOn(kernel, at)) return;
    yield new SystemCall(table, number, new CodePointer(kernel, address));
  }
}

/** @throws CorruptStructure where it lies on a page of zeros @throws EvidenceFault */
function entryAt(kernel: Linux, at: VirtualAddress): VirtualAddress {
  const address = kernel.pointerAt(at);
  if (address === 0n) mustNotBeBlank(kernel.space, at);
  return address;
}

/** Whether it is a function of the kernel for system calls. @throws EvidenceFault */
const isCall = (kernel: Linux, address: VirtualAddress): boolean =>
  new CodePointer(kernel, address).verdictAs(CALL_NAME) === 'expected';

/** Whether one of the next entries is one. */
function isGoingOn(kernel: Linux, at: VirtualAddress): boolean {
  const { pointerBytes } = kernel.types;
  for (let ahead = 1; ahead <= BEHIND; ahead++) {
    const next = at + BigInt(ahead * pointerBytes);
    if (unlessFault(() => isCall(kernel, kernel.pointerAt(next)), true)) return true;
  }
  return false;
}

const isBehind = (symbol: { readonly address: VirtualAddress } | undefined, start: VirtualAddress): boolean =>
  symbol !== undefined && symbol.address > start;

const isKernels = (address: VirtualAddress, pointerBytes: number): boolean =>
  address >= (pointerBytes === 8 ? 0xffff_0000_0000_0000n : 0x8000_0000n);

/** Where the instructions of a function branch to that lies outside of it, each place once. */
function* branchesOf(kernel: Linux, name: CallTable, decoder: Decoder): Generator<SystemCall> {
  const code = codeOf(kernel);
  const start = kernel.symbol(name);
  const bytes = kernel.space.readableBytes(start, MOST_DISPATCH_BYTES);
  const seen = new Set<VirtualAddress>();
  for (const { address, mnemonic, target } of decoder.decode(bytes, start)) {
    const here = code.placeOf(address);
    if (here === null || address - here.offset !== start) return;
    const at = Number(address - start);
    if (bytes[at] === 0 && bytes[at + 1] === 0) mustNotBeBlank(kernel.space, address);
    if (target === null || !BRANCH.test(mnemonic)) continue;
    const to = wrapped(target, kernel.types.pointerBytes);
    if (seen.has(to)) continue;
    seen.add(to);
    const place = code.placeOf(to);
    if (place !== null && (to - place.offset === start || THUNK_NAME.test(place.text))) continue;
    yield new SystemCall(name, null, new CodePointer(kernel, to));
  }
  kernel.note(`${name}: its end is not within ${bytes.length} bytes`);
}
