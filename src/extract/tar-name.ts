// Names in an archive: near to those of the evidence, and harmless wherever it is unpacked. None leads out of its folder, acts on
// a terminal, is longer than a file system takes, or is there twice.
import { createHash } from 'node:crypto';

/** NAME_MAX of nearly every file system, in bytes. */
const MOST_BYTES = 255;
/** What is left of a longer one: behind it comes the beginning of its digest. */
const KEPT_LETTERS = 60;
/** Control characters, those that turn the direction of writing or are not seen, halves of characters, and what parts names. */
const ODD = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd/]/gu;

/** One component of a path. Characters that act are spelled: `\x1b`, `\u{202e}`. */
export function tarName(wanted: string): string {
  const spelled = wanted.replace(ODD, spell);
  const name = /^\.{0,2}$/.test(spelled) ? [...spelled].map(spell).join('') || '\\empty' : spelled;
  if (Buffer.byteLength(name) <= MOST_BYTES) return name;
  const digest = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  return `${[...name].slice(0, KEPT_LETTERS).join('')}~${digest}`;
}

function spell(letter: string): string {
  const code = letter.codePointAt(0)!;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** Paths in an archive: each is given once. */
export class TarNames {
  /** Folder → the names in it that are taken; only of the folder at hand, since the files of one come together. */
  #folder: string | undefined;
  readonly #taken = new Map<string, number>();

  /** The path of a name in a folder, with a number behind it where another has it. */
  pathOf(folder: string, wanted: string): string {
    if (folder !== this.#folder) {
      this.#folder = folder;
      this.#taken.clear();
    }
    const name = tarName(wanted);
    let count = this.#taken.get(name) ?? 0;
    let path = name;
    // A name with a number may be some other's own.
    while (count > 0 && this.#taken.has(path)) path = tarName(`${name}~${++count}`);
    this.#taken.set(name, Math.max(count, 1));
    if (path !== name) this.#taken.set(path, 1);
    return `${folder}/${path}`;
  }
}
