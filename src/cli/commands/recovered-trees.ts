// The files of a kernel's file systems as entries of an archive, and what is told of each in the manifest.
// Every name is the evidence's: where it is put is made of it here, and nothing is put below what is no folder.
import type { VirtualAddress } from '../../base/address.ts';
import { CorruptStructure, EvidenceFault } from '../../base/errors.ts';
import { safeName } from '../../extract/safe-name.ts';
import type { TarArchive, TarEntry } from '../../extract/tar-archive.ts';
import { TarNames } from '../../extract/tar-name.ts';
import type { Linux } from '../../kernel/linux/linux.ts';
import { type FileTree, fileTrees, type TreeFile } from '../../kernel/linux/memory/file-trees.ts';
import { symlinkTarget } from '../../kernel/linux/memory/symlink-target.ts';
import { inodeTimeText } from '../../kernel/linux/vfs/inode-times.ts';

/** A path that no system takes is left out. */
const MOST_PATH_BYTES = 4000;
/** Links of an archive are within these. */
const MOST_LINK_BYTES = 4095;
/** The largest file that ext4 has: whoever claims more is not believed. */
const MOST_BYTES = 2 ** 44;
/** The kernel's device numbers: include/linux/kdev_t.h. */
const MINOR_BITS = 20;

/** What there is when all is saved. */
export interface Recovered {
  readonly counts: {
    readonly fileSystems: number;
    readonly files: number;
    readonly folders: number;
    readonly others: number;
    /** Files that lack something, and how much that is. */
    readonly gapped: number;
    readonly missingBytes: number;
    readonly leftOut: number;
  };
}

const TYPES: Readonly<Record<string, TarEntry['type']>> = {
  ...{ regular: 'file', directory: 'directory', symlink: 'symlink', fifo: 'fifo' },
  ...{ character: 'character-device', block: 'block-device' },
};

/** Puts file systems into an archive. */
export class RecoveredTrees implements Recovered {
  readonly counts = {
    fileSystems: 0,
    files: 0,
    folders: 0,
    others: 0,
    gapped: 0,
    missingBytes: 0,
    leftOut: 0,
  };
  readonly #kernel: Linux;
  readonly #archive: TarArchive;
  readonly #tell: (line: object) => void;
  readonly #spend: (bytes: number) => void;

  constructor(
    kernel: Linux,
    archive: TarArchive,
    tell: (line: object) => void,
    spend: (bytes: number) => void,
  ) {
    this.#kernel = kernel;
    this.#archive = archive;
    this.#tell = tell;
    this.#spend = spend;
  }

