import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { PAGE_BYTES } from '../../src/memory/source.ts';
import { isZero, type Memory, windowsOf } from '../support/writers.ts';
import type { HostTools } from './web-1.ts';

/** How many files one call of the packer is given. */
const BATCH = 1000;
/** Bytes of a gzip header without a name, and of the checksum and length at a gzip file's end (RFC 1952). */
const GZIP = { header: 10, trailer: 8 };

/**
 * Packs every page of a memory with libdeflate's level 12, which is one part in twenty smaller than zlib's 9, and
 * gives the function that finds the packed page again as a zlib stream.
 */
export async function packPages(
  tools: HostTools,
  memory: Memory,
  folder: string,
): Promise<(page: Uint8Array) => Uint8Array> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const seen = new Set<string>();
  for (const range of memory.ranges) {
    for (const [, bytes] of windowsOf(memory, range)) {
      for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
        const page = bytes.subarray(at, at + PAGE_BYTES);
        const name = nameOf(page);
        if (isZero(page) || seen.has(name)) continue;
        writeFileSync(join(folder, name), page);
        seen.add(name);
      }
    }
  }
  const names = [...seen];
  for (let start = 0; start < names.length; start += BATCH) {
    const files = names.slice(start, start + BATCH).map((name) => join(folder, name));
    await tools.run('libdeflate-gzip', '-12', '-k', ...files);
  }
  const packed = new Map<string, Uint8Array>();
  for (const name of names) {
    packed.set(name, zlibStream(readFileSync(join(folder, `${name}.gz`)), readFileSync(join(folder, name))));
  }
  rmSync(folder, { recursive: true, force: true });
  return (page) => packed.get(nameOf(page)) ?? deflateSync(page, { level: 9 });
}

const nameOf = (page: Uint8Array): string => createHash('sha1').update(page).digest('hex');

/** The deflate stream of a gzip file between zlib's header and checksum (RFC 1950). */
function zlibStream(gzip: Buffer, page: Uint8Array): Uint8Array {
  const hasName = (gzip[3]! & 8) !== 0;
  const start = hasName ? gzip.indexOf(0, GZIP.header) + 1 : GZIP.header;
  // zlib's own stream of the same page ends with the checksum that is wanted.
  const checksum = deflateSync(page, { level: 1 }).subarray(-4);
  return Buffer.concat([Buffer.from([0x78, 0xda]), gzip.subarray(start, -GZIP.trailer), checksum]);
}
