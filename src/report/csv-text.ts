// Fields of CSV (RFC 4180), guarded against spreadsheets that run texts as formulas.
// Texts of the evidence are chosen by whoever was on the machine.

/**
 * What spreadsheets begin a formula with, the full-width forms too: some read them as the plain ones. A text that passes
 * for an absent cell is guarded like one, and so is one that has a `'` before it already: two texts never become one.
 */
const GUARDED = /^'*(?:[=+\-@\t\r＝＋－＠]|absent:)/;
/**
 * What a field is quoted for. A semicolon separates fields where the comma is a decimal point: unquoted, what follows
 * it would begin a field of its own, which nothing guards.
 */
const QUOTED = /[",;\r\n]/;

/** A text that no spreadsheet takes for a formula, and nobody for an absent cell: such a one gets a `'` before it. */
export const guardFormula = (text: string): string => (GUARDED.test(text) ? `'${text}` : text);

/** A field, in quotes where it needs them. */
export const csvField = (text: string): string =>
  QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** A record of fields that are ready to stand in it. */
export const csvLine = (fields: readonly string[]): string => `${fields.join(',')}\r\n`;
