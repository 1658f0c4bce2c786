// Every file of every file system that the kernel has in memory, with the pages of it that are cached.
// Linux: struct inode of include/linux/fs.h, fs/inode.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { deviceText } from '../vfs/device-number.ts';
import { fileType } from '../vfs/file-type.ts';
import { InodeNames } from '../vfs/inode-names.ts';
import { inodeTime } from '../vfs/inode-times.ts';
import { pathsOf } from '../vfs/path.ts';
import { superBlocks } from '../vfs/super-blocks.ts';
import { filePieces } from './file-pieces.ts';
import { isInMemoryAlone } from './page-cache.ts';
import type { Piece } from './pieces.ts';

/** The largest file that ext4 has: whoever claims more is not believed. */
const MOST_BYTES = 2 ** 44;

/** Bytes of a file. */
interface FileContent {
  /** The same of whatever leads to these cached pages. */
  readonly same: string;
  readonly size: number;
  pieces(): Generator<Piece>;
}

/** A file that the kernel has in memory: its inode, and the pages that are cached of it. */
export class CachedFile {
  readonly raw: Kernel<'inode'>;
  readonly kernel: Linux;
  readonly #mapping: Kernel<'address_space'> | undefined;

  /** @param mapping its cached pages, where they are not those that its inode leads to */
  constructor(raw: Kernel<'inode'>, kernel: Linux, mapping?: Kernel<'address_space'>) {
    this.raw = raw;
    this.kernel = kernel;
    this.#mapping = mapping;
  }

  get address(): VirtualAddress {
    return this.raw.address;
  }
  /** `fe:01`, as /proc/PID/maps has devices. @throws EvidenceFault */
  get device(): string {
    return deviceText(this.raw.i_sb.s_dev);
  }
  /** `ext4`. @throws EvidenceFault */
  get fileSystem(): string {
    return pathsOf(this.kernel).fileSystem(this.raw.i_sb);
  }
  /** `regular`, `directory`, …; null where it stands for no file. @throws EvidenceFault */
  get type(): string | null {
    return fileType(this.raw.i_mode) ?? null;
  }
  /** Rights in octal, as chmod(1) has them: `4755`. @throws EvidenceFault */
  get mode(): string {
    return (this.raw.i_mode & 0o7777).toString(8).padStart(4, '0');
  }
  get size(): bigint {
    return this.raw.i_size;
  }
  get accessed(): Date {
    return inodeTime(this.raw, 'atime');
  }
  get modified(): Date {
    return inodeTime(this.raw, 'mtime');
  }
  get changed(): Date {
    return inodeTime(this.raw, 'ctime');
  }
  /** Pages that are cached, in bytes of the kernel's own pages counted as one each. @throws EvidenceFault */
  get cachedPages(): bigint {
    return this.mapping?.nrpages ?? 0n;
  }
  get mapping(): Kernel<'address_space'> | null {
    return this.#mapping ?? this.raw.i_mapping;
  }

  /** Its bytes; null where it has none of its own. @throws EvidenceFault @throws CorruptStructure where it claims more than a file can have */
  get content(): FileContent | null {
    const { mapping, kernel, raw } = this;
    if (mapping === null || !['regular', 'block'].includes(this.type ?? '')) return null;
    const { host } = mapping;
    // A device file's pages are those of the device, which has an inode of its own.
    if (this.type === 'block' && host?.address !== raw.address) return null;
    const size = Number(host?.i_size ?? raw.i_size);
    if (size < 0 || size > MOST_BYTES) throw new CorruptStructure(`a file of ${size} bytes`);
    if (mapping.nrpages === 0n && (size === 0 || !isInMemoryAlone(kernel, mapping))) return null;
    return { same: `file ${mapping.address}`, size, pieces: () => filePieces(kernel, mapping, size) };
  }
}

/** A cached file with the path that it is found by. */
export class NamedCachedFile extends CachedFile {
  readonly #names: InodeNames;

  constructor(raw: Kernel<'inode'>, kernel: Linux, names: InodeNames) {
    super(raw, kernel);
    this.#names = names;
  }

  /** @throws EvidenceFault */
  get path(): string | null {
    return this.#names.of(this.raw);
  }
}

/** Every file that the kernel has in memory, file system by file system. */
export function* cachedFiles(kernel: Linux): Generator<NamedCachedFile> {
  const names = new InodeNames(kernel);
  for (const { raw } of superBlocks(kernel))
    for (const inode of raw.s_inodes) yield new NamedCachedFile(inode, kernel, names);
}
