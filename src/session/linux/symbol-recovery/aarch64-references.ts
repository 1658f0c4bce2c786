// Addresses that AArch64 code refers to: ADR, ADRP and ADD, loads and stores.
// Arm ARM (DDI 0487), C6.2.
import { viewOf } from '../../../base/bytes.ts';

/**
 * Arm ARM DDI 0487, C4.1: how the instructions are told that compilers name data with. `mask` and `bits` are of the
 * whole word.
 */
const is = (word: number, mask: number, bits: number): boolean => (word & mask) >>> 0 === bits >>> 0;
const isAdr = (word: number): boolean => is(word, 0x1f00_0000, 0x1000_0000);
const isAddImmediate = (word: number): boolean => is(word, 0xff80_0000, 0x9100_0000);
const isMoveRegister = (word: number): boolean => is(word, 0xffe0_ffe0, 0xaa00_03e0);
const isLoadStore = (word: number): boolean => is(word, 0x3b00_0000, 0x3900_0000);
const isPreIndexed = (word: number): boolean => is(word, 0x3b20_0c00, 0x3800_0c00);
const isLoadStorePair = (word: number): boolean => is(word, 0x3b00_0000, 0x2900_0000);

const VECTOR = 1 << 26;
const PAGE = 4096;

/**
 * The places that a stretch of AArch64 code names: what ADR, or ADRP and ADD, leave in a register, and what loads and
 * stores reach from there. Code is read from first to last and not followed, so a few places are named that the code
 * never uses: whoever asks must know what he looks for by its content. `start` is the offset of the code from a
 * page's first byte, as are the places that are returned.
 */
export function aarch64References(code: Uint8Array, start: number): Set<number> {
  const view = viewOf(code);
  const registers = new Float64Array(32).fill(Number.NaN);
  const places = new Set<number>();
  const note = (place: number): void => {
    if (!Number.isNaN(place)) places.add(place);
  };
  for (let at = 0; at + 4 <= code.length; at += 4) {
    const word = view.getInt32(at, true);
    const target = word & 31;
    const base = (word >>> 5) & 31;
    if (isAdr(word)) {
      registers[target] = adrTarget(word, start + at);
      if (word > 0) note(registers[target]!); // ADR alone says all
    } else if (isAddImmediate(word)) {
      const immediate = (word >>> 10) & 0xfff;
      registers[target] = registers[base]! + ((word >>> 22) & 1 ? immediate * PAGE : immediate);
      note(registers[target]!);
    } else if (isMoveRegister(word)) {
      registers[target] = registers[(word >>> 16) & 31]!;
    } else if (isLoadStore(word)) {
      note(registers[base]! + ((word >>> 10) & 0xfff) * operandBytes(word));
      if (isLoad(word)) registers[target] = Number.NaN;
    } else if (isPreIndexed(word)) {
      registers[base]! += (word << 11) >> 23;
      note(registers[base]!);
      if (isLoad(word)) registers[target] = Number.NaN;
    } else if (isLoadStorePair(word)) {
      const [first, each] = pairOperands(word);
      note(registers[base]! + first);
      note(registers[base]! + first + each);
    }
  }
  return places;
}

/** ADR counts bytes, ADRP pages; both 21 bits, signed. */
function adrTarget(word: number, at: number): number {
  const immediate = (((word << 8) >> 13) << 2) | ((word >>> 29) & 3);
  return word < 0 ? Math.floor(at / PAGE) * PAGE + immediate * PAGE : at + immediate;
}

/** How many bytes a load or store is wide: its offset counts these. */
function operandBytes(word: number): number {
  const size = word >>> 30;
  const isWide = (word & VECTOR) !== 0 && ((word >>> 23) & 1) === 1;
  return 2 ** (isWide ? size + 4 : size);
}

const isLoad = (word: number): boolean => (word & VECTOR) === 0 && ((word >>> 22) & 3) !== 0;

function pairOperands(word: number): readonly [first: number, each: number] {
  const size = word >>> 30;
  const each = (word & VECTOR) !== 0 ? 4 << size : size === 2 ? 8 : 4;
  return [((word << 10) >> 25) * each, each];
}
