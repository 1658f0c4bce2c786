// The ways in which a snapshot is damaged: what accidents and intruders do to the words that questions read.
import { PAGE_BYTES } from '../../src/memory/source.ts';
import type { Random } from '../support/random.ts';
import { pageOf, type World } from './world.ts';

/** One change of memory: these bytes at this physical address, or a page that is missing. */
export interface Edit {
  readonly at: number;
  /** In hex; null takes the whole page away. */
  readonly bytes: string | null;
}

/** What is known of a way of damage. */
export interface Damage {
  readonly name: string;
  /**
   * Whether no kernel leaves memory like that: then rows must not go without a word. A pointer to something else of the
   * same kind, or an empty slot, is what a kernel may have had.
   */
  readonly isNoticeable: boolean;
  /** Whether it only takes away: then no whole row may be there that was not there before, without a word. */
  readonly takesAway?: true;
  readonly edits: (world: World, words: readonly number[], random: Random) => Edit[];
}

/** A word as this guest writes it; of a number that is wider, the low part. */
const hexOf = ({ wordBytes }: World, word: bigint): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, word));
  return bytes.subarray(0, wordBytes).toString('hex');
};

const wordAt = ({ overlay, wordBytes }: World, at: number): bigint => {
  const page = Buffer.from(overlay.page(pageOf(at)));
  return wordBytes === 8 ? page.readBigUInt64LE(at - pageOf(at)) : BigInt(page.readUInt32LE(at - pageOf(at)));
};

/** Where the kernel's half begins: with 52-bit addresses on AArch64, above three gigabytes on i386. */
const KERNEL_STARTS = { 8: 0xfff0_0000_0000_0000n, 4: 0xc000_0000n };

const isPointer = ({ wordBytes }: World, word: bigint): boolean =>
  word >= KERNEL_STARTS[wordBytes] && word < BigInt.asUintN(8 * wordBytes, -4096n);

/** Entries of page tables, as every architecture has them: the address of a page of RAM, flags below and above it. */
function looksLikeEntry({ overlay }: World, word: bigint): boolean {
  const page = word & 0x000f_ffff_ffff_f000n;
  return (word & 1n) === 1n && page !== 0n && page < BigInt(overlay.lasting.end);
}

/** Tries so often to find a word of a kind. */
const TRIES = 64;

function pickWord(
  world: World,
  words: readonly number[],
  random: Random,
  isWanted: (world: World, word: bigint) => boolean,
): readonly [at: number, word: bigint] | undefined {
  for (let tried = 0; tried < TRIES; tried++) {
    const at = random.pick(words);
    const word = wordAt(world, at);
    if (isWanted(world, word)) return [at, word];
  }
  return undefined;
}

const some = (random: Random, most: number): number[] =>
  Array.from({ length: 1 + random.below(most) }, (_, i) => i);

const EXTREMES = {
  8: [1n, 0xffff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0x7fff_ffff_7fff_ffffn, 0x10_0000_0010_0000n],
  4: [1n, 0xffff_ffffn, 0x8000_0000n, 0x7fff_ffffn, 0x10_0000n],
};

