import { spawnSync } from 'node:child_process';

/** Most that a compressed kernel may hold: 60 MB in distributions, some hundred with everything built in. */
const MAXIMUM_BYTES = 2 ** 30;

/** Which tool of the host unpacks what begins with these bytes. */
const TOOLS: readonly (readonly [magic: string, program: string, args: readonly string[]])[] = [
  ['1f8b', 'gzip', ['-dc']],
  ['28b52ffd', 'zstd', ['-dcq']],
  ['fd377a585a00', 'xz', ['-dcq', '--single-stream']],
  ['02214c18', 'lz4', ['-dcq']],
  ['04224d18', 'lz4', ['-dcq']],
  ['5d0000', 'xz', ['-dcq', '--format=lzma']],
  ['425a68', 'bzip2', ['-dcq']],
];

/**
 * The kernel inside a boot image, unpacked: an ELF on x86, a plain image on arm64. What is no boot image and not
 * compressed is given back as it is.
 */
export function unpackKernel(bytes: Buffer): Buffer {
  const packed = payloadOf(bytes) ?? bytes;
  const tool = TOOLS.find(([magic]) => packed.subarray(0, magic.length / 2).toString('hex') === magic);
  if (tool === undefined) return packed;
  const [, program, args] = tool;
  const { stdout, error } = spawnSync(program, args, { input: packed, maxBuffer: MAXIMUM_BYTES });
  if (error !== undefined && stdout === null) throw new Error(`${program}: ${error.message}`);
  // The kernel's build puts the size behind the data, which every tool takes for damage: what matters is what came out.
  if (stdout.length === 0) throw new Error(`${program} finds nothing to unpack`);
  return payloadOf(stdout) === undefined ? stdout : unpackKernel(stdout);
}

/** The compressed part of a boot image, or undefined where this is none. */
function payloadOf(bytes: Buffer): Buffer | undefined {
  // x86: Linux Documentation/arch/x86/boot.rst, payload_offset and payload_length, from the end of the setup sectors.
  if (bytes.length > 0x250 && bytes.toString('latin1', 0x202, 0x206) === 'HdrS') {
    const start = ((bytes[0x1f1] || 4) + 1) * 512 + bytes.readUInt32LE(0x248);
    return bytes.subarray(start, start + bytes.readUInt32LE(0x24c));
  }
  // EFI zboot: drivers/firmware/efi/libstub/zboot-header.S.
  if (bytes.length > 0x40 && bytes.toString('latin1', 4, 8) === 'zimg') {
    const start = bytes.readUInt32LE(8);
    return bytes.subarray(start, start + bytes.readUInt32LE(12));
  }
  return undefined;
}
