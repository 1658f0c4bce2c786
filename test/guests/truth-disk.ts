import { open } from 'node:fs/promises';

/** What the recorder writes first, so that an empty disk is not taken for a record. */
const MAGIC = 'VSTGTRTH';
const HEADER_BYTES = 16;

/** The document on a guest's truth disk: eight bytes of magic, its length as u64, its bytes. */
export async function readTruthDisk(path: string): Promise<Buffer> {
  const disk = await open(path, 'r');
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    await disk.read(header, 0, HEADER_BYTES, 0);
    if (header.toString('latin1', 0, 8) !== MAGIC) throw new Error(`${path}: the guest has recorded nothing`);
    const document = Buffer.alloc(Number(header.readBigUInt64LE(8)));
    const { bytesRead } = await disk.read(document, 0, document.length, HEADER_BYTES);
    if (bytesRead !== document.length) throw new Error(`${path}: the record is cut off`);
    return document;
  } finally {
    await disk.close();
  }
}
