// The memory of the shipped sample, to be changed as rootkits change a kernel: pointers replaced, structs linked in.
// What is written lasts until `mend`; each question then has a fresh view.
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import { modules } from '../../src/kernel/linux/module/module.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { startSession } from '../../src/session/session.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { Overlay } from './overlay.ts';

const PAGE = 4096;
/** An address in the part of memory where modules lie, in none of them. */
export const NOBODYS = 0xffff_ffff_c0ff_e000n;

export class PlantedKernel {
  readonly overlay: Overlay;
  readonly #snapshot: Snapshot;
  readonly #profile: Profile;
  /** Where the next struct is drawn, in a page that the guest does not use. */
  #free: bigint;

  constructor(path = 'samples/web-1/after.kdump') {
    this.#snapshot = openSnapshot(path);
    this.overlay = new Overlay(this.#snapshot.contents.source);
    this.#profile = startSession({ ...this.#snapshot, memory: this.overlay.memory() }).profile;
    this.#free = this.#unused();
  }

  /** The kernel as memory is now. */
  get linux(): Linux {
    return startSession({ ...this.#snapshot, memory: this.overlay.memory() }, { profile: this.#profile })
      .kernel;
  }

  /** Overwrites bytes of the kernel's. */
  write(address: bigint, bytes: Uint8Array): void {
    const { space } = this.linux;
    for (const [nth, byte] of bytes.entries()) {
      const at = Number(space.translate(address + BigInt(nth)));
      const page = this.overlay.page(at - (at % PAGE));
      page[at % PAGE] = byte;
      this.overlay.damage(at - (at % PAGE), page);
    }
  }

  put(address: bigint, value: bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
    this.write(address, bytes);
  }

  /** Draws a struct of so many bytes, with words at some of its members. @returns where it is */
  draw(bytes: number, words: Readonly<Record<number, bigint>>): bigint {
    const address = this.#free;
    this.#free += BigInt((bytes + 63) & ~63);
    for (const [offset, value] of Object.entries(words)) this.put(address + BigInt(offset), value);
    return address;
  }

  /** Takes a page away that an address of the kernel's is on. */
  lose(address: bigint): void {
    const at = Number(this.linux.space.translate(address));
    this.overlay.damage(at - (at % PAGE), null);
  }

  /** Writes the memory as it is now into a raw file. */
  writeRaw(path: string): void {
    const file = openSync(path, 'w', 0o600);
    try {
      for (const { start, end } of this.#snapshot.memory.ranges)
        for (let at: number = start; at < end; at += PAGE)
          writeSync(file, this.overlay.page(at), 0, PAGE, at);
    } finally {
      closeSync(file);
    }
  }

  mend(): void {
    this.overlay.mend();
    this.#free = this.#unused();
  }

  /** Where the code of a module is that the guest has loaded. */
  codeOf(name: string): bigint {
    return [...modules(this.linux)].find((module) => module.name === name)!.base;
  }

  /** Takes a module off the kernel's list, as list_del does. */
  unlist(name: string): void {
    const kernel = this.linux;
    const { list } = [...modules(kernel)].find((module) => module.name === name)!.raw;
    const [next, before] = [kernel.pointerAt(list), kernel.pointerAt(list + 8n)];
    this.put(before, next);
    this.put(next + 8n, before);
  }

  /** The last pages of the buffer that the kernel decompresses its start into are empty: the sample's page of nothing but zeros below 1 MiB. */
  #unused(): bigint {
    const kernel = this.linux;
    const base = kernel.pointerOf('page_offset_base');
    for (let at = 0x1_0000; at < 0x9_0000; at += PAGE)
      if (this.overlay.page(at).every((byte) => byte === 0)) return base + BigInt(at);
    throw new Error('the sample has no page that nobody uses');
  }
}
