// Names of files that are made of names from evidence: none of them leaves its folder, hides, or is a device of some system.
// What an intruder calls a process or a file is his to choose.

/** Longest name in bytes: file systems take 255, and an ending comes behind. */
const MOST_LETTERS = 200;
/** Names that Windows takes for devices, whatever their ending: a folder of evidence travels. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$|clock\$)(?:\.|$)/i;

/** A name of letters, digits, dots, hyphens and underscores that is near to `wanted`. */
export function safeName(wanted: string): string {
  const plain = wanted
    .slice(0, 4 * MOST_LETTERS)
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/\.{2,}/g, '.')
    .replace(/^[.-]+/, '_')
    .slice(0, MOST_LETTERS)
    // Windows leaves a dot at the end out.
    .replace(/\.+$/, '');
  if (plain === '') return 'artefact';
  return DEVICE.test(plain) ? `_${plain}` : plain;
}

/** The name, or with a number behind it where it is taken already, in letters of either case. The name is taken from now on. */
export function freeName(wanted: string, taken: Set<string>): string {
  const name = safeName(wanted);
  for (let nth = 1; ; nth++) {
    const tried = nth === 1 ? name : `${name}.${nth}`;
    if (taken.has(tried.toLowerCase())) continue;
    taken.add(tried.toLowerCase());
    return tried;
  }
}
