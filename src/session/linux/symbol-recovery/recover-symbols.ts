// Recovers data symbols of kernels that list functions only (without CONFIG_KALLSYMS_ALL).
// Exports, code references and contents tell where they are.
import { hex, isKernelAddress } from '../../../base/address.ts';
import { NoProfile } from '../../../base/errors.ts';
import { type SymbolName, symbols } from '../../../kernel/linux/symbols.ts';
import type { PhysicalMemory } from '../../../memory/physical.ts';
import type { BindingStep } from '../../../plugin/document.ts';
import type { Btf } from '../../../profile/btf.ts';
import { searchBtf } from '../../../profile/btf-search.ts';
import { type Exports, searchExports } from '../../../profile/export-search.ts';
import type { KernelSymbol } from '../../../profile/kallsyms.ts';
import { pointerBytesOf } from '../../../profile/profile.ts';
import { AddressSpace } from '../../../translate/address-space.ts';
import { bannerPlace } from '../banner.ts';
import { imageReader } from '../image.ts';
import type { Located } from '../kernel-location.ts';
import { findUnlistedSymbols, recoveryEnumerators, recoveryTypes, unlistedNames } from './find-unlisted.ts';
import { Functions } from './functions.ts';
import { readImage } from './kernel-image.ts';
import { textOf } from './text.ts';

/** Data that every kernel of the last decade exports: where these names stand, tables of exports lead. */
export const EXPORTED_EVERYWHERE = ['init_task', 'init_net', '__cpu_online_mask', 'init_uts_ns'];

/** A function of kernels for several CPUs alone: without `__per_cpu_offset` they would be read as one for a single CPU. */
const OF_SEVERAL_CPUS = 'smp_call_function_many';

/** What a kernel tells of itself whose symbol table lists functions only (without CONFIG_KALLSYMS_ALL). */
export interface Unlisted {
  readonly btf: Btf;
  /** Symbols of this boot, those listed included. */
  readonly found: ReadonlyMap<string, bigint>;
}

/**
 * Finds the data symbols of a kernel that lists functions only: those that VMCOREINFO names, those that are exported
 * to modules, and the rest by what listed functions refer to and what stands there. What cannot be verified is left
 * out. @throws NoProfile where the image has no BTF
 */
export function recoverSymbols(
  memory: PhysicalMemory,
  located: Located,
  listed: readonly KernelSymbol[],
  steps: BindingStep[],
): Unlisted {
  const { known, delta, architecture, paging } = located;
  const pointerBytes = pointerBytesOf(architecture);
  // Offsets into per-CPU memory are listed first, and are nowhere in the image.
  const first = listed.find(({ address }) => isKernelAddress(address, pointerBytes));
  const [start] = [...known.values(), ...(first === undefined ? [] : [first.address])].sort((a, b) =>
    a < b ? -1 : 1,
  );
  const image = readImage(memory, start ?? 0n, delta);
  const described = searchBtf(image.bytes, pointerBytes);
  if (described === undefined)
    throw new NoProfile('the kernel lists functions only, and its image has no BTF');
  const { btf, at, length } = described;
  const btfStart = image.addressAt(at);
  steps.push({
    step: 'btf',
    outcome: 'found',
    detail: `${btf.typeCount} types at ${hex(btfStart)}, by their magic`,
  });

  const found = new Map<string, bigint>();
  const add = (names: Iterable<readonly [string, bigint]>): string[] =>
    [...names].flatMap(([name, address]) => {
      if (!isWanted(name) || found.has(name)) return [];
      found.set(name, address);
      return [name];
    });
  add(listed.map(({ name, address }) => [name, address]));
  const told = add(known);
  if (told.length > 0)
    steps.push({ step: 'vmcoreinfo', outcome: 'found', detail: `names ${told.join(', ')}` });
  add([
    ['__start_BTF', btfStart],
    ['__stop_BTF', btfStart + BigInt(length)],
  ]);
  const banner = bannerPlace(imageReader(memory, delta), located);
  if (banner !== undefined) add([['linux_banner', banner]]);
  const text = textOf(memory, located);
  if (text !== undefined) add([['_text', text]]);

  const functions = new Functions(listed, image, architecture);
  const placesOf = (name: string): readonly bigint[] => {
    const told = known.get(name);
    return listed.length > 0 ? functions.named(name) : told === undefined ? [] : [told];
  };
  const least = listed.length > 0 ? undefined : 1; // nothing is listed: one symbol that is known must do
  const exports = believed(
    searchExports(image, EXPORTED_EVERYWHERE, placesOf, pointerBytes, 0n, least)?.symbols,
    known,
  );
  const exported = add(exports);
  steps.push({
    step: 'exports',
    outcome: exported.length > 0 ? 'verified' : 'failed',
    detail: `${exports.size} symbols exported to modules${exported.length > 0 ? `, among them ${exported.join(', ')}` : ''}`,
  });
  if (functions.named(OF_SEVERAL_CPUS).length > 0 && !found.has('__per_cpu_offset'))
    throw new NoProfile('the kernel lists functions only, and where each CPU keeps its own is not known');
  if (pointerBytes === 8) {
    const space = new AddressSpace(memory, paging);
    const layouts = btf.layouts(recoveryTypes);
    const input = {
      image,
      functions,
      space,
      layouts,
      enumerators: btf.enumerators(recoveryEnumerators),
      found,
    };
    const verified = add(findUnlistedSymbols(input, (name) => !found.has(name)));
    steps.push({
      step: 'code',
      outcome: verified.length > 0 ? 'verified' : 'failed',
      detail: `functions and what they refer to lead to ${verified.join(', ') || 'nothing'}`,
    });
  }
  const lacking = unlistedNames.filter((name) => !found.has(name));
  if (lacking.length > 0)
    steps.push({ step: 'code', outcome: 'failed', detail: `not found: ${lacking.join(', ')}` });
  return { btf, found };
}

const wanted: ReadonlySet<string> = new Set<SymbolName>(symbols);
const isWanted = (name: string): boolean => wanted.has(name);

/** Exports of another kernel's image would put known symbols elsewhere. */
const believed = (exports: Exports = new Map(), known: ReadonlyMap<string, bigint>): Exports =>
  [...known].every(([name, address]) => (exports.get(name) ?? address) === address) ? exports : new Map();
