// How to go on behind pages of BTF that are missing: where the next record begins, and which number its type has. Records
// follow each other without a mark, and types refer to each other by number.

/** What is known of the records behind a gap. Places are word indices. */
export interface Torn {
  /** Where the first record begins that is not all there. */
  readonly start: number;
  /** The first word that is there again, and the first behind those that are: the next gap, or the end. */
  readonly from: number;
  readonly to: number;
  /** Words of the record at a place; below 3 where none can be. */
  readonly lengthAt: (at: number) => number;
  /** Whether a name can begin at this offset in the strings. */
  readonly isName: (offset: number) => boolean;
  /** The number of the first type that is missing. */
  readonly first: number;
}

/** A record that is there, and the number of its type. */
export interface Resumed {
  readonly at: number;
  readonly id: number;
}

// Kinds by their numbers (include/uapi/linux/btf.h).
const PTR = 2;
const STRUCT = 4;
const FUNC = 12;
const FUNC_PROTO = 13;
/** A record has no fewer words. */
const LEAST_WORDS = 3;
/** A record that the gap tore may reach so far behind it: the largest struct has some hundred members. */
const MOST_WORDS = 6000;
/** So many records in a row that make sense are no chance. */
const PROBED = 32;
/** What no member is: a forward declaration, a function or its prototype, a variable, a section. */
const NO_MEMBERS: ReadonlySet<number> = new Set([7, FUNC, FUNC_PROTO, 14, 15]);
/** So many at least must agree on a number, and so many times as many as on any other. */
const LEAST_VOTES = 8;
const LEAD = 1.2;
/** Types that may be missing in one place, each of which every record is held against: twelve pages of them. */
const MOST_LOST = 4096;
/** Records that are asked, and members of each. */
const MOST_ASKED = 20_000;
const MOST_MEMBERS = 64;
/** Records that are looked at from all places together: a kernel has some 100,000. */
const MOST_STEPS = 2_000_000;
/** Places at which records seem to go on; the first is nearly always right. */
const MOST_TRIES = 4;

/** The first whole record behind a gap; undefined where it or its number cannot be told. */
export function resumeRecords(types: Uint32Array, torn: Torn): Resumed | undefined {
  let tries = 0;
  const budget = { left: MOST_STEPS };
  for (let at = torn.from; at < Math.min(torn.to, torn.from + MOST_WORDS) && tries < MOST_TRIES; at++) {
    const records = recordsFrom(types, at, torn, budget);
    if (records === undefined) continue;
    tries++;
    const id = firstNumber(types, records, torn);
    if (id !== undefined) return { at, id };
  }
  return undefined;
}

/** Where all records from `at` on begin; undefined where one makes no sense. */
function recordsFrom(
  types: Uint32Array,
  at: number,
  { to, lengthAt, isName }: Torn,
  budget: { left: number },
): number[] | undefined {
  const records: number[] = [];
  for (let place = at; place + LEAST_WORDS <= to; ) {
    const length = lengthAt(place);
    const isSound = length >= LEAST_WORDS && (records.length >= PROBED || isName(types[place]!));
    if (!isSound || budget.left-- <= 0) return undefined;
    if (place + length > to) break; // the next gap tears it, or the section ends in it
    records.push(place);
    place += length;
  }
  return records;
}

/**
 * The number of the first of these records: of all that it may have, the one by which they make sense together. A
 * function's type is a prototype, and a struct whose member points to that struct (list_head does) refers to the pointer
 * by number, and the pointer to the struct.
 */
function firstNumber(
  types: Uint32Array,
  records: readonly number[],
  { first, start }: Torn,
): number | undefined {
  const [begin = start] = records;
  const kinds = Uint8Array.from(records, (at) => (types[at + 1]! >>> 24) & 0x7f);
  const most = Math.ceil((begin - start) / LEAST_WORDS);
  if (most > MOST_LOST) return undefined;
  const votes = new Uint32Array(most + 1);
  const impossible = new Uint8Array(votes.length);
  let asked = 0;
  for (let index = 0; index < records.length && asked < MOST_ASKED; index++) {
    const at = records[index]!;
    if (kinds[index] === FUNC) {
      asked++;
      const prototype = types[at + 2]! - first;
      for (let lost = 0; lost < votes.length; lost++)
        if (kinds[prototype - lost] === FUNC_PROTO) votes[lost]!++;
    } else if (kinds[index] === STRUCT) {
      asked++;
      const members = Math.min(types[at + 1]! & 0xffff, MOST_MEMBERS);
      for (let member = 0; member < members; member++) {
        const type = types[at + 4 + 3 * member]! - first;
        for (let lost = 0; lost < votes.length; lost++) {
          const kind = kinds[type - lost];
          if (kind === PTR && types[records[type - lost]! + 2] === first + lost + index) votes[lost]!++;
          else if (kind !== undefined && NO_MEMBERS.has(kind)) impossible[lost] = 1;
        }
      }
    }
  }
  for (let lost = 0; lost < votes.length; lost++) if (impossible[lost] === 1) votes[lost] = 0;
  const best = votes.reduce((winner, count, lost) => (count > votes[winner]! ? lost : winner), 0);
  const second = votes.reduce((most, count, lost) => (lost === best ? most : Math.max(most, count)), 0);
  return votes[best]! >= LEAST_VOTES && votes[best]! >= LEAD * second ? first + best : undefined;
}
