// Where the first instructions of a function send the CPU: a call, a jump or a breakpoint, in the ways in which hooks are written.
// Linux: arch/x86/kernel/ftrace.c and kprobes/opt.c, arch/arm64/kernel/ftrace.c write such instructions too.
import { type VirtualAddress, wrapped } from '../../../base/address.ts';
import { viewOf } from '../../../base/bytes.ts';
import type { Architecture } from '../../../profile/profile.ts';

/** An instruction near a function's beginning that leads away from it. */
export interface Detour {
  /** How it leaves: by a call that comes back, by a jump, or by a trap. */
  readonly kind: 'call' | 'jump' | 'breakpoint';
  /** Where the instruction is. */
  readonly at: VirtualAddress;
  /** Where it leads; null of a breakpoint. */
  readonly target: VirtualAddress | null;
}

/** Bytes of a function's beginning that are looked at: what stands before a hook, and the longest hook. */
export const BEGINNING_BYTES = 32;

/** Reads a pointer that a jump goes through. @throws EvidenceFault */
type PointerAt = (address: VirtualAddress) => VirtualAddress;

/** The detour at a function's beginning; null where its first instruction is another. @param bytes of the function */
export const detourIn = (
  architecture: Architecture,
  bytes: Uint8Array,
  start: VirtualAddress,
  pointerAt: PointerAt,
): Detour | null =>
  architecture === 'aarch64'
    ? armDetour(bytes, start, pointerAt)
    : x86Detour(bytes, start, architecture === 'x86-64' ? 8 : 4, pointerAt);

/** Instructions of one form that do nothing: endbr64, endbr32, and the `lea` that older assemblers pad with. */
const X86_PADDING: readonly (readonly number[])[] = [
  [0xf3, 0x0f, 0x1e, 0xfa],
  [0xf3, 0x0f, 0x1e, 0xfb],
  [0x3e, 0x8d, 0x74, 0x26, 0x00],
];
/** Prefixes of operand size in front of one nop: arch/x86/include/asm/nops.h. */
const MOST_PREFIXES = 4;

function x86Detour(
  bytes: Uint8Array,
  start: VirtualAddress,
  pointerBytes: 4 | 8,
  pointerAt: PointerAt,
): Detour | null {
  let nth = 0;
  for (let next = paddingAt(bytes, nth); next > 0; next = paddingAt(bytes, nth)) nth += next;
  if (nth + 14 > bytes.length) return null;
  const view = viewOf(bytes);
  const at = start + BigInt(nth);
  const to = (kind: Detour['kind'], target: VirtualAddress): Detour => ({
    ...{ kind, at, target: wrapped(target, pointerBytes) },
  });
  const [first, second] = [bytes[nth]!, bytes[nth + 1]!];
  if (first === 0xe8 || first === 0xe9)
    return to(first === 0xe8 ? 'call' : 'jump', at + 5n + BigInt(view.getInt32(nth + 1, true)));
  // Padding between functions is made of the same byte.
  if (first === 0xcc) return second === 0xcc ? null : { kind: 'breakpoint', at, target: null };
  if (first === 0xff && (second === 0x25 || second === 0x15)) {
    const distance = view.getInt32(nth + 2, true);
    const place = pointerBytes === 8 ? at + 6n + BigInt(distance) : BigInt(distance >>> 0);
    return to(second === 0x25 ? 'jump' : 'call', pointerAt(wrapped(place, pointerBytes)));
  }
  // push; ret
  if (first === 0x68 && bytes[nth + 5] === 0xc3) return to('jump', BigInt(view.getInt32(nth + 1, true)));
  // push; mov dword [rsp+4]; ret
  if (first === 0x68 && bytes[nth + 5] === 0xc7 && bytes[nth + 13] === 0xc3)
    return to('jump', BigInt(view.getUint32(nth + 1, true)) | (BigInt(view.getUint32(nth + 9, true)) << 32n));
  // mov register, address; jmp register, or push it and ret
  const isWide = (first & 0xfe) === 0x48 && (second & 0xf8) === 0xb8;
  if (isWide && leavesBy(bytes, nth + 10)) return to('jump', view.getBigUint64(nth + 2, true));
  if ((first & 0xf8) === 0xb8 && pointerBytes === 4 && leavesBy(bytes, nth + 5))
    return to('jump', BigInt(view.getUint32(nth + 1, true)));
  return null;
}

/** Bytes of an instruction that does nothing; 0 where there is another. */
function paddingAt(bytes: Uint8Array, nth: number): number {
  for (const padding of X86_PADDING)
    if (padding.every((byte, offset) => bytes[nth + offset] === byte)) return padding.length;
  let at = nth;
  while (bytes[at] === 0x66 && at - nth < MOST_PREFIXES) at++;
  if (bytes[at] === 0x90) return at + 1 - nth;
  // NOP with an operand: Intel SDM volume 2, 0F 1F /0. The kernel poisons endbr64 by one of these.
  if (bytes[at] !== 0x0f || bytes[at + 1] !== 0x1f) return 0;
  const operand = bytes[at + 2]!;
  const hasIndex = operand < 0xc0 && (operand & 7) === 4;
  const displacement = [(operand & 7) === 5 ? 4 : 0, 1, 4, 0][operand >>> 6]!;
  return at + 3 + Number(hasIndex) + displacement - nth;
}

/** Whether `jmp register` or `push register; ret` stands there. */
function leavesBy(bytes: Uint8Array, nth: number): boolean {
  const at = (bytes[nth]! & 0xfe) === 0x40 ? nth + 1 : nth;
  const [first, second] = [bytes[at]!, bytes[at + 1]!];
  return (first === 0xff && (second & 0xf8) === 0xe0) || ((first & 0xf8) === 0x50 && second === 0xc3);
}

/** nop, bti c, bti j, bti jc, paciasp, and the `mov x9, x30` in front of a traced function's call. */
const ARM_PADDING = [0xd503_201f, 0xd503_245f, 0xd503_249f, 0xd503_24df, 0xd503_233f, 0xaa1e_03e9];
/** BRK with the number of kernel probes: KPROBES_BRK_IMM of arch/arm64/include/asm/brk-imm.h. */
const ARM_PROBE = 0xd420_0080;

function armDetour(bytes: Uint8Array, start: VirtualAddress, pointerAt: PointerAt): Detour | null {
  const view = viewOf(bytes);
  let nth = 0;
  while (nth + 8 < bytes.length && ARM_PADDING.includes(view.getUint32(nth, true))) nth += 4;
  const at = start + BigInt(nth);
  const [word, next] = [view.getUint32(nth, true), view.getUint32(nth + 4, true)];
  if (word === ARM_PROBE) return { kind: 'breakpoint', at, target: null };
  // b, bl: 26 bits of words
  if ((word & 0x7c00_0000) === 0x1400_0000) {
    const distance = ((word & 0x03ff_ffff) << 6) >> 4;
    return { kind: word >>> 31 === 1 ? 'call' : 'jump', at, target: wrapped(at + BigInt(distance), 8) };
  }
  // ldr register, literal; br register
  const register = word & 0x1f;
  if (
    word >>> 24 === 0x58 &&
    (next & 0xffff_fc1f) >>> 0 === 0xd61f_0000 &&
    ((next >>> 5) & 0x1f) === register
  ) {
    const distance = ((word << 8) >> 13) * 4;
    return { kind: 'jump', at, target: pointerAt(wrapped(at + BigInt(distance), 8)) };
  }
  return null;
}
