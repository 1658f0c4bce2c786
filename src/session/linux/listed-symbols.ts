// The symbols that a kernel lists: kallsyms, found by the addresses in VMCOREINFO or by the structure of its tables, and
// read in the way in which they agree with the symbols whose places are known.

import { viewOf } from '../../base/bytes.ts';
import { EvidenceFault, NoKernel, NotInKernel } from '../../base/errors.ts';
import { unlessFault } from '../../base/unless-fault.ts';
import type { ListedSymbols } from '../../kernel/linux/linux.ts';
import { symbols } from '../../kernel/linux/symbols.ts';
import type { PhysicalMemory } from '../../memory/physical.ts';
import {
  type AddressScheme,
  countNames,
  Kallsyms,
  type KallsymsPlaces,
  MAXIMUM_SYMBOLS,
} from '../../profile/kallsyms.ts';
import { searchKallsyms } from '../../profile/kallsyms-search.ts';
import type { ImageReader } from '../../profile/piecewise.ts';
import { pointerBytesOf } from '../../profile/profile.ts';
import type { Vmcoreinfo } from '../../profile/vmcoreinfo.ts';
import { imageReader } from './image.ts';
import type { Located } from './kernel-location.ts';

/** The symbol table of a kernel, the way in which its addresses are meant, and where what the program wants of it is in this boot. */
export interface FoundKallsyms {
  readonly kallsyms: Kallsyms;
  readonly scheme: AddressScheme;
  readonly found: Map<string, bigint>;
  /** Whether nothing of the tables is missing. */
  readonly isWhole: boolean;
}

/**
 * The kernel's symbols: by the addresses in VMCOREINFO, or where it has none (before 6.0) by the tables' structure. @param wanted
 * what is looked up by its name: among it, what shows that the tables are right @throws NoKernel
 */
export function kallsymsOf(
  read: ImageReader,
  { vmcoreinfo, known, architecture }: Located,
  wanted: Iterable<string> = symbols,
): FoundKallsyms {
  let tried = 0;
  for (const places of kallsymsPlaces(read, vmcoreinfo, known, pointerBytesOf(architecture))) {
    tried++;
    const fit = fitting(places, read, known, wanted);
    if (fit !== undefined) return fit;
  }
  throw new NoKernel(`no kallsyms table agrees with the known symbols: ${tried} readings tried`);
}

/** The types of functions, weak ones too: nm(1). */
const CODE = /^[tw]$/i;

/**
 * The same for questions about one kernel. The tables are found when the first of them asks: that takes as long as a question, and is
 * the same for each. So what it read is in no record of the others, and none of their answers is taken over by another snapshot.
 * What is returned throws NotInKernel where the tables cannot be found.
 */
export function listedOnce(located: Located): (memory: PhysicalMemory) => ListedSymbols {
  const found = new WeakMap<PhysicalMemory, ListedSymbols | NotInKernel>();
  return (memory) => {
    memory.discardRecord();
    let listed = found.get(memory);
    if (listed === undefined) found.set(memory, (listed = listedIn(memory, located)));
    if (listed instanceof NotInKernel) throw listed;
    return listed;
  };
}

function listedIn(memory: PhysicalMemory, located: Located): ListedSymbols | NotInKernel {
  try {
    const shown = symbols.filter((name) => located.known.has(name));
    const { kallsyms, scheme } = kallsymsOf(imageReader(memory, located.delta), located, shown);
    return {
      nearest: (address) => kallsyms.nearest(address, scheme),
      *functions() {
        for (const symbol of kallsyms.all(scheme)) if (CODE.test(symbol.type)) yield symbol;
      },
    };
  } catch (error) {
    if (!(error instanceof NoKernel)) throw error;
    return new NotInKernel(`its own table of symbols cannot be found: ${error.message}`);
  }
}

