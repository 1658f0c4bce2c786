// The sample's memory with an intruder's changes in it, written as a raw file: page tables, tables and lists that promise
// more than there is. `Forge` changes memory by the kernel's own addresses.

import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import { tasks } from '../../src/kernel/linux/process/processes.ts';
import type { Task } from '../../src/kernel/linux/process/task.ts';
import { openSession, type Session } from '../../src/session/session.ts';

export const PAGE = 4096;
const PRESENT_WRITABLE = 0x63n;
const NO_EXECUTE = 1n << 63n;
/** First entry of the kernel's half that a 4-level kernel without KASLR gaps may leave free. */
const FIRST_KERNEL_ENTRY = 257;

/** Memory to be changed. */
export class Forge {
  readonly kernel: Linux;
  readonly tasks: readonly Task[];
  readonly #session: Session;
  readonly #memory: Buffer;
  #free: readonly number[] | undefined;

  private constructor(session: Session, memory: Buffer) {
    this.#session = session;
    this.#memory = memory;
    this.kernel = session.kernel;
    this.tasks = [...tasks(session.kernel)];
  }

  /** Takes a snapshot's memory, as it is. */
  static of(path: string): Forge {
    const session = openSession(path);
    const { source } = session.snapshot.contents;
    const memory = Buffer.alloc(source.ranges.at(-1)!.end);
    for (const { start, end } of source.ranges) source.read(start, memory.subarray(start, end));
    return new Forge(session, memory);
  }

  /** The process with this number. */
  task(pid: number): Task {
    const found = this.tasks.find((task) => task.pid === pid);
    if (found === undefined) throw new Error(`the sample has no process ${pid}`);
    return found;
  }

  /** Where `member` of a struct is. */
  at(struct: { readonly address: bigint }, type: string, member: string): bigint {
    return struct.address + BigInt(this.kernel.types.offsetOf(type, member));
  }

  /** Writes a word of the kernel's memory. */
  word(address: bigint, value: bigint | number): void {
    this.#memory.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), this.#physical(address));
  }

  /** Writes half a word of the kernel's memory. */
  half(address: bigint, value: number): void {
    this.#memory.writeUInt32LE(value >>> 0, this.#physical(address));
  }

  /** The bytes of free pages that lie side by side, the longest run there is, and where the kernel's direct map has them. */
  room(): { readonly bytes: Buffer; readonly address: bigint } {
    const pages = this.#freePages();
    let [start, length] = [0, 0];
    for (let from = 0, at = 0; at < pages.length; at++) {
      if (at > 0 && pages[at] !== pages[at - 1]! + PAGE) from = at;
      if (at - from + 1 > length) [start, length] = [pages[from]!, at - from + 1];
    }
    return { bytes: this.#memory.subarray(start, start + length * PAGE), address: this.#direct(start) };
  }

  /** An address at which one page stands again and again, `pages` times: at most 512 · 512. @returns it and the page */
  repeated(pages: number): { readonly address: bigint; readonly page: Buffer } {
    const [upper, middle, lower, data] = this.#freePages() as [number, number, number, number];
    const root = this.#session.located.paging.root;
    let entry = FIRST_KERNEL_ENTRY;
    while (this.#memory.readBigUInt64LE(root + 8 * entry) !== 0n) entry++;
    const link = (at: number, to: number, flags = PRESENT_WRITABLE): void =>
      void this.#memory.writeBigUInt64LE(BigInt(to) | flags, at);
    link(root + 8 * entry, upper);
    link(upper, middle);
    for (let at = 0; at < 512; at++) {
      if (at < Math.ceil(pages / 512)) link(middle + 8 * at, lower);
      link(lower + 8 * at, data, PRESENT_WRITABLE | NO_EXECUTE);
    }
    const address = BigInt.asUintN(64, BigInt.asIntN(48, BigInt(entry) << 39n));
    return { address, page: this.#memory.subarray(data, data + PAGE) };
  }

  /** Writes the memory as a raw file; pages of zeros are holes in it. */
  write(path: string): void {
    const file = openSync(path, 'w', 0o600);
    ftruncateSync(file, this.#memory.length);
    for (let at = 0; at < this.#memory.length; at += PAGE) {
      const page = this.#memory.subarray(at, at + PAGE);
      if (!isEmpty(page)) writeSync(file, page, 0, PAGE, at);
    }
    closeSync(file);
  }

  close(): void {
    this.#session.close();
  }

  #physical(address: bigint): number {
    return this.kernel.space.translate(address);
  }

  #direct(physical: number): bigint {
    const { address } = this.task(1);
    return address - BigInt(this.#physical(address)) + BigInt(physical);
  }

  #freePages(): readonly number[] {
    if (this.#free === undefined) {
      const free: number[] = [];
      for (let at = 0x20_0000; at < this.#memory.length; at += PAGE)
        if (isEmpty(this.#memory.subarray(at, at + PAGE))) free.push(at);
      this.#free = free;
    }
    return this.#free;
  }
}

const NOTHING = Buffer.alloc(PAGE);
const isEmpty = (page: Buffer): boolean => page.equals(NOTHING);
