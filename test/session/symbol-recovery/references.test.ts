import { describe, expect, it } from 'vitest';
import { aarch64References } from '../../../src/session/linux/symbol-recovery/aarch64-references.ts';
import { x8664References } from '../../../src/session/linux/symbol-recovery/x86-64-references.ts';

/** Instructions as an assembler writes them, the comments as a disassembler reads them. */
const code = (...words: readonly number[]): Uint8Array => {
  const bytes = Buffer.alloc(4 * words.length);
  for (const [nth, word] of words.entries()) bytes.writeUInt32LE(word, 4 * nth);
  return bytes;
};
const named = (...words: readonly number[]): number[] => [...aarch64References(code(...words), 0x1_2340)];

describe('places that AArch64 code names', () => {
  it.each<[string, readonly number[], readonly number[]]>([
    ['adrp x0, +0x3000; add x0, x0, #0x610', [0xf000_0000, 0x9118_4000], [0x1_5610]],
    ['adrp backwards', [0xf0ff_ffe0, 0x9100_4000], [0x1_1010]],
    ['add of 12 shifted bits', [0xb000_0001, 0x9140_0821], [0x1_5000]],
    ['adr x3, +0x10', [0x1000_0083], [0x1_2350]],
    ['ldr x1, [x0, #0x20] after adrp', [0xb000_0000, 0xf940_1001], [0x1_3020]],
    ['ldrb w1, [x0, #3] after adrp', [0xb000_0000, 0x3940_0c01], [0x1_3003]],
    ['ldr q0, [x1, #0x20] after adrp', [0xb000_0001, 0x3dc0_0820], [0x1_3020]],
    ['str x2, [x1, #8] leaves x1', [0xb000_0001, 0xf900_0422, 0x9100_4021], [0x1_3008, 0x1_3010]],
    ['ldp x2, x3, [x1, #-16]', [0xb000_0001, 0xa97f_0c22], [0x1_2ff0, 0x1_2ff8]],
    ['ldr x4, [x1, #80]! moves x1', [0xb000_0001, 0xf845_0c24, 0x9100_4021], [0x1_3050, 0x1_3060]],
    ['mov x5, x1', [0xb000_0001, 0xaa01_03e5, 0x9100_40a6], [0x1_3010]],
    ['a register that was loaded leads nowhere', [0xb000_0001, 0xf940_0021, 0x9100_4021], [0x1_3000]],
    ['nothing is known of other registers', [0x9100_4021, 0xf940_1001], []],
  ])('%s', (_, words, expected) => {
    expect(named(...words)).toEqual(expected);
  });

  it('are none in what is no code', () => {
    const noise = Uint8Array.from({ length: 4099 }, (_, i) => (i * 2654435761) >>> 24);
    expect(() => aarch64References(noise, 0)).not.toThrow();
    expect([...aarch64References(new Uint8Array(3), 0)]).toEqual([]);
  });
});

describe('places that x86-64 code may name', () => {
  const base = 0xffff_ffff_8100_0000n;

  it('are as far from the end of an instruction as it says', () => {
    // mov rax, [rip+0x1234]; mov dword [rip+0x100], 7
    const bytes = Buffer.from('488b0534120000c7050001000007000000', 'hex');
    const places = x8664References(bytes, 0x400, base);
    expect(places.has(0x400 + 7 + 0x1234)).toBe(true);
    expect(places.has(0x400 + 17 + 0x100)).toBe(true);
  });

  it('or addresses of the highest 2 GiB', () => {
    const bytes = Buffer.from('48c7c740a0ff81', 'hex'); // mov rdi, 0xffffffff81ffa040
    expect(x8664References(bytes, 0x400, base).has(0xff_a040)).toBe(true);
  });
});
