// The tags of extents that a scanner found nothing in, as a table that threads share.
// It is a hash table in shared memory.
import { viewOf } from '../base/bytes.ts';
import { TAG_BYTES } from '../memory/extents.ts';

/** Tags that are taken from a store or given to it, 16 MiB of them: of 28 GiB of memory in use. */
export const MAXIMUM_TAGS = 2 ** 20;

/**
 * What is remembered, so that it can be looked up. Survives `postMessage`, and is shared by all threads.
 *
 * A list of tags: an extent's stands by itself, a stretch's has those of its extents behind it and says in its last byte
 * how many they are. That byte is 0 in a tag of an extent, and no part of what tags are told apart by.
 */
export interface TagTable {
  /** The list as it was remembered. */
  readonly list: Uint8Array;
  /** A hash table of all tags: four words each, open addressing, a power of two of places. All zero: a free place. */
  readonly words: Int32Array;
  /** For each place: 1 + the number in the list of a stretch's tag; 0 for an extent's. */
  readonly heads: Int32Array;
}

/** The table of a list of tags; what makes no sense in it is left out. */
export function tagTableOf(tags: Uint8Array): TagTable {
  const count = Math.min(MAXIMUM_TAGS, Math.floor(tags.length / TAG_BYTES));
  const places = 2 ** Math.ceil(Math.log2(2 * count + 2));
  const list = new Uint8Array(new SharedArrayBuffer(count * TAG_BYTES));
  list.set(tags.subarray(0, list.length));
  const table = {
    list,
    words: new Int32Array(new SharedArrayBuffer(places * TAG_BYTES)),
    heads: new Int32Array(new SharedArrayBuffer(places * Int32Array.BYTES_PER_ELEMENT)),
  };
  const view = new DataView(list.buffer);
  for (let number = 0; number < count; number++) {
    const words = wordsAt(view, number * TAG_BYTES);
    const place = placeOf(table.words, words);
    table.words.set(words, 4 * place);
    const followers = list[(number + 1) * TAG_BYTES - 1]!;
    if (followers > 0 && number + followers < count) table.heads[place] = number + 1;
  }
  return table;
}

/** Whether nothing is remembered. */
export const isEmpty = ({ list }: TagTable): boolean => list.length === 0;

/** Whether a tag is in the table. */
export function isKnown({ words }: TagTable, tag: Uint8Array): boolean {
  const sought = wordsAt(viewOf(tag), 0);
  const at = 4 * placeOf(words, sought);
  return sought.every((word, index) => words[at + index] === word);
}

/** What the list has of a stretch, its tag and those of its extents; null where it is not known. */
export function stretchIn(table: TagTable, tag: Uint8Array): Uint8Array | null {
  const head = table.heads[placeOf(table.words, wordsAt(viewOf(tag), 0))]!;
  if (head === 0) return null;
  const from = (head - 1) * TAG_BYTES;
  return table.list.subarray(from, from + (1 + table.list[from + TAG_BYTES - 1]!) * TAG_BYTES);
}

/** A stretch's tag with those of its extents behind it, 255 at most, as the list has them. */
export function stretchOf(tag: Uint8Array, extents: readonly Uint8Array[]): Uint8Array {
  const stretch = Buffer.concat([tag, ...extents]);
  stretch[TAG_BYTES - 1] = extents.length;
  return stretch;
}

type Words = readonly [number, number, number, number];

/** The words of a tag, without its last byte. */
const wordsAt = (view: DataView, at: number): Words => [
  view.getInt32(at, true),
  view.getInt32(at + 4, true),
  view.getInt32(at + 8, true),
  view.getInt32(at + 12, true) & 0xff_ffff,
];

/** The place of a tag of these words, or the free one where it would be. Half of all places are free. */
function placeOf(table: Int32Array, [a, b, c, d]: Words): number {
  const mask = table.length / 4 - 1;
  for (let place = a & mask; ; place = (place + 1) & mask) {
    const at = 4 * place;
    const [w, x, y, z] = [table[at], table[at + 1], table[at + 2], table[at + 3]];
    if ((w === a && x === b && y === c && z === d) || (w === 0 && x === 0 && y === 0 && z === 0))
      return place;
  }
}
