// The dynamic linker's own list of what it has loaded: the one that debuggers read.
// struct r_debug and struct link_map of glibc's elf/link.h, struct debug and struct dso of musl's ldso/dynlink.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { UserWords } from './user-words.ts';

/** Libraries of one process; those with the most have some thousand. */
const MOST_LIBRARIES = 65_536;
/** Lists of one process: glibc makes 16 (DL_NNS). */
const MOST_LISTS = 64;
/** Bytes of a dynamic section. */
const MOST_DYNAMIC_BYTES = 65_536n;
/** RT_CONSISTENT: nobody is adding or removing one. */
const CONSISTENT = 0;
/** Since glibc 2.35 a list of this version leads to the next, of another namespace (dlmopen). */
const LEADS_ON = 2;

/** What the linker says of one library. */
export interface LinkedLibrary {
  /** What was added to the addresses of the file. */
  readonly bias: bigint;
  /** Where its name is, and its dynamic section. */
  readonly nameAt: VirtualAddress;
  readonly dynamic: VirtualAddress;
}

/** The list as far as it could be gone through. */
export interface LinkMap {
  readonly libraries: readonly LinkedLibrary[];
  /** Why it may lack some; null where it is whole. */
  readonly why: string | null;
}

/** What is said of a list that its linker has not made yet: nothing of it is missing. */
export const NOT_BEGUN = 'it has not begun yet';

/** The lists that begin with the `r_debug` at an address. Never throws for what is missing. */
export function linkMapAt(words: UserWords, debug: VirtualAddress): LinkMap {
  const libraries: LinkedLibrary[] = [];
  try {
    const why = readLists(words, debug, libraries);
    return { libraries, why: libraries.length === 0 ? (why ?? NOT_BEGUN) : why };
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return { libraries, why: fault.message };
  }
}

/**
 * Whether the `r_debug` at an address leads to a list whose first entry has its dynamic section before `entry`, an entry of
 * that section. @throws EvidenceFault
 */
export function beginsListOf(words: UserWords, debug: VirtualAddress, entry: VirtualAddress): boolean {
  const [version, map] = words.words(debug, 2) as [bigint, bigint];
  const isVersion = [1n, BigInt(LEADS_ON)].includes(BigInt.asUintN(32, version));
  if (!isVersion || map === 0n) return false;
  const [, , dynamic, , previous] = words.words(map, 5) as [bigint, bigint, bigint, bigint, bigint];
  const distance = entry - dynamic;
  return (
    previous === 0n &&
    distance >= 0n &&
    distance < MOST_DYNAMIC_BYTES &&
    distance % BigInt(2 * words.width) === 0n
  );
}

function readLists(words: UserWords, first: VirtualAddress, libraries: LinkedLibrary[]): string | null {
  const seen = new Set<VirtualAddress>();
  let why: string | null = null;
  for (let debug = first; debug !== 0n; ) {
    if (seen.has(debug) || seen.size >= MOST_LISTS) return 'its lists lead in a circle';
    seen.add(debug);
    const [version, map, , state] = words.words(debug, 4) as [bigint, bigint, bigint, bigint];
    // Both are `int`, with padding behind.
    if (Number(BigInt.asUintN(32, state)) !== CONSISTENT) why ??= 'it is being changed';
    why = readList(words, map, libraries) ?? why;
    debug = BigInt.asUintN(32, version) < LEADS_ON ? 0n : words.words(debug, 6)[5]!;
  }
  return why;
}

/** @returns why it may lack some @throws EvidenceFault where it breaks */
function readList(words: UserWords, first: VirtualAddress, libraries: LinkedLibrary[]): string | null {
  const seen = new Set<VirtualAddress>();
  let before = 0n;
  for (let at = first; at !== 0n; ) {
    if (seen.has(at)) return 'it leads in a circle';
    if (libraries.length >= MOST_LIBRARIES) return `it has more than ${MOST_LIBRARIES} entries`;
    words.space.memory.spend(ENTRY_COST);
    seen.add(at);
    const [bias, nameAt, dynamic, next, previous] = words.words(at, 5) as [
      ...[bigint, bigint, bigint],
      ...[bigint, bigint],
    ];
    if (previous !== before) return 'an entry does not lead back to the one before it';
    libraries.push({ bias, nameAt, dynamic });
    [before, at] = [at, next];
  }
  return null;
}
