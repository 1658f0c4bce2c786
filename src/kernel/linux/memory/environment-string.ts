// One string of a process's environment: a name, and mostly a value (fs/proc/base.c, environ_read).
// Both are decoded once, however many tasks share it.
import { EvidenceFault } from '../../../base/errors.ts';
import { decodeText } from '../../../base/text.ts';

const EQUALS = 0x3d;

/** One string of an environment, or the reason why a stretch of it cannot be read. */
export class EnvironmentString {
  readonly #content: Uint8Array | EvidenceFault;
  #name: string | undefined;
  #value: string | null | undefined;

  constructor(content: Uint8Array | EvidenceFault) {
    this.#content = content;
  }

  /** What stands before the first `=`; all of it where there is none. @throws EvidenceFault */
  get name(): string {
    this.#name ??= decodeText(this.#bytes.subarray(0, this.#equals ?? this.#bytes.length));
    return this.#name;
  }

  /** What stands behind the first `=`; null where there is none. @throws EvidenceFault */
  get value(): string | null {
    if (this.#value === undefined) {
      const at = this.#equals;
      this.#value = at === undefined ? null : decodeText(this.#bytes.subarray(at + 1));
    }
    return this.#value;
  }

  /** How much there is of it to remember, in letters: a byte may take four. */
  get letters(): number {
    return this.#content instanceof EvidenceFault ? 0 : 4 * this.#content.length;
  }

  get #bytes(): Uint8Array {
    if (this.#content instanceof EvidenceFault) throw this.#content;
    return this.#content;
  }

  get #equals(): number | undefined {
    const at = this.#bytes.indexOf(EQUALS);
    return at < 0 ? undefined : at;
  }
}
