// What the first instructions of functions say, on Arm: as ftrace, probes and hooks write them.
import { describe, expect, it } from 'vitest';
import { BEGINNING_BYTES, detourIn } from '../../src/kernel/linux/integrity/detour.ts';

const START = 0xffff_8000_8001_0000n;
const TARGET = 0xffff_8000_7a00_1000n;
const [NOP, BTI, PACIASP, MOV, RET] = [0xd503201f, 0xd503245f, 0xd503233f, 0xaa1e03e9, 0xd65f03c0];

function words(...all: number[]): Uint8Array {
  const bytes = Buffer.alloc(BEGINNING_BYTES);
  for (let nth = 0; nth * 4 < BEGINNING_BYTES; nth++) bytes.writeUInt32LE(all[nth] ?? RET, nth * 4);
  return bytes;
}
/** b or bl at a word of the function. */
const branch = (opcode: number, nth: number): number =>
  (opcode | Number(BigInt.asUintN(26, (TARGET - START - BigInt(nth * 4)) >> 2n))) >>> 0;
const none = (): never => {
  throw new Error('nothing is to be read');
};
const detour = (bytes: Uint8Array, pointerAt: (at: bigint) => bigint = none) =>
  detourIn('aarch64', bytes, START, pointerAt);

describe('a function of arm64', () => {
  it.each<[string, number[], number, 'call' | 'jump']>([
    ['b', [branch(0x14000000, 0)], 0, 'jump'],
    ['nop; b', [NOP, branch(0x14000000, 1)], 1, 'jump'],
    ['bti; mov x9, x30; bl', [BTI, MOV, branch(0x94000000, 2)], 2, 'call'],
  ])('that begins with %s leads there', (_, code, nth, kind) => {
    expect(detour(words(...code))).toEqual({ kind, at: START + BigInt(nth * 4), target: TARGET });
  });

  it('that begins with ldr x16; br x16 leads to the literal', () => {
    const code = words(0x58000050, 0xd61f0200);
    expect(detour(code, (at) => (at === START + 8n ? TARGET : 0n))).toEqual({
      kind: 'jump',
      at: START,
      target: TARGET,
    });
    // Another register than the one that was read.
    expect(detour(words(0x58000050, 0xd61f0220))).toBe(null);
  });

  it('that begins with the trap of a probe has a breakpoint; that of BUG() is none', () => {
    expect(detour(words(PACIASP, 0xd4200080))).toEqual({ kind: 'breakpoint', at: START + 4n, target: null });
    expect(detour(words(0xd4210000))).toBe(null);
  });

  it('that begins with anything else leads nowhere', () => {
    expect(detour(words(BTI, PACIASP, 0xa9bf7bfd))).toBe(null);
    expect(detour(words(NOP, NOP, NOP, NOP, NOP, NOP, NOP, NOP))).toBe(null);
  });
});

describe('a function of x86', () => {
  const x86 = (...code: number[]) =>
    detourIn(
      'x86-64',
      Buffer.concat([Uint8Array.from(code), Buffer.alloc(32, 0x48)]).subarray(0, BEGINNING_BYTES),
      START,
      none,
    );

  it('that is padding between functions has no breakpoint', () => {
    expect(x86(0xcc, 0xcc, 0xcc)).toBe(null);
    expect(x86(0xcc, 0x48)).toMatchObject({ kind: 'breakpoint', at: START });
  });

  it.each([
    ['the endbr64 of indirect calls', [0xf3, 0x0f, 0x1e, 0xfa]],
    ['an endbr64 that the kernel has poisoned', [0x66, 0x0f, 0x1f, 0x00]],
    ['a poisoned one of later kernels', [0x0f, 0x1f, 0x40, 0xd6]],
    ['the nop of a function that can be traced', [0x0f, 0x1f, 0x44, 0x00, 0x00]],
    ['a long nop', [0x66, 0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00]],
    ['several short ones', [0x90, 0x66, 0x90]],
  ])('leads where the instruction behind %s does', (_, padding) => {
    expect(x86(...padding, 0xe8, 0x10, 0, 0, 0)).toEqual({
      kind: 'call',
      at: START + BigInt(padding.length),
      target: START + BigInt(padding.length + 5 + 0x10),
    });
  });

  it('that is nothing but padding, or is cut, leads nowhere', () => {
    expect(detourIn('x86-64', Buffer.alloc(BEGINNING_BYTES, 0x90), START, none)).toBe(null);
    expect(detourIn('x86-64', Uint8Array.of(0xe9, 0, 0), START, none)).toBe(null);
  });
});
