// Finds a kernel's BTF in its image by content.
// It has to parse, and to describe task_struct.
import { BadProfile } from '../base/errors.ts';
import { Btf } from './btf.ts';

/** Magic, version 1, flags 0: Linux include/uapi/linux/btf.h. */
const BTF_START = Buffer.from('9feb0100', 'hex');
const HEADER_BYTES = 24;
/** Longer headers are still to be thought of: the longest known has 32 bytes. */
const MAXIMUM_HEADER_BYTES = 256;
/** Smaller ones are those of modules and programs. */
const MINIMUM_BTF_BYTES = 1024;
/** BTF of a vmlinux is 3.3 to 6 MB; more than this is no BTF. */
export const MAXIMUM_BTF_BYTES = 64 << 20;
/** Headers that make sense and have no kernel behind them: modules bring one each, more are an attack. */
const MAXIMUM_ATTEMPTS = 64;

/** A kernel's BTF in its image. */
export interface FoundBtf {
  readonly btf: Btf;
  readonly at: number;
  readonly length: number;
}

/** The first BTF in an image that describes a kernel: it parses, and it has a task_struct. Its alignment can be any. */
export function searchBtf(image: Buffer, pointerBytes: 4 | 8): FoundBtf | undefined {
  let attempts = 0;
  for (let at = image.indexOf(BTF_START); at >= 0; at = image.indexOf(BTF_START, at + 1)) {
    const length = lengthAt(image, at);
    if (length === undefined) continue;
    const btf = kernelBtf(image.subarray(at, at + length), pointerBytes);
    if (btf !== undefined) return { btf, at, length };
    if (++attempts >= MAXIMUM_ATTEMPTS) return undefined;
  }
  return undefined;
}

/** What the header at `at` says that it and its two parts take together; undefined where that makes no sense. */
function lengthAt(image: Buffer, at: number): number | undefined {
  if (at + HEADER_BYTES > image.length) return undefined;
  const word = (index: number): number => image.readUInt32LE(at + 4 * index);
  const [header, typesAt, typesBytes, stringsAt, stringsBytes] = [
    word(1),
    word(2),
    word(3),
    word(4),
    word(5),
  ];
  if (header < HEADER_BYTES || header > MAXIMUM_HEADER_BYTES || header % 4 !== 0) return undefined;
  const length = header + Math.max(typesAt + typesBytes, stringsAt + stringsBytes);
  const isSane =
    typesAt % 4 === 0 &&
    typesBytes % 4 === 0 &&
    stringsAt >= typesAt + typesBytes &&
    length >= MINIMUM_BTF_BYTES &&
    length <= MAXIMUM_BTF_BYTES &&
    at + length <= image.length;
  return isSane ? length : undefined;
}

function kernelBtf(bytes: Uint8Array, pointerBytes: 4 | 8): Btf | undefined {
  try {
    const btf = new Btf(bytes, pointerBytes);
    const { task_struct: task } = btf.layouts({ task_struct: ['tasks', 'comm'] });
    return Object.keys(task?.members ?? {}).length === 2 ? btf : undefined;
  } catch (error) {
    if (!(error instanceof BadProfile)) throw error;
    return undefined;
  }
}