const damages: readonly Damage[] = [
  {
    name: 'a word of zeros',
    isNoticeable: false, // an empty slot, the end of a chain
    edits: (world, words, random) => [{ at: random.pick(words), bytes: hexOf(world, 0n) }],
  },
  {
    name: 'extreme words',
    isNoticeable: true,
    edits: (world, words, random) =>
      some(random, 4).flatMap(() => {
        // As an entry of a page table, 1 leads to the first page of RAM: that is another way of damage.
        const one = pickWord(world, words, random, (_, word) => !looksLikeEntry(world, word));
        const bytes = hexOf(world, random.pick(EXTREMES[world.wordBytes]));
        return one === undefined ? [] : [{ at: one[0], bytes }];
      }),
  },
  {
    name: 'a count that is off',
    isNoticeable: false,
    edits: (world, words, random) => {
      const at = random.pick(words);
      const upper = 1n << BigInt(4 * world.wordBytes);
      const step = random.pick([1n, -1n, 2n, upper, -upper, 0x1000n, 1n << 20n]);
      return [{ at, bytes: hexOf(world, wordAt(world, at) + step) }];
    },
  },
  {
    name: 'flipped bits',
    isNoticeable: false,
    edits: (world, words, random) =>
      some(random, 3).map(() => {
        const at = random.pick(words);
        return {
          at,
          bytes: hexOf(world, wordAt(world, at) ^ (1n << BigInt(random.below(8 * world.wordBytes)))),
        };
      }),
  },
  {
    name: 'pointers among each other',
    isNoticeable: false,
    edits: (world, words, random) =>
      some(random, 3).flatMap(() => {
        const [one, other] = [
          pickWord(world, words, random, isPointer),
          pickWord(world, words, random, isPointer),
        ];
        return one === undefined || other === undefined
          ? []
          : [{ at: one[0], bytes: hexOf(world, other[1]) }];
      }),
  },
  {
    name: 'pointers into the middle of things',
    isNoticeable: false,
    edits: (world, words, random) => {
      const one = pickWord(world, words, random, isPointer);
      const step = BigInt(random.below(512) - 256) * 8n;
      return one === undefined ? [] : [{ at: one[0], bytes: hexOf(world, one[1] + step) }];
    },
  },
  {
    name: 'pointers to nowhere',
    isNoticeable: true,
    edits: (world, words, random) => {
      const targets = [
        0xdead_0000_0000_0100n,
        0xffff_ffff_ffff_fff8n,
        0xffff_c900_dead_0000n,
        0x4141_4141_4141_4141n,
      ];
      return [{ at: random.pick(words), bytes: hexOf(world, random.pick(targets)) }];
    },
  },
  {
    name: 'page tables that lead to other pages',
    isNoticeable: false,
    edits: (world, words, random) => {
      const [one, other] = [
        pickWord(world, words, random, looksLikeEntry),
        pickWord(world, words, random, looksLikeEntry),
      ];
      if (one === undefined || other === undefined) return [];
      const target = random.pick([other[1], BigInt(pageOf(one[0])) | (one[1] & 0xfffn), one[1] ^ 0x80n]);
      return [{ at: one[0], bytes: hexOf(world, target) }];
    },
  },
  {
    name: 'page tables that map nothing',
    isNoticeable: true,
    edits: (world, words, random) => {
      const one = pickWord(world, words, random, looksLikeEntry);
      return one === undefined ? [] : [{ at: one[0], bytes: hexOf(world, one[1] & ~1n) }];
    },
  },
  {
    name: 'a page of zeros',
    isNoticeable: true,
    takesAway: true,
    edits: (_, words, random) => [{ at: pageOf(random.pick(words)), bytes: '00'.repeat(PAGE_BYTES) }],
  },
  {
    name: 'missing pages',
    isNoticeable: true,
    takesAway: true,
    edits: (_, words, random) => some(random, 3).map(() => ({ at: pageOf(random.pick(words)), bytes: null })),
  },
  {
    name: 'a page of noise',
    isNoticeable: false, // a process's own words may be anything
    edits: (_, words, random) => [
      { at: pageOf(random.pick(words)), bytes: Buffer.from(random.bytes(PAGE_BYTES)).toString('hex') },
    ],
  },
  {
    name: 'another page in its place',
    isNoticeable: false, // a process's own words may be anything
    edits: (world, words, random) => {
      const other = world.overlay.page(pageOf(random.pick(words)));
      return [{ at: pageOf(random.pick(words)), bytes: Buffer.from(other).toString('hex') }];
    },
  },
  {
    name: 'records alike, all the same',
    isNoticeable: false,
    edits: (world, words, random) => {
      // The words around one are repeated over the rest of its page: tables of one entry, lists into themselves.
      const at = random.pick(words);
      const page = Buffer.from(world.overlay.page(pageOf(at)));
      const stride = random.pick([8, 16, 32, 64, 256, 512]);
      const within = at - pageOf(at) - ((at - pageOf(at)) % stride);
      const record = Buffer.from(page.subarray(within, within + stride));
      for (let to = within; to + stride <= PAGE_BYTES; to += stride) record.copy(page, to);
      return [{ at: pageOf(at), bytes: page.toString('hex') }];
    },
  },
];

/** Every way of damage. */
export const allDamages: readonly Damage[] = damages;

/** Changes the memory of a world until it is mended. */
export function apply({ overlay }: World, edits: readonly Edit[]): void {
  for (const { at, bytes } of edits) {
    if (bytes === null) {
      overlay.damage(pageOf(at), null);
      continue;
    }
    const page = overlay.page(pageOf(at));
    page.set(Buffer.from(bytes, 'hex').subarray(0, PAGE_BYTES - (at - pageOf(at))), at - pageOf(at));
    overlay.damage(pageOf(at), page);
  }
}

/** The words that edits change. */
export function wordsIn({ wordBytes }: World, edits: readonly Edit[]): Set<number> {
  const words = new Set<number>();
  for (const { at, bytes } of edits) {
    const start = bytes === null ? pageOf(at) : at - (at % wordBytes);
    const end = bytes === null ? start + PAGE_BYTES : at + bytes.length / 2;
    for (let word = start; word < end; word += wordBytes) words.add(word);
  }
  return words;
}
