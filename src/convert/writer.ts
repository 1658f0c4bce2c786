// The interface of what writes memory in one format, and the file that it writes to: pages of zeros become holes.
// Headers that depend on what could be read are written last, at their place.
import { PAGE_BYTES } from '../memory/source.ts';

/** Where bytes go. */
export interface Output {
  write(bytes: Uint8Array, at: number): void;
}

/** Writes one format. */
export interface MemoryWriter {
  /** Takes bytes at a physical address, whole pages, each address above those before. Bytes are its own only until it returns. */
  put(at: number, bytes: Uint8Array): void;
  /** Writes what is left. @returns bytes of the file */
  finish(): number;
  /** Bytes that it took and did not write: parts of large pages whose rest could not be read. */
  dropped?(): number;
}

const ZEROS = new Uint8Array(PAGE_BYTES);

/** Whether a page, or less, holds nothing but zeros. */
export const isZero = (bytes: Uint8Array): boolean =>
  bytes[0] === 0 && Buffer.compare(bytes, ZEROS.subarray(0, bytes.length)) === 0;

/** Writes pages one behind the other; of a file that is new the pages of zeros need not be written. */
export function writeSparsely(output: Output, bytes: Uint8Array, at: number): void {
  let from = -1;
  for (let page = 0; page < bytes.length; page += PAGE_BYTES) {
    const isHole = isZero(bytes.subarray(page, page + PAGE_BYTES));
    if (isHole && from >= 0) output.write(bytes.subarray(from, page), at + from);
    if (isHole) from = -1;
    else if (from < 0) from = page;
  }
  if (from >= 0) output.write(bytes.subarray(from), at + from);
}

/** Gathers small things that stand one behind the other. */
export class Appender {
  readonly #output: Output;
  readonly #buffer: Uint8Array;
  #filled = 0;
  #at: number;

  constructor(output: Output, at: number, bufferBytes = 1 << 18) {
    this.#output = output;
    this.#at = at;
    this.#buffer = new Uint8Array(bufferBytes);
  }

  /** Where the next byte will stand. */
  get offset(): number {
    return this.#at + this.#filled;
  }

  append(bytes: Uint8Array): void {
    if (this.#filled + bytes.length > this.#buffer.length) this.flush();
    if (bytes.length > this.#buffer.length) {
      this.#output.write(bytes, this.#at);
      this.#at += bytes.length;
      return;
    }
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  flush(): void {
    if (this.#filled > 0) this.#output.write(this.#buffer.subarray(0, this.#filled), this.#at);
    this.#at += this.#filled;
    this.#filled = 0;
  }
}
