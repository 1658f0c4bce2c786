// Unpacks blocks of one length, one zlib stream after the other: what that takes is made once. `inflateSync` makes a stream
// object of Node's for each, which costs three times what unpacking a page does.
import { constants, createInflate, inflateSync } from 'node:zlib';
import { engineOf, type ZlibEngine } from './zlib-engine.ts';

/** Unpacks streams into blocks of one length. */
export class Inflater {
  readonly #engine: ZlibEngine | undefined;
  /** A byte longer than a block: a stream that fills this too is longer than one. */
  readonly #room: Uint8Array;
  /** What of it is the block. */
  readonly #block: Uint8Array;
  #isDamaged = false;

  /** @param blockBytes how long each block is @param engine another than Node's, or none: then `inflateSync` does it */
  constructor(blockBytes: number, engine: ZlibEngine | null = engineOf(createInflate()) ?? null) {
    this.#room = new Uint8Array(blockBytes + 1);
    this.#block = this.#room.subarray(0, blockBytes);
    this.#engine = engine ?? undefined;
    if (engine !== null) engine.handle.onerror = () => (this.#isDamaged = true);
  }

  /** Fills `into`, one block long. @returns whether the stream is whole and unpacks to just that: a bomb is stopped there */
  unpack(packed: Uint8Array, into: Uint8Array): boolean {
    if (this.#engine === undefined) return slowly(packed, into);
    const { handle, left } = this.#engine;
    const room = this.#room;
    this.#isDamaged = false;
    handle.reset();
    handle.writeSync(constants.Z_FINISH, packed, 0, packed.length, room, 0, room.length);
    if (this.#isDamaged || left[0] !== 1) return false;
    into.set(this.#block);
    return true;
  }
}

function slowly(packed: Uint8Array, into: Uint8Array): boolean {
  try {
    const block = inflateSync(packed, { chunkSize: into.length + 64, maxOutputLength: into.length });
    if (block.length !== into.length) return false;
    into.set(block);
    return true;
  } catch {
    return false;
  }
}