  /** @param types of file systems, all where there are none @param below a folder; without it, all @throws CannotSave */
  async save(types: readonly string[], below: string | undefined): Promise<void> {
    const names = new TarNames();
    const prefix = below === undefined || below === '/' ? '' : `${below.replace(/\/+$/, '')}`;
    for (const tree of fileTrees(this.#kernel, types)) {
      this.counts.fileSystems++;
      const root = names.pathOf('', nameOf(this.#kernel, tree)).slice(1);
      await this.#saveTree(
        tree,
        root,
        (path) => prefix === '' || path === prefix || path.startsWith(`${prefix}/`),
      );
    }
  }

  async #saveTree(tree: FileTree, root: string, isWanted: (path: string) => boolean): Promise<void> {
    const names = new TarNames();
    /** Inode of a folder → its path in the archive. */
    const folders = new Map<VirtualAddress, string>();
    /** Inode of a file with several names → the first of them. */
    const linked = new Map<VirtualAddress, string>();
    for (const found of tree.files()) {
      const { file, name, folder, isAhead } = found;
      const path =
        name === '' ? root : (folders.get(file.address) ?? this.#pathOf(found, root, folders, names));
      if (path === undefined) continue;
      if (isAhead === true || name === '') folders.set(file.address, path);
      if (isAhead !== true && isWanted(folder === null && name === null ? '/' : found.path))
        await this.#saveFile(found, path, linked);
    }
  }

  /** Where a file is put; undefined where the folder that it is in is not there. */
  #pathOf(
    { file, name, folder }: TreeFile,
    root: string,
    folders: ReadonlyMap<VirtualAddress, string>,
    names: TarNames,
  ): string | undefined {
    if (name !== null) {
      const above = folders.get(folder!);
      return above === undefined ? undefined : names.pathOf(above, name);
    }
    const inode = this.#attempt(() => file.raw.i_ino, 0n);
    return names.pathOf(`${root}/\\nameless`, `inode ${inode} at ${file.address.toString(16)}`);
  }

  async #saveFile(found: TreeFile, path: string, linked: Map<VirtualAddress, string>): Promise<void> {
    const { file } = found;
    const told = { archived: path, path: found.name === null ? null : found.path, ...this.#facts(found) };
    const leaveOut = (why: string): void => {
      this.counts.leftOut++;
      this.#tell({ ...told, leftOut: why });
    };
    if (Buffer.byteLength(path) > MOST_PATH_BYTES)
      return leaveOut('its path is longer than any system takes');
    try {
      const { raw } = file;
      const type = TYPES[file.type ?? ''];
      if (type === undefined) return leaveOut(`archives have no ${file.type ?? 'file of no type'}`);
      const entry: TarEntry = { path, type, ...this.#statOf(found) };
      const first = linked.get(file.address);
      if (first !== undefined) {
        await this.#archive.add({ ...entry, type: 'link', linkname: first });
        this.#tell({ ...told, linkTo: first });
        return;
      }
      if (type === 'file') await this.#saveContent(entry, found, told);
      else if (type === 'symlink') {
        const target = symlinkTarget(this.#kernel, raw);
        if (target === null || target === '') return leaveOut('where the link leads is not in memory');
        if (Buffer.byteLength(target) > MOST_LINK_BYTES || target.includes('\0'))
          return leaveOut('no link leads so far');
        await this.#archive.add({ ...entry, linkname: target });
      } else if (type === 'directory') await this.#archive.add({ ...entry, path: `${path}/` });
      else await this.#archive.add({ ...entry, device: deviceOf(raw.i_rdev) });
      if (type === 'file') this.counts.files++;
      else this.counts[type === 'directory' ? 'folders' : 'others']++;
      if (type !== 'directory' && raw.i_nlink > 1) linked.set(file.address, path);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      leaveOut(fault.code);
    }
  }

  async #saveContent(entry: TarEntry, { file }: TreeFile, told: object): Promise<void> {
    const size = Number(file.size);
    const { content } = file;
    if (content === null && (size < 0 || size > MOST_BYTES))
      throw new CorruptStructure(`a file of ${size} bytes`);
    const bytes = content ?? { size, pieces: () => holeOf(size) };
    const saved = await this.#archive.addFile(entry, bytes, this.#spend);
    this.counts.missingBytes += saved.missingBytes;
    if (saved.missingBytes > 0) this.counts.gapped++;
    this.#tell({ ...told, ...saved });
  }

  #statOf({ file }: TreeFile): Pick<TarEntry, 'mode' | 'uid' | 'gid' | 'times'> {
    const { raw } = file;
    const time = (name: 'mtime' | 'atime' | 'ctime'): string => inodeTimeText(raw, name);
    return {
      mode: raw.i_mode,
      uid: raw.i_uid,
      gid: raw.i_gid,
      times: { mtime: time('mtime'), atime: time('atime'), ctime: time('ctime') },
    };
  }

  #facts({ file }: TreeFile): object {
    return {
      device: this.#attempt(() => file.device, null),
      inode: this.#attempt(() => String(file.raw.i_ino), null),
      type: this.#attempt(() => file.type, null),
    };
  }

  #attempt<T>(read: () => T, otherwise: T): T {
    return this.#kernel.attempt(read, otherwise, 'a file to be saved');
  }
}

/** `ext4 fe-01 2f1e…`: a file system by its type, device and UUID. */
function nameOf(kernel: Linux, { block }: FileTree): string {
  const part = (read: () => string | null): string => kernel.attempt(read, null, 'a file system') ?? '';
  const words = [part(() => block.type), part(() => block.device).replace(':', '-'), part(() => block.uuid)];
  return safeName(words.filter((word) => word !== '').join('.'));
}

/** Nothing of the file is cached. */
function* holeOf(size: number) {
  if (size > 0) yield { at: 0, missing: size, why: 'not-cached' };
}

const deviceOf = (device: number): { major: number; minor: number } => ({
  major: device >>> MINOR_BITS,
  minor: device & ((1 << MINOR_BITS) - 1),
});
