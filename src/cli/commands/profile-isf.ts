// Writes the symbol table of a snapshot's kernel as ISF, for Volatility 3.
// `profile export --isf` uses it.
import { gzipSync } from 'node:zlib';
import { isKernelAddress, wrapped } from '../../base/address.ts';
import { NoProfile, type Note, UsageError } from '../../base/errors.ts';
import { version } from '../../files/version.ts';
import type { Linux } from '../../kernel/linux/linux.ts';
import { symbols } from '../../kernel/linux/symbols.ts';
import { isfText, type KernelDescription } from '../../profile/isf-export.ts';
import type { KernelSymbol } from '../../profile/kallsyms.ts';
import { imageReader } from '../../session/linux/image.ts';
import { kallsymsOf } from '../../session/linux/listed-symbols.ts';
import type { Session } from '../../session/session.ts';

/** BTF of a vmlinux is 3.3 to 6 MB; more than this is no BTF. */
const MAXIMUM_BTF_BYTES = 64n << 20n;

/** @throws UsageError where a name asks for a compression that is not written */
export function checkIsfName(output: string | undefined): void {
  const [, compression] = /\.(xz|zst|bz2)$/i.exec(output ?? '') ?? [];
  if (compression !== undefined)
    throw new UsageError(`cannot write .${compression}: symbol tables are written as they are, or as .gz`);
}

/** The whole symbol table of a snapshot's kernel in ISF, as a file of that name holds it. @throws NoKernel, NoProfile, BadProfile, EvidenceFault */
export function isfOf(session: Session, output: string | undefined, note: Note): Uint8Array {
  const bytes = Buffer.concat([...pieces(descriptionOf(session, note))]);
  return /\.gz$/i.test(output ?? '') ? gzipSync(bytes) : bytes;
}

/** Text in pieces of a size that is worth a buffer. */
function* pieces(description: KernelDescription): Generator<Buffer> {
  let waiting: string[] = [];
  for (const piece of isfText(description, { name: 'vestige', version: version() })) {
    waiting.push(piece);
    if (waiting.length < 4096) continue;
    yield Buffer.from(waiting.join(''));
    waiting = [];
  }
  yield Buffer.from(waiting.join(''));
}

/** What a snapshot's kernel tells of itself: all types and symbols. @throws NoKernel, NoProfile, EvidenceFault */
export function descriptionOf({ snapshot, located, profile, kernel }: Session, note: Note) {
  const read = imageReader(snapshot.memory, located.delta);
  const { kallsyms, scheme } = kallsymsOf(read, located);
  const listed = [...kallsyms.all(scheme)];
  const { pointerBytes, banner } = profile;
  const [start, stop] = btfOf(kernel);
  if (start === undefined || stop === undefined || stop <= start || stop - start > MAXIMUM_BTF_BYTES) {
    throw new NoProfile(
      `the kernel in ${snapshot.file.path} carries no BTF: only what it says of all of its types can be written as ISF`,
    );
  }
  // What a kernel without CONFIG_KALLSYMS_ALL does not list was found by other roads.
  const names = new Set(listed.map(({ name }) => name));
  const found = symbols.filter((name) => kernel.hasSymbol(name) && !names.has(name));
  if (!names.has('init_task'))
    note(`this kernel lists functions only: of its variables the table has ${found.length}`);
  const all = [...listed, ...found.map((name) => ({ name, address: kernel.symbol(name) }))];
  const linked = ({ name, address }: Pick<KernelSymbol, 'name' | 'address'>) => ({
    name,
    address: isKernelAddress(address, pointerBytes) ? wrapped(address - kernel.slide, pointerBytes) : address,
  });
  return { btf: read(start, Number(stop - start)), pointerBytes, banner, symbols: all.map(linked) };
}

/** Where the kernel's BTF begins and ends in this boot. */
const btfOf = (kernel: Linux): (bigint | undefined)[] =>
  (
    [
      ['__start_BTF', '_binary__btf_vmlinux_bin_start'],
      ['__stop_BTF', '_binary__btf_vmlinux_bin_end'],
    ] as const
  ).map((names) => {
    const name = names.find((candidate) => kernel.hasSymbol(candidate));
    return name === undefined ? undefined : kernel.symbol(name);
  });
