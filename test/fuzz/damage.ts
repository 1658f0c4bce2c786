// The ways in which a snapshot is damaged: what accidents and intruders do to the words that questions read.
import { PAGE_BYTES } from '../../src/memory/source.ts';
import type { Random } from '../support/random.ts';
import { pageOf, WORD_BYTES, type World } from './world.ts';

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
  readonly edits: (world: World, words: readonly number[], random: Random) => Edit[];
}

const hexOf = (word: bigint): string => {
  const bytes = Buffer.alloc(WORD_BYTES);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, word));
  return bytes.toString('hex');
};

const wordAt = ({ overlay }: World, at: number): bigint =>
  Buffer.from(overlay.page(pageOf(at))).readBigUInt64LE(at - pageOf(at));

const isPointer = (word: bigint): boolean => word >= 0xffff_0000_0000_0000n && word < 0xffff_ffff_ffff_f000n;

/** Entries of page tables as x86-64 and AArch64 have them: an address of a page, flags below and above it. */
const looksLikeEntry = (word: bigint): boolean =>
  (word & 1n) === 1n && (word & 0x000f_ffff_ffff_f000n) !== 0n;

/** Tries so often to find a word of a kind. */
const TRIES = 64;

function pickWord(
  world: World,
  words: readonly number[],
  random: Random,
  isWanted: (word: bigint) => boolean,
): readonly [at: number, word: bigint] | undefined {
  for (let tried = 0; tried < TRIES; tried++) {
    const at = random.pick(words);
    const word = wordAt(world, at);
    if (isWanted(word)) return [at, word];
  }
  return undefined;
}

const some = (random: Random, most: number): number[] =>
  Array.from({ length: 1 + random.below(most) }, (_, i) => i);

const EXTREMES = [
  1n,
  0xffff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0x7fff_ffff_7fff_ffffn,
  0x10_0000_0010_0000n,
];

const damages: readonly Damage[] = [
  {
    name: 'a word of zeros',
    isNoticeable: false, // an empty slot, the end of a chain
    edits: (_, words, random) => [{ at: random.pick(words), bytes: hexOf(0n) }],
  },
  {
    name: 'extreme words',
    isNoticeable: true,
    edits: (_, words, random) =>
      some(random, 4).map(() => ({ at: random.pick(words), bytes: hexOf(random.pick(EXTREMES)) })),
  },
  {
    name: 'a count that is off',
    isNoticeable: false,
    edits: (world, words, random) => {
      const at = random.pick(words);
      const step = random.pick([1n, -1n, 2n, 1n << 32n, -(1n << 32n), 0x1000n, 1n << 20n]);
      return [{ at, bytes: hexOf(wordAt(world, at) + step) }];
    },
  },
  {
    name: 'flipped bits',
    isNoticeable: false,
    edits: (world, words, random) =>
      some(random, 3).map(() => {
        const at = random.pick(words);
        return { at, bytes: hexOf(wordAt(world, at) ^ (1n << BigInt(random.below(64)))) };
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
        return one === undefined || other === undefined ? [] : [{ at: one[0], bytes: hexOf(other[1]) }];
      }),
  },
  {
    name: 'pointers into the middle of things',
    isNoticeable: false,
    edits: (world, words, random) => {
      const one = pickWord(world, words, random, isPointer);
      const step = BigInt(random.below(512) - 256) * 8n;
      return one === undefined ? [] : [{ at: one[0], bytes: hexOf(one[1] + step) }];
    },
  },
  {
    name: 'pointers to nowhere',
    isNoticeable: true,
    edits: (_, words, random) => {
      const targets = [
        0xdead_0000_0000_0100n,
        0xffff_ffff_ffff_fff8n,
        0xffff_c900_dead_0000n,
        0x4141_4141_4141_4141n,
      ];
      return [{ at: random.pick(words), bytes: hexOf(random.pick(targets)) }];
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
      return [{ at: one[0], bytes: hexOf(target) }];
    },
  },
  {
    name: 'page tables that map nothing',
    isNoticeable: true,
    edits: (world, words, random) => {
      const one = pickWord(world, words, random, looksLikeEntry);
      return one === undefined ? [] : [{ at: one[0], bytes: hexOf(one[1] & ~1n) }];
    },
  },
  {
    name: 'a page of zeros',
    isNoticeable: true,
    edits: (_, words, random) => [{ at: pageOf(random.pick(words)), bytes: '00'.repeat(PAGE_BYTES) }],
  },
  {
    name: 'missing pages',
    isNoticeable: true,
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
export function wordsIn(edits: readonly Edit[]): Set<number> {
  const words = new Set<number>();
  for (const { at, bytes } of edits) {
    const start = bytes === null ? pageOf(at) : at - (at % WORD_BYTES);
    const end = bytes === null ? start + PAGE_BYTES : at + bytes.length / 2;
    for (let word = start; word < end; word += WORD_BYTES) words.add(word);
  }
  return words;
}
