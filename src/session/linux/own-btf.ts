// The types that a kernel describes itself by, all of them: read when somebody asks for a type by name, long after binding.
// The library's `types()` uses it.
import { isKernelAddress } from '../../base/address.ts';
import { BadProfile, NotInKernel } from '../../base/errors.ts';
import { MAXIMUM_BTF_BYTES } from '../../profile/btf-search.ts';
import { BtfTypes } from '../../profile/btf-types.ts';
import { missingBytes, readPiecewise } from '../../profile/piecewise.ts';
import type { Session } from '../session.ts';
import { imageReader } from './image.ts';

/** A kernel's own types. */
export interface OwnTypes {
  readonly types: BtfTypes;
  /** What of it the snapshot lacks, as sentences; empty where it is whole. */
  readonly notes: readonly string[];
}

/** Where BTF stands, by the names of its ends: kernels before v5.7 have the second pair (symbols.ts of the kernel room). */
const ENDS = [
  ['__start_BTF', '__stop_BTF'],
  ['_binary__btf_vmlinux_bin_start', '_binary__btf_vmlinux_bin_end'],
] as const;

/** Reads all of a kernel's BTF: 5 MB, 10 ms. @throws NotInKernel where it carries none @throws BadProfile where it is none */
export function ownTypes({ snapshot, kernel, located, profile: { pointerBytes } }: Session): OwnTypes {
  const ends = ENDS.find((names) => names.every((name) => kernel.hasSymbol(name)));
  if (ends === undefined) throw new NotInKernel('this kernel carries no BTF (CONFIG_DEBUG_INFO_BTF)');
  const [start, stop] = [kernel.symbol(ends[0]), kernel.symbol(ends[1])];
  const length = Number(stop - start);
  if (!isKernelAddress(start, pointerBytes) || length <= 0 || length > MAXIMUM_BTF_BYTES)
    throw new BadProfile(`btf of ${length} bytes is implausible`);
  const { bytes, gaps } = readPiecewise(imageReader(snapshot.memory, located.delta), start, length);
  const notes = [
    `${missingBytes(gaps)} of ${length} bytes of this kernel's BTF are missing: types and members that stood there are not known`,
  ];
  return { types: BtfTypes.read(bytes, pointerBytes, gaps), notes: gaps.length === 0 ? [] : notes };
}
