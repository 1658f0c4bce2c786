// Makes a profile from a kernel image on disk: layouts from BTF or DWARF, symbols from ELF or System.map.
// `profile build` uses it.
import { BadProfile } from '../base/errors.ts';
import { Btf } from '../profile/btf.ts';
import { absentIn } from '../profile/completeness.ts';
import {
  linkAddress,
  PROFILE_FORMAT,
  type Profile,
  pointerBytesOf,
  type RequiredNames,
  readProfile,
  writeProfile,
} from '../profile/profile.ts';
import { type DwarfTypes, readDwarf } from './dwarf.ts';
import type { ElfImage } from './elf-image.ts';
import { buildIdOf } from './elf-notes.ts';
import { readSymbols } from './elf-symbols.ts';
import type { Scratch } from './section-bytes.ts';

/** BTF of a vmlinux is 3.3 to 6 MB; more than this is no BTF. */
const MAXIMUM_BTF_BYTES = 64 << 20;
const MAXIMUM_BANNER_BYTES = 512;

/** Symbols that a System.map gave. */
export interface SymbolFile {
  readonly path: string;
  readonly symbols: ReadonlyMap<string, bigint>;
}

/** What a profile is made of besides the image. */
export interface ProfileSources {
  readonly required: RequiredNames;
  readonly scratch: Scratch;
  /** For an image whose own symbols were stripped away. */
  readonly systemMap?: SymbolFile;
}

/** The profile of the kernel that an image on disk is, from what the image says of its types and symbols. @throws BadProfile */
export async function profileOfImage(
  image: ElfImage,
  { required, scratch, systemMap }: ProfileSources,
): Promise<Profile> {
  const symbols = symbolsOf(image, required, systemMap);
  const banner = bannerOf(image, symbols, systemMap);
  const { road, types, enumerators } = await typesOf(image, required, scratch);
  const told = {
    symbols: ordered(
      required.symbols,
      new Map([...symbols].map(([name, address]) => [name, linkAddress(address, 0n)])),
    ),
    types: ordered(Object.keys(required.types), new Map(Object.entries(types))),
    enumerators: ordered(required.enumerators, new Map(Object.entries(enumerators))),
  };
  const profile: Profile = {
    format: PROFILE_FORMAT,
    banner,
    release: /^Linux version (\S+)/.exec(banner)?.[1] ?? '',
    buildId: buildIdOf(image),
    architecture: image.architecture,
    pointerBytes: pointerBytesOf(image.architecture),
    source: `${road} + ${systemMap === undefined ? 'symtab' : 'System.map'}`,
    ...told,
    absent: absentIn(told, required),
  };
  // Sizes and values that a hostile image makes up are refused here as they would be where the file is read.
  return readProfile(writeProfile(profile), image.file.path);
}

function symbolsOf(
  image: ElfImage,
  required: RequiredNames,
  systemMap?: SymbolFile,
): ReadonlyMap<string, bigint> {
  const own = readSymbols(image, required.symbols);
  const { path } = image.file;
  if (systemMap === undefined) {
    if (own !== undefined) return own;
    throw new BadProfile(
      `${path} has no symbols (.symtab was stripped away): name the System.map of the same build with --system-map`,
    );
  }
  for (const [name, address] of own ?? []) {
    const told = systemMap.symbols.get(name);
    if (told !== undefined && told !== address) {
      throw new BadProfile(
        `${systemMap.path} is not of the build of ${path}: ${name} is at ${linkAddress(told, 0n)}, not ${linkAddress(address, 0n)}`,
      );
    }
  }
  return systemMap.symbols;
}

/** `linux_banner` as it stands in the image: the proof that symbols and image belong together. */
function bannerOf(image: ElfImage, symbols: ReadonlyMap<string, bigint>, systemMap?: SymbolFile): string {
  const { path } = image.file;
  const address = symbols.get('linux_banner');
  if (address === undefined)
    throw new BadProfile(`${systemMap?.path ?? path} has no symbol linux_banner: it is of no Linux kernel`);
  const bytes = image.bytesAt(address, MAXIMUM_BANNER_BYTES);
  if (bytes === null) {
    throw new BadProfile(
      `${path} has no content at linux_banner (${linkAddress(address, 0n)}): it holds debug information only; give the whole vmlinux (eu-unstrip puts both together)`,
    );
  }
  const banner = bytes.toString('latin1').split(/[\n\0]/)[0]!;
  if (banner.startsWith('Linux version ')) return banner;
  throw new BadProfile(
    systemMap === undefined
      ? `${path} has no banner at linux_banner (${linkAddress(address, 0n)})`
      : `${systemMap.path} is not of the build of ${path}: no banner is at ${linkAddress(address, 0n)}`,
  );
}

/** By BTF where the image has it, which takes a tenth of a second; else by DWARF. */
async function typesOf(
  image: ElfImage,
  required: RequiredNames,
  scratch: Scratch,
): Promise<DwarfTypes & { readonly road: 'btf' | 'dwarf' }> {
  const { path } = image.file;
  const section = image.section('.BTF');
  if (section !== undefined) {
    if (section.sizeBytes > MAXIMUM_BTF_BYTES)
      throw new BadProfile(`${path}: .BTF of ${section.sizeBytes} bytes is implausible`);
    const btf = new Btf(image.bytes(section), pointerBytesOf(image.architecture));
    return {
      road: 'btf',
      types: btf.layouts(required.types),
      enumerators: btf.enumerators(required.enumerators),
    };
  }
  const dwarf = await readDwarf(image, required, scratch);
  if (dwarf === undefined) {
    throw new BadProfile(
      `${path} has neither .BTF nor .debug_info: install the debug package of this kernel (Debian: linux-image-…-dbg, Fedora: kernel-debuginfo, Ubuntu: linux-image-…-dbgsym) and give its vmlinux`,
    );
  }
  if (Object.keys(dwarf.types).length === 0)
    throw new BadProfile(`${path} has .debug_info, which describes none of the structs of a kernel`);
  return { road: 'dwarf', ...dwarf };
}

/** What is known of these names, in their order: whatever a profile is made from, its file looks the same. */
const ordered = <T>(names: readonly string[], known: ReadonlyMap<string, T>): Record<string, T> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = known.get(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
