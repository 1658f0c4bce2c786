// Bits that the entries of all x86 paging share: Intel SDM vol. 3A, tables 4-3 to 4-20.
// `x86-32.ts` and `x86-64.ts` use them.
export const PRESENT = 1 << 0;
export const USER = 1 << 2;
export const LARGE = 1 << 7;
/**
 * Linux marks PROT_NONE pages not present but keeps their frame, and reuses the global bit to say so
 * (arch/x86/include/asm/pgtable_types.h, _PAGE_BIT_PROTNONE). The page is there, only its owner may not touch it.
 */
const PROTNONE = 1 << 8;

const FLAGS: readonly (readonly [bit: bigint, name: string])[] = [
  [0n, 'present'],
  [1n, 'writable'],
  [2n, 'user'],
  [3n, 'write-through'],
  [4n, 'cache-disabled'],
  [5n, 'accessed'],
  [6n, 'dirty'],
  [63n, 'no-execute'],
];

/** Whether a non-present entry is that of a PROT_NONE page; `isLarge`: it would map a large page. */
export const isProtNone = (level: number, low: number, isLarge: boolean): boolean =>
  (low & PROTNONE) !== 0 && (level === 1 || (level === 2 && isLarge));

/** The flags of an entry as words; `largePage` names the size where it maps more than 4 KiB. */
export function flagsOf(level: number, entry: bigint, largePage: string | null): string[] {
  const low = Number(BigInt.asIntN(32, entry));
  if (entry === 0n) return ['empty'];
  if ((low & PRESENT) === 0) {
    if (isProtNone(level, low, largePage !== null)) return ['not present', 'PROT_NONE'];
    return ['not present', level === 1 ? 'swap entry' : 'no table'];
  }
  const flags = FLAGS.filter(([bit]) => (entry >> bit) & 1n).map(([, name]) => name);
  if (largePage !== null) flags.push(largePage);
  if ((low & PROTNONE) !== 0 && (level === 1 || largePage !== null)) flags.push('global');
  return flags;
}
