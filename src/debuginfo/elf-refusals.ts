// Says why a file is no kernel image to read: a compressed kernel, a module, another architecture.
// The message tells what to give instead.

/** First bytes of what people have at hand instead of a vmlinux: where, which, and what to do. */
const OTHERS: readonly (readonly [at: number, magic: string, what: string, then: string])[] = [
  [
    0x202,
    'HdrS',
    'a compressed kernel (bzImage)',
    'give the vmlinux of its debug package (Debian: linux-image-…-dbg has /usr/lib/debug/boot/vmlinux-…)',
  ],
  [4, 'zimg', 'a compressed kernel (EFI zboot)', 'give the vmlinux of its debug package'],
  [0x38, 'ARMd', 'a kernel without its ELF sections (arm64 Image)', 'give the vmlinux of its debug package'],
  [
    0,
    '!<arch>\ndebian-binary',
    'a Debian package',
    'unpack it (dpkg-deb -x PACKAGE FOLDER) and give FOLDER/usr/lib/debug/boot/vmlinux-…',
  ],
  [
    0,
    '\xed\xab\xee\xdb',
    'an RPM package',
    'unpack it (rpm2cpio PACKAGE | cpio -id) and give usr/lib/debug/lib/modules/…/vmlinux',
  ],
  [0, '\x1f\x8b', 'packed with gzip', 'unpack it first (gzip -dk)'],
  [0, '\xfd7zXZ\0', 'packed with xz', 'unpack it first (xz -dk)'],
  [0, '\x28\xb5\x2f\xfd', 'packed with zstd', 'unpack it first (zstd -d)'],
  [0, 'BZh', 'packed with bzip2', 'unpack it first (bzip2 -dk)'],
];

/** Bytes of the header that both classes share. */
const IDENT_BYTES = 20;

/** e_type of ELF files that are no kernel. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  1: 'an object file or module: give the vmlinux that it belongs to',
  4: 'a core dump: vestige profile export makes a profile of one',
};

/** Why a file that begins with `head` is no kernel to read, as a whole sentence; undefined where it may be one. */
export function refusalOf(head: Uint8Array, path: string): string | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  if (!bytes.subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1'))) {
    const other = OTHERS.find(([at, magic]) => bytes.toString('latin1', at, at + magic.length) === magic);
    if (other !== undefined) return `${path} is ${other[2]}: ${other[3]}`;
    return `${path} is no ELF file: give a vmlinux, of the kernel's build or of its debug package`;
  }
  if (bytes.length < IDENT_BYTES) return `${path} is cut in its ELF header`;
  if (bytes[5] === 2) return `${path} is a big-endian ELF, which is not supported`;
  if (bytes[5] !== 1 || (bytes[4] !== 1 && bytes[4] !== 2))
    return `${path} is no sound ELF: class ${bytes[4]}, byte order ${bytes[5]}`;
  const type = OTHER_TYPES[bytes.readUInt16LE(16)];
  return type === undefined ? undefined : `${path} is ${type}`;
}
