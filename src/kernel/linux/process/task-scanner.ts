// Finds what has the shape of a task_struct anywhere in memory, whatever leads to it: listed, hidden or freed.
// Linux: struct task_struct of include/linux/sched.h.
import { fromWords, type VirtualAddress } from '../../../base/address.ts';
import type { Scanner } from '../../../scan/scanner.ts';

/** Where a build has what tells a `task_struct`: offsets in bytes. */
export interface TaskShape {
  readonly pointerBytes: 4 | 8;
  /** From its start past the last member that is looked at. */
  readonly bytes: number;
  /** The kernel image: its first address in words, and its bytes, which `sched_class` leads into. */
  readonly image: { readonly hi: number; readonly lo: number; readonly bytes: number };
  /** The lowest word of which a pointer of the kernel is made: its high one in 64 bits. */
  readonly lowestPointer: number;
  readonly schedClass: number;
  readonly pid: number;
  readonly tgid: number;
  readonly comm: number;
  /** `list_head`s that are made once and never poisoned: one that is empty leads to itself. */
  readonly heads: readonly number[];
  readonly groupLeader: number;
  /** Pointers that are never NULL, and those that are so in kernel threads, or once a task is let go. */
  readonly pointers: readonly number[];
  readonly nullable: readonly number[];
}

/** What has the shape of a task. */
export interface TaskFind {
  /** Where it says that it is: what its own list heads lead to. */
  readonly address: VirtualAddress;
}

/** SLAB_HWCACHE_ALIGN of kernel/fork.c, fork_init: a task begins at a cache line, of 64 bytes on every machine that is read. */
const ALIGNMENT = 64;
/** PID_MAX_LIMIT of include/linux/threads.h. */
const MAXIMUM_PID = 4_194_304;
const COMM_BYTES = 16;
/** No page is smaller, and no part of an address below it is changed by translation. */
const IN_PAGE = 0xfff;
/** Links that lead back to the struct which they are in: a live task has seven at most, of which several are in use. */
const LEAST_OWN_LINKS = 2;

/**
 * Finds tasks by what they cannot do without: a class of the scheduler in the kernel image, numbers in range, a name with
 * its end, pointers of the kernel where it has some, and empty lists that lead to themselves. Whether it lies where it
 * says, only page tables tell.
 */
export const tasks: Scanner<TaskFind, TaskShape> = {
  name: 'tasks',
  module: import.meta.url,
  version: 1,
  overlapBytes: 16384,
  scan(bytes, from, to, report, shape) {
    if (shape === undefined) return;
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
    const end = Math.min(to, bytes.length - shape.bytes + 1);
    const { hi, lo, bytes: imageBytes } = shape.image;
    const isWide = shape.pointerBytes === 8;
    const step = ALIGNMENT >>> 2;
    const first = Math.ceil(from / ALIGNMENT) * step + (shape.schedClass >>> 2);
    const last = (end + shape.schedClass) >>> 2;
    for (let at = first; at < last; at += step) {
      const low = words[at]!;
      // The one test that nearly every place fails; it is all that most of memory costs.
      if ((low - lo) >>> 0 >= imageBytes) continue;
      if (isWide && words[at + 1] !== (low >>> 0 < lo >>> 0 ? (hi + 1) | 0 : hi)) continue;
      const start = (at << 2) - shape.schedClass;
      const address = addressOf(words, start, shape);
      if (address !== undefined) report(start, { address });
    }
  },
};

/** Where the task at `start` says that it is; undefined where it is none. */
function addressOf(words: Int32Array, start: number, shape: TaskShape): VirtualAddress | undefined {
  const at = (offset: number): number => (start + offset) >>> 2;
  const [pid, tgid] = [words[at(shape.pid)]! >>> 0, words[at(shape.tgid)]! >>> 0];
  if (pid > MAXIMUM_PID || tgid > MAXIMUM_PID || (pid === 0) !== (tgid === 0)) return undefined;
  if (!hasEnd(words, at(shape.comm))) return undefined;
  const isPointer = (offset: number): boolean => {
    const index = at(offset);
    return (
      words[index + (shape.pointerBytes === 8 ? 1 : 0)]! >>> 0 >= shape.lowestPointer &&
      (words[index]! & 3) === 0
    );
  };
  const isNull = (offset: number): boolean =>
    words[at(offset)] === 0 && (shape.pointerBytes === 4 || words[at(offset) + 1] === 0);
  if (!shape.pointers.every(isPointer)) return undefined;
  if (!shape.nullable.every((offset) => isNull(offset) || isPointer(offset))) return undefined;
  const own: VirtualAddress[] = [];
  for (const offset of shape.heads) {
    if (!isPointer(offset) || !isPointer(offset + shape.pointerBytes)) return undefined;
    const link = ownLink(words, at(offset), start + offset, shape.pointerBytes);
    if (link !== undefined) own.push(link - BigInt(offset));
  }
  const leader = pointerIn(words, at(shape.groupLeader), shape.pointerBytes);
  return agreed(own, leader);
}

/** Whether the 16 bytes of a name hold its end. */
function hasEnd(words: Int32Array, first: number): boolean {
  for (let index = 0; index < COMM_BYTES / 4; index++) {
    const word = words[first + index]!;
    if (((word - 0x0101_0101) & ~word & 0x8080_8080) !== 0) return true;
  }
  return false;
}

/** What both links of a list head lead to, if that may be the head itself: it lies there in its page. */
function ownLink(
  words: Int32Array,
  index: number,
  place: number,
  pointerBytes: 4 | 8,
): VirtualAddress | undefined {
  const low = words[index]!;
  if ((low & IN_PAGE) !== (place & IN_PAGE)) return undefined;
  const width = pointerBytes >>> 2;
  for (let word = 0; word < width; word++)
    if (words[index + word] !== words[index + width + word]) return undefined;
  return pointerIn(words, index, pointerBytes);
}

const pointerIn = (words: Int32Array, index: number, pointerBytes: 4 | 8): VirtualAddress =>
  fromWords(pointerBytes === 8 ? words[index + 1]! : 0, words[index]!);

/** The address that enough of the links say, of which a leader's pointer to itself is one. */
function agreed(own: readonly VirtualAddress[], leader: VirtualAddress): VirtualAddress | undefined {
  return own.find((address) => {
    const count = own.filter((other) => other === address).length + (leader === address ? 1 : 0);
    return count >= LEAST_OWN_LINKS;
  });
}
