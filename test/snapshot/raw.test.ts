import { truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { UnknownFormat, UnsupportedSnapshot } from '../../src/base/errors.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { Random } from '../support/random.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();

/** A file of 2 MiB that begins with `magic` at `offset`, and has noise around it. */
function fileWith(name: string, magic: string, offset = 0): string {
  const bytes = Buffer.alloc(2 ** 21, 0xee);
  bytes.write(magic, offset, 'latin1');
  return scratch.file(name, bytes);
}

describe('raw memory', () => {
  it('stands at the base address that is given', () => {
    const bytes = new Random(1).bytes(0x3000);
    const snapshot = openSnapshot(scratch.file('based', bytes), { base: 0x4000_0000 });
    expect(snapshot.memory.ranges).toEqual([{ start: 0x4000_0000, end: 0x4000_3000 }]);
    expect(snapshot.memory.bytes(physical(0x4000_1ffe), 4)).toEqual(bytes.slice(0x1ffe, 0x2002));
    expect(snapshot.contents.source.fileOffset(physical(0x4000_1234))).toBe(0x1234);
    expect(snapshot.contents.source.fileOffset(physical(0x1234))).toBeNull();
  });

  it('leaves out a page in which the file ends, and says so', () => {
    const snapshot = openSnapshot(scratch.file('cut', Buffer.alloc(2 ** 20 + 0x1010, 1)));
    expect(snapshot.memory.end).toBe(2 ** 20 + 0x1000);
    expect(snapshot.contents.notes).toEqual(['the file ends 16 bytes into a page: that page is left out']);
  });

  it('is read where the kernel allots nothing: 64 GiB with one page at the end', () => {
    const path = scratch.file('sparse', '');
    truncateSync(path, 2 ** 36);
    const snapshot = openSnapshot(path);
    expect(snapshot.file.isSparse).toBe(true);
    expect(snapshot.memory.u64(physical(2 ** 36 - 8))).toBe(0n);
  });

  it('is not what a small file is', () => {
    const path = scratch.file('small', Buffer.alloc(5000, 0xee));
    expect(() => openSnapshot(path)).toThrow(
      new UnknownFormat(
        `${path} is no snapshot: no known format, and with 5000 bytes too small to be raw memory`,
      ),
    );
  });

  it('loses what the file loses while it is read, and the file remembers it', () => {
    const path = scratch.file('shrinks', Buffer.alloc(2 ** 21, 1));
    const { memory, file } = openSnapshot(path);
    expect(memory.u8(physical(0x1000))).toBe(1);
    truncateSync(path, 2 ** 20 + 0x800);
    expect(memory.readRun(physical(2 ** 20), new Uint8Array(0x4000))).toBe(0);
    expect(() => memory.u8(physical(2 ** 20 + 0x1000))).toThrow(
      'physical page 0x101000 is not in the snapshot',
    );
    expect(file.troubles).toContain(`${path} ends at 1050624: it was 2097152 bytes long when it was opened`);
  });
});

describe('what is no snapshot', () => {
  it.each([
    ['gzip', '\x1f\x8b\x08', 0, 'compressed with gzip: decompress it first'],
    ['xz', '\xfd7zXZ\0', 0, 'compressed with xz: decompress it first'],
    ['zstd', '\x28\xb5\x2f\xfd', 0, 'compressed with zstd: decompress it first'],
    ['zip', 'PK\x03\x04', 0, 'a zip archive: unpack it first'],
    ['tar', 'ustar', 257, 'a tar archive: unpack it first'],
    [
      'avml',
      'AVML\x02\0\0\0',
      0,
      'a compressed AVML snapshot, which is not supported: convert it with avml-convert first',
    ],
    ['windows', 'PAGEDU64', 0, 'a Windows crash dump, which is not supported'],
    ['savevm', 'QEVM\0\0\0\x03', 0, 'a QEMU saved state, which is not supported: use dump-guest-memory'],
    [
      'libvirt',
      'LibvirtQemudSave',
      0,
      'a libvirt saved state, which is not supported: use virsh dump --memory-only',
    ],
    ['vmss', '\xd2\xbe\xd2\xbe', 0, 'a VMware state file without memory: give the .vmem file beside it'],
    ['qcow2', 'QFI\xfb', 0, 'a disk image, not memory'],
    ['vdi', '\x7f\x10\xda\xbe', 64, 'a disk image, not memory'],
    ['gpt', 'EFI PART', 512, 'a disk image, not memory'],
    ['iso', 'CD001', 0x8001, 'a disk image, not memory'],
    ['kernel', 'HdrS', 0x202, 'a Linux kernel image, not memory'],
    ['png', '\x89PNG\r\n\x1a\n', 0, 'a PNG picture, not memory'],
  ])('is named: %s', (name, magic, offset, is) => {
    const path = fileWith(name, magic, offset);
    expect(() => openSnapshot(path)).toThrow(new UnsupportedSnapshot(`${path} is ${is}`));
  });

  it('is named where it is text, however short', () => {
    const path = scratch.file('notes.txt', 'pid,name\n1,init\n');
    expect(() => openSnapshot(path)).toThrow(`${path} is a text file, not memory`);
  });

  it.each(['QFI\xfb', '\x7fELF\x02\x01\x01'])(
    'is memory all the same when a base address is given: %j',
    (magic) => {
      const { format, memory } = openSnapshot(fileWith('forced', magic), { base: 0 });
      expect(format.name).toBe('raw');
      expect(memory.u8(physical(3))).toBe(magic.charCodeAt(3));
    },
  );
});

describe('memory whose first page is that of a file', () => {
  const [program, library] = ['\x7fELF\x02\x01\x01'.padEnd(16, '\0'), '\x03\x00\xb7\x00'];
  /** A file that begins so, of so many bytes. */
  function long(magic: string, sizeBytes: number): string {
    const path = fileWith('long', magic);
    truncateSync(path, sizeBytes);
    return path;
  }

  it.each([
    ['a library', program + library],
    ['gzip', '\x1f\x8b\x08'],
    ['SQLite', 'SQLite format 3\0'],
    ['text', 'root:x:0:0:root:/root:/bin/sh\n'.repeat(200)],
  ])('is memory where it is as long as RAM is, and else what it begins like: %s', (_, magic) => {
    expect(openSnapshot(long(magic, 2 ** 25)).format.name).toBe('raw');
    expect(() => openSnapshot(long(magic, 2 ** 25 + 4096))).toThrow(UnsupportedSnapshot);
    expect(() => openSnapshot(long(magic, 2 ** 23))).toThrow(UnsupportedSnapshot);
  });

  it.each([
    ['a disk image', 'QFI\xfb', 'a disk image, not memory'],
    [
      'a saved state',
      'LibvirtQemudSave',
      'a libvirt saved state, which is not supported: use virsh dump --memory-only',
    ],
  ])('may have any length where it is %s', (_, magic, is) => {
    const path = long(magic, 2 ** 25);
    expect(() => openSnapshot(path)).toThrow(new UnsupportedSnapshot(`${path} is ${is}`));
  });
});