function* kallsymsPlaces(
  read: ImageReader,
  vmcoreinfo: Vmcoreinfo | null,
  known: ReadonlyMap<string, bigint>,
  pointerBytes: 4 | 8,
): Generator<KallsymsPlaces> {
  const at = (name: string) => vmcoreinfo?.symbols.get(`kallsyms_${name}`);
  const [names, count, tokenTable, tokenIndex, offsets] = [
    at('names'),
    at('num_syms'),
    at('token_table'),
    at('token_index'),
    at('offsets'),
  ];
  if (
    names !== undefined &&
    count !== undefined &&
    tokenTable !== undefined &&
    tokenIndex !== undefined &&
    offsets !== undefined
  ) {
    const base = at('relative_base');
    // The base mostly follows the offsets: where the count is missing, what lies between tells it as well.
    const room = base === undefined ? 0 : Math.floor(Number(base - offsets) / 4);
    const symbolCount = Number(
      wordAt(read, count, 4) ?? (room > 0 ? room : countNames(read, names, tokenTable)),
    );
    const places = { names, symbolCount, tokenTable, tokenIndex, offsets };
    if (symbolCount < MAXIMUM_SYMBOLS) {
      const bases = base === undefined ? [null] : basesOf(read, base, places, known, pointerBytes);
      for (const relativeBase of bases) yield { ...places, relativeBase };
    }
  }
  const bounds = [...known.values()].sort((a, b) => (a < b ? -1 : 1));
  if (bounds.length >= 2) yield* searchKallsyms(read, bounds[0]!, bounds.at(-1)!, pointerBytes);
}

/** What addresses in the table may be relative to: what the kernel says, or where that is missing what the known symbols make of it. */
function basesOf(
  read: ImageReader,
  at: bigint,
  places: Omit<KallsymsPlaces, 'relativeBase'>,
  known: ReadonlyMap<string, bigint>,
  pointerBytes: 4 | 8,
): readonly bigint[] {
  const told = wordAt(read, at, pointerBytes);
  if (told !== undefined) return [told];
  const kallsyms = unlessFault(() => new Kallsyms({ ...places, relativeBase: 0n }, read), undefined);
  const [first] = kallsyms?.find(known.keys()) ?? [];
  if (kallsyms === undefined || first === undefined) return [];
  const [name, index] = first;
  return kallsyms.schemes.flatMap((scheme) => {
    const address = unlessFault(() => kallsyms.addressOf(index, scheme), undefined);
    return address === undefined ? [] : [BigInt.asUintN(64, known.get(name)! - address)];
  });
}

/** The little-endian word at `address`; undefined where the snapshot lacks it. */
function wordAt(read: ImageReader, address: bigint, width: 4 | 8): bigint | undefined {
  const bytes = unlessFault(() => read(address, width), undefined);
  if (bytes === undefined) return undefined;
  const view = viewOf(bytes);
  return width === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true));
}

/** How many symbols are looked at to tell whether a table is sorted. */
const SAMPLES = 64;

/** Whether the table's addresses ascend, as they do in every sound one. */
function ascends(kallsyms: Kallsyms, scheme: AddressScheme): boolean {
  const step = kallsyms.places.symbolCount / SAMPLES;
  const addresses = Array.from({ length: SAMPLES }, (_, nth) =>
    unlessFault(() => kallsyms.addressOf(Math.floor(nth * step), scheme), undefined),
  ).filter((address) => address !== undefined);
  return addresses.every((address, nth) => nth === 0 || address >= addresses[nth - 1]!);
}

/** The scheme by which the tables give every known symbol its known address, or undefined. */
function fitting(
  places: KallsymsPlaces,
  read: ImageReader,
  known: ReadonlyMap<string, bigint>,
  wanted: Iterable<string>,
): FoundKallsyms | undefined {
  try {
    const kallsyms = new Kallsyms(places, read);
    const numbers = kallsyms.find(new Set([...wanted, '_stext', 'init_uts_ns']));
    for (const scheme of kallsyms.schemes) {
      const found = new Map<string, bigint>();
      for (const [name, index] of numbers) {
        const address = unlessFault(() => kallsyms.addressOf(index, scheme), undefined);
        if (address !== undefined) found.set(name, address);
      }
      const checks = [...found].filter(([name]) => known.has(name));
      const isRight =
        checks.every(([name, address]) => address === known.get(name)) &&
        // A kernel that lists functions only (without CONFIG_KALLSYMS_ALL) has but one of the symbols known.
        (checks.length > 1 || (checks.length === 1 && ascends(kallsyms, scheme)));
      const isWhole = kallsyms.isWhole && found.size === numbers.size;
      if (isRight) return { kallsyms, scheme, found, isWhole };
    }
    return undefined;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return undefined;
  }
}
