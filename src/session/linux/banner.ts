// Finds and checks the kernel's banner (`linux_banner`, as in /proc/version).
// It identifies the build if there is no build ID.
import { physical } from '../../base/address.ts';
import { unlessFault } from '../../base/unless-fault.ts';
import type { PhysicalMemory } from '../../memory/physical.ts';
import { PAGE_BYTES } from '../../memory/source.ts';
import type { ImageReader } from '../../profile/piecewise.ts';
import { readPiecewise } from '../../profile/piecewise.ts';
import { IMAGE_REACH_BYTES, imageReader } from './image.ts';
import type { Located } from './kernel-location.ts';

/** What cannot be read holds nothing: the search goes on elsewhere. */
const NOTHING = new Uint8Array();

/** What every `linux_banner` begins with (init/version.c). */
const BANNER_START = 'Linux version ';
const MAXIMUM_BANNER_BYTES = 512;
const BLOCK_BYTES = 1 << 20;
/** Texts that begin like a banner: two in the image, some in what lies behind it. */
const MAXIMUM_TEXTS = 64;
/** The kernel's names are strings of 65 bytes (include/uapi/linux/utsname.h): its own, the host's, release, version. */
const SYSTEM_NAME = Buffer.from('Linux\0', 'latin1');
const NAME_BYTES = 65;
/** They begin the namespace or stand behind a counter. */
const MAXIMUM_NAMES_OFFSET = 16;

/** The banner that begins at `address`, without its newline; empty where it cannot be read. */
export const bannerAt = (read: ImageReader, address: bigint): string =>
  firstLine(unlessFault(() => read(address, MAXIMUM_BANNER_BYTES), NOTHING));

const firstLine = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('latin1')
    .split(/[\n\0]/)[0]!;

/** The banner of a located kernel, found without any symbol for it. */
export function bannerIn(read: ImageReader, located: Located): string | undefined {
  const place = bannerPlace(read, located);
  return place === undefined ? undefined : bannerAt(read, place);
}

/**
 * `linux_banner` of a located kernel: the first text of its image that reads like one and ends as `init_uts_ns` says.
 * Since Linux kernel commit 2df8220cc511 ("kbuild: build init/built-in.a just once") (in v6.1) there is another before
 * it, of a link that did not know the number of the build.
 */
export function bannerPlace(read: ImageReader, located: Located): bigint | undefined {
  const { vmcoreinfo, known } = located;
  const [first = 0n] = [...known.values()].sort((a, b) => (a < b ? -1 : 1));
  const start = Buffer.from(BANNER_START + (vmcoreinfo === null ? '' : `${vmcoreinfo.release} (`), 'latin1');
  const version = versionIn(read, located);
  let otherwise: bigint | undefined;
  let texts = 0;
  for (let offset = 0; offset < IMAGE_REACH_BYTES; offset += BLOCK_BYTES) {
    const { bytes } = readPiecewise(read, first + BigInt(offset), BLOCK_BYTES + MAXIMUM_BANNER_BYTES);
    const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = block.indexOf(start); at >= 0; at = block.indexOf(start, at + 1)) {
      const place = first + BigInt(offset + at);
      if (firstLine(block.subarray(at, at + MAXIMUM_BANNER_BYTES)).endsWith(version)) return place;
      otherwise ??= place;
      if (++texts >= MAXIMUM_TEXTS) return otherwise;
    }
  }
  return otherwise;
}

/**
 * The banner of a located kernel whose own is missing: a text anywhere in memory, as the kernel's log has one, that
 * names the release and ends as `init_uts_ns` says. Empty where there is none. Reads all of memory.
 */
export function bannerElsewhere(memory: PhysicalMemory, located: Located): string {
  const release = located.vmcoreinfo?.release;
  const version = versionIn(imageReader(memory, located.delta), located);
  if (release === undefined || version === '') return '';
  const start = Buffer.from(`${BANNER_START}${release} (`, 'latin1');
  const block = Buffer.alloc(BLOCK_BYTES + PAGE_BYTES);
  for (const range of memory.ranges) {
    for (let base: number = range.start; base < range.end; base += BLOCK_BYTES) {
      const most = block.subarray(0, Math.min(block.length, range.end - base));
      const had = most.subarray(0, memory.readRun(physical(base), most));
      for (let at = had.indexOf(start); at >= 0; at = had.indexOf(start, at + 1)) {
        // The log does not end its texts: what follows the version is of the next record.
        const line = firstLine(had.subarray(at, at + MAXIMUM_BANNER_BYTES));
        const end = line.indexOf(version);
        if (end > 0) return line.slice(0, end + version.length);
      }
    }
  }
  return '';
}

/** What `uname -v` prints, with which the banner ends; empty where it is not known. */
function versionIn(read: ImageReader, { known }: Located): string {
  const names = known.get('init_uts_ns');
  if (names === undefined) return '';
  const bytes = Buffer.from(unlessFault(() => read(names, 512), NOTHING));
  const start = bytes.indexOf(SYSTEM_NAME);
  if (start < 0 || start > MAXIMUM_NAMES_OFFSET) return '';
  const at = start + 3 * NAME_BYTES;
  return firstLine(bytes.subarray(at, at + NAME_BYTES));
}

/** What stands at these physical addresses, each text with the places that have it. */
export function bannersAt(memory: PhysicalMemory, places: readonly number[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const read: ImageReader = (address, length) => memory.bytes(physical(Number(address)), length);
  for (const place of places) {
    const banner = bannerAt(read, BigInt(place));
    const same = found.get(banner);
    if (same !== undefined) same.push(place);
    else if (banner !== '') found.set(banner, [place]);
  }
  return found;
}
