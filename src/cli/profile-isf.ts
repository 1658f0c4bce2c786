import { gzipSync } from 'node:zlib';
import { isKernelAddress, wrapped } from '../base/address.ts';
import { NoProfile, UsageError } from '../base/errors.ts';
import { isfText } from '../profile/isf-export.ts';
import type { KernelSymbol } from '../profile/kallsyms.ts';
import { imageReader } from '../session/image.ts';
import { kallsymsOf } from '../session/profile-of.ts';
import type { Session } from '../session/session.ts';
import { version } from './version.ts';

/** BTF of a vmlinux is 3.3 to 6 MB; more than this is no BTF. */
const MAXIMUM_BTF_BYTES = 64n << 20n;

/** @throws UsageError where a name asks for a compression that is not written */
export function checkIsfName(output: string | undefined): void {
  const [, compression] = /\.(xz|zst|bz2)$/i.exec(output ?? '') ?? [];
  if (compression !== undefined)
    throw new UsageError(`cannot write .${compression}: symbol tables are written as they are, or as .gz`);
}

/** The whole symbol table of a snapshot's kernel in ISF, as a file of that name holds it. @throws NoKernel, NoProfile, BadProfile, EvidenceFault */
export function isfOf(session: Session, output: string | undefined): Uint8Array {
  const bytes = Buffer.concat([...pieces(session)]);
  return /\.gz$/i.test(output ?? '') ? gzipSync(bytes) : bytes;
}

/** Text in pieces of a size that is worth a buffer. */
function* pieces(session: Session): Generator<Buffer> {
  let waiting: string[] = [];
  for (const piece of isfText(descriptionOf(session), { name: 'vestige', version: version() })) {
    waiting.push(piece);
    if (waiting.length < 4096) continue;
    yield Buffer.from(waiting.join(''));
    waiting = [];
  }
  yield Buffer.from(waiting.join(''));
}

/** What a snapshot's kernel tells of itself: all types and symbols. @throws NoKernel, NoProfile, EvidenceFault */
export function descriptionOf({ snapshot, located, profile, kernel }: Session) {
  const read = imageReader(snapshot.memory, located.delta);
  const { kallsyms, scheme } = kallsymsOf(read, located);
  const symbols = [...kallsyms.all(scheme)];
  const { pointerBytes, banner } = profile;
  const at = (name: string) => symbols.find((symbol) => symbol.name === name)?.address;
  const start = at('__start_BTF') ?? at('_binary__btf_vmlinux_bin_start');
  const stop = at('__stop_BTF') ?? at('_binary__btf_vmlinux_bin_end');
  if (start === undefined || stop === undefined || stop <= start || stop - start > MAXIMUM_BTF_BYTES) {
    throw new NoProfile(
      `the kernel in ${snapshot.file.path} carries no BTF: only what it says of all of its types can be written as ISF`,
    );
  }
  const linked = ({ name, address }: KernelSymbol) => ({
    name,
    address: isKernelAddress(address, pointerBytes) ? wrapped(address - kernel.slide, pointerBytes) : address,
  });
  return { btf: read(start, Number(stop - start)), pointerBytes, banner, symbols: symbols.map(linked) };
}
