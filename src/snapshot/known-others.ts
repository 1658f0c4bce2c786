// Recognises files that are no memory snapshots: disk images, archives, other dumps.
// The message says what the file is, and what to do with it.
import { isUtf8 } from 'node:buffer';

/** A kind of file that people give by mistake, or that holds memory in a form we do not read. */
interface KnownOther {
  /** The signature, as text of one character for each byte. */
  readonly magic: string;
  /** Where the signature stands; at the beginning where it is not given. */
  readonly offset?: number;
  /** Completes "FILE is …": what it is, then what to do about it where something can be done. */
  readonly is: string;
}

const DISK = 'a disk image, not memory';
const VMEM = 'a VMware state file without memory: give the .vmem file beside it';

/** What any machine may have among its files. Sources: each format's own description; file(1) lists most of them. */
const FILES: readonly KnownOther[] = [
  { magic: '\x1f\x8b\x08', is: 'compressed with gzip: decompress it first' },
  { magic: '\xfd7zXZ\0', is: 'compressed with xz: decompress it first' },
  { magic: '\x28\xb5\x2f\xfd', is: 'compressed with zstd: decompress it first' },
  { magic: '\x04\x22\x4d\x18', is: 'compressed with lz4: decompress it first' },
  { magic: 'BZh', is: 'compressed with bzip2: decompress it first' },
  { magic: '\xff\x06\0\0sNaPpY', is: 'compressed with snappy: decompress it first' },
  { magic: '7z\xbc\xaf\x27\x1c', is: 'a 7z archive: unpack it first' },
  { magic: 'PK\x03\x04', is: 'a zip archive: unpack it first' },
  { magic: 'Rar!\x1a\x07', is: 'a rar archive: unpack it first' },
  { magic: 'ustar', offset: 257, is: 'a tar archive: unpack it first' },
  { magic: 'HdrS', offset: 0x202, is: 'a Linux kernel image, not memory' },
  { magic: '\xcf\xfa\xed\xfe', is: 'a Mach-O file, which is not supported' },
  { magic: 'SQLite format 3\0', is: 'an SQLite database, not memory' },
  { magic: '\x89PNG\r\n\x1a\n', is: 'a PNG picture, not memory' },
  { magic: '\xff\xd8\xff', is: 'a JPEG picture, not memory' },
  { magic: '%PDF-', is: 'a PDF document, not memory' },
];

/**
 * What holds machines, their memory or their disks, by signatures that the first bytes of physical memory cannot be:
 * long ones, or unlikely ones (a PC begins with its interrupt vectors).
 */
const OTHERS: readonly KnownOther[] = [
  {
    magic: 'AVML\x02',
    is: 'a compressed AVML snapshot, which is not supported: convert it with avml-convert first',
  },
  { magic: 'PAGEDU64', is: 'a Windows crash dump, which is not supported' },
  { magic: 'PAGEDUMP', is: 'a Windows crash dump of 32 bits, which is not supported' },
  { magic: 'MDMP', is: 'a Windows minidump of a process, not of a machine' },
  { magic: 'HIBR', is: 'a Windows hibernation file, which is not supported' },
  { magic: 'hibr', is: 'a Windows hibernation file, which is not supported' },
  { magic: 'WAKE', is: 'a Windows hibernation file, which is not supported' },
  { magic: 'wake', is: 'a Windows hibernation file, which is not supported' },
  { magic: 'QEVM', is: 'a QEMU saved state, which is not supported: use dump-guest-memory' },
  {
    magic: 'LibvirtQemudSave',
    is: 'a libvirt saved state, which is not supported: use virsh dump --memory-only',
  },
  { magic: 'LibvirtQemudPart', is: 'an unfinished libvirt saved state, which is not supported' },
  {
    magic: '\x7fVirtualBox SavedState',
    is: 'a VirtualBox saved state, which is not supported: use debugvm dumpvmcore',
  },
  { magic: '\xd0\xbe\xd2\xbe', is: VMEM },
  { magic: '\xd1\xba\xd1\xba', is: VMEM },
  { magic: '\xd2\xbe\xd2\xbe', is: VMEM },
  { magic: '\xd3\xbe\xd3\xbe', is: VMEM },
  { magic: 'LinuxGuestRecord', is: 'a Xen saved state, which is not supported' },
  { magic: 'DISKDUMP', is: 'a diskdump from before kdump, which is not supported' },
  { magic: 'VMA\0', is: 'a Proxmox backup, not memory' },
  { magic: 'QFI\xfb', is: DISK },
  { magic: 'KDMV', is: DISK },
  { magic: '# Disk DescriptorFile', is: DISK },
  { magic: '\x7f\x10\xda\xbe', offset: 64, is: DISK },
  { magic: 'vhdxfile', is: DISK },
  { magic: 'conectix', is: DISK },
  { magic: 'EFI PART', offset: 512, is: DISK },
  { magic: 'CD001', offset: 0x8001, is: DISK },
  { magic: 'LUKS\xba\xbe', is: DISK },
  { magic: 'EVF\x09\x0d\x0a\xff\0', is: 'an EnCase image, which is not supported: export its raw contents' },
  { magic: 'EVF2\x0d\x0a\x81\0', is: 'an EnCase image, which is not supported: export its raw contents' },
  { magic: 'SWAPSPACE2', offset: 4086, is: 'a Linux swap area, not memory' },
  { magic: 'S1SUSPEND', offset: 4086, is: 'a Linux hibernation image, which is not supported' },
];

/** How much of a file must be text to call all of it text. */
const TEXT_BYTES = 4096;

const MIB = 1 << 20;
/** No machine that Linux runs on has less RAM. */
const LEAST_RAM_BYTES = 16 * MIB;

/**
 * Whether a file is as long as RAM is: whole MiB, which other files seldom are. The first page of memory may then be
 * that of any file which the machine has read: RAM of an AArch64 board begins with a page like every other.
 */
export const isAsLongAsRam = (sizeBytes: number): boolean =>
  sizeBytes >= LEAST_RAM_BYTES && sizeBytes % MIB === 0;

/** What the file of so many bytes is that begins with `head`, completing "FILE is …", or null where it may be a snapshot. */
export function knownOther(head: Buffer, sizeBytes: number): string | null {
  const begins = ({ magic, offset = 0 }: KnownOther): boolean =>
    head.length >= offset + magic.length && head.toString('latin1', offset, offset + magic.length) === magic;
  const other = OTHERS.find(begins);
  if (other !== undefined) return other.is;
  if (isAsLongAsRam(sizeBytes)) return null;
  const file = FILES.find(begins);
  if (file !== undefined) return file.is;
  return isText(head.subarray(0, TEXT_BYTES)) ? 'a text file, not memory' : null;
}

/** White space and printable characters, in UTF-8. A character that the sample cuts in two is left out of it. */
function isText(bytes: Buffer): boolean {
  const isPrinted = bytes.every(
    (byte) => byte === 9 || byte === 10 || byte === 12 || byte === 13 || (byte >= 32 && byte !== 127),
  );
  return isPrinted && [0, 1, 2, 3].some((cut) => isUtf8(bytes.subarray(0, bytes.length - cut)));
}
