// What drives zlib in Node, below its streams (lib/zlib.js and src/node_zlib.cc of Node 12 to 24). A stream object for each page of
// memory costs several times what packing or unpacking the page does: this is made once, and used for one page after the other.
import type { Deflate, Inflate } from 'node:zlib';

/** Works from `bytes` into `into`, and calls `onerror` where a stream is damaged or ends early. */
interface Handle {
  onerror: (message: string) => void;
  reset(): void;
  writeSync(
    flush: number,
    bytes: Uint8Array,
    from: number,
    length: number,
    into: Uint8Array,
    at: number,
    room: number,
  ): void;
}

/** A handle, and what it leaves behind: bytes of room that are left, and bytes that were not read. */
export interface ZlibEngine {
  readonly handle: Handle;
  readonly left: Uint32Array;
}

/** The inside of a stream of Node's; undefined where that is not as we know it. */
export function engineOf(stream: Deflate | Inflate): ZlibEngine | undefined {
  const { _handle, _writeState } = stream as unknown as {
    readonly _handle?: Partial<Handle>;
    readonly _writeState?: unknown;
  };
  const isKnown = typeof _handle?.writeSync === 'function' && typeof _handle.reset === 'function';
  return isKnown && _writeState instanceof Uint32Array
    ? { handle: _handle as Handle, left: _writeState }
    : undefined;
}
