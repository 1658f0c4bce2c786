// Makes texts of the evidence safe to print: every one passes through here before it reaches a terminal, a CSV or a JSON file.
// A process may be named so that it clears the screen, turns the line around or looks like another.

/**
 * What is never printed as itself: controls, format characters (bidirectional overrides, joiners, tags), lone
 * surrogates, private and unassigned code points, every space but the plain one, what is drawn as nothing
 * (fillers, variation selectors, the Braille blank) and the object and replacement characters.
 */
const UNSAFE = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\ufffc\ufffd]/gu;

/** A mark that would sit on what stands before the text, or the fourth on one letter: such piles paint over other lines. */
const STRAY_MARK = /^\p{M}|(?<=\p{M}{3})\p{M}/gu;

/**
 * A backslash of the text itself before what is written for such a character: letters must not pass for it. What stands
 * for the backslash may be meant as well.
 */
const LOOKS_ESCAPED = /\\(?=(?:x5c)*(?:x[01][\da-f]|x7f|u[\da-f]{4}|u\{(?:[1-9a-f]|10)[\da-f]{4}\}))/g;

const PLAIN = /^[\x20-\x5b\x5d-\x7e]*$/;

/**
 * The text with everything that could act on a terminal written as `\x1b`, `\u202e` or `\u{e0041}`. Two texts that differ
 * look different: where the letters `\x1b` are the text's own, they become `\x5cx1b`. So a text is escaped once, by whoever
 * prints it. `\x80` to `\xff` are never written here: they stand for bytes that are no UTF-8 (base/text.ts).
 */
export function escapeText(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(LOOKS_ESCAPED, '\\x5c').replace(UNSAFE, visible).replace(STRAY_MARK, visible);
}

/** JSON text whose strings hold nothing that could act on a terminal. It parses to the same value. */
export function escapeJson(json: string): string {
  if (PLAIN_JSON.test(json)) return json;
  return json.replace(UNSAFE_IN_JSON, units);
}

const PLAIN_JSON = /^[\x20-\x7e]*$/;

/** Line feeds and tabs stay: JSON holds them only between its tokens, strings have them escaped already. */
const UNSAFE_IN_JSON = new RegExp(`(?![\\n\\t])${UNSAFE.source}`, 'gu');

function visible(character: string): string {
  const code = character.codePointAt(0)!;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\u{${code.toString(16)}}`;
}

/** JSON knows only UTF-16 units. */
const units = (character: string): string =>
  Array.from(character.split(''), (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(
    '',
  );
