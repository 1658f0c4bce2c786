// Packs blocks of one length, one zlib stream after the other: what that takes is made once. `deflateSync` makes a stream
// object of Node's for each, which costs several times what packing a page does.
import { constants, createDeflate, deflateSync } from 'node:zlib';
import { engineOf, type ZlibEngine } from '../snapshot/zlib-engine.ts';

/** As QEMU and makedumpfile pack pages. */
const SETTINGS = { level: 1 };

/** Packs blocks of one length. */
export class Deflater {
  readonly #engine: ZlibEngine | undefined;
  readonly #room: Uint8Array;
  #failed = false;

  /** @param engine Node's own, or none: then `deflateSync` does it */
  constructor(blockBytes: number, engine: ZlibEngine | null = engineOf(createDeflate(SETTINGS)) ?? null) {
    this.#room = new Uint8Array(blockBytes);
    this.#engine = engine ?? undefined;
    if (this.#engine !== undefined) this.#engine.handle.onerror = () => (this.#failed = true);
  }

  /** The block as a stream, its own until the next call; null where that is no shorter than the block. */
  pack(block: Uint8Array): Uint8Array | null {
    if (this.#engine === undefined) {
      const packed = deflateSync(block, SETTINGS);
      return packed.length < block.length ? packed : null;
    }
    const { handle, left } = this.#engine;
    const room = this.#room;
    this.#failed = false;
    handle.reset();
    handle.writeSync(constants.Z_FINISH, block, 0, block.length, room, 0, room.length);
    const [roomLeft = 0, unread = 0] = left;
    if (this.#failed || unread > 0 || roomLeft === 0) return null;
    return room.subarray(0, room.length - roomLeft);
  }
}
