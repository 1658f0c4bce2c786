// File names for snapshots: the machine's name and the moment, made safe.
// Machine names come from the host and may hold any character.

/** File names may have 255 bytes: enough is left for the time, the format and what a temporary name adds. */
const NAME_BYTES = 180;

/** What letters, digits and the three harmless marks are not. */
const NOT_IN_NAMES = /[^\p{L}\p{M}\p{N}._-]+/gu;

/** A machine's name as part of a file's name: it can leave no folder, hide no file and look like no flag. */
export function fileNameOf(machine: string): string {
  const plain = machine
    .normalize('NFC')
    .replace(NOT_IN_NAMES, '_')
    .replace(/^[.-]+/, '_');
  let name = '';
  for (const character of plain) {
    if (Buffer.byteLength(name + character) > NAME_BYTES) break;
    name += character;
  }
  return name === '' ? 'guest' : name;
}

/** The moment as part of a file's name, in universal time and without the marks that some systems refuse. */
export const momentOf = (date: Date): string =>
  date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
