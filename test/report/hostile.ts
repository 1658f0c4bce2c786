import { Random } from '../support/random.ts';

/** A seeded source of texts that nobody would like to print. */
export class Hostile extends Random {
  text(): string {
    const letters = [
      () => String.fromCharCode(this.below(0x20)),
      () => String.fromCharCode(0x7f + this.below(0x21)),
      () => String.fromCharCode(0x20 + this.below(0x5f)),
      () => String.fromCharCode(this.below(0x10000)),
      () => String.fromCodePoint(this.below(0x110000)),
      () => '\u202e\u2066\u200b\ufeff\u2028\u00ad'.charAt(this.below(6)),
      () => '進程監視器👍e\u0301\u0300\u0302\u0303'.charAt(this.below(14)),
    ];
    return Array.from({ length: this.below(40) }, () => this.pick(letters)()).join('');
  }
}

/** From … to: code points that can act on a terminal or hide in a text. */
const ACTING: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x2069],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xfffd, 0xfffd],
];

/** The letters of `text` that could act on a terminal, besides line feeds. */
export const actingIn = (text: string): string[] =>
  [...text].filter((letter) => {
    const code = letter.codePointAt(0)!;
    return letter !== '\n' && ACTING.some(([first, last]) => code >= first && code <= last);
  });
