// The build ID in the notes of a kernel image.
// It names the build, as VMCOREINFO does in a snapshot.
import { type ElfImage, SECTION } from './elf-image.ts';

const NT_GNU_BUILD_ID = 3;
const NOTE_HEADER_BYTES = 12;
/** A kernel's notes are 512 bytes. */
const MAXIMUM_NOTES_BYTES = 1 << 20;
const BUILD_ID_BYTES = { least: 8, most: 32 } as const;

/** The GNU build ID in hex that the linker gave to a kernel (`.notes`), or null. */
export function buildIdOf(image: ElfImage): string | null {
  for (const section of image.sections) {
    if (section.type !== SECTION.note || section.sizeBytes > MAXIMUM_NOTES_BYTES) continue;
    const found = buildIdIn(image.bytes(section));
    if (found !== null) return found;
  }
  return null;
}

/** Notes: sizes of name and content, type, then both, padded to four bytes. What makes no sense ends them. */
function buildIdIn(notes: Buffer): string | null {
  let at = 0;
  while (at + NOTE_HEADER_BYTES <= notes.length) {
    const nameBytes = notes.readUInt32LE(at);
    const contentBytes = notes.readUInt32LE(at + 4);
    const content = at + NOTE_HEADER_BYTES + padded(nameBytes);
    const isBuildId =
      notes.readUInt32LE(at + 8) === NT_GNU_BUILD_ID &&
      notes.toString('latin1', at + NOTE_HEADER_BYTES, at + NOTE_HEADER_BYTES + nameBytes) === 'GNU\0' &&
      contentBytes >= BUILD_ID_BYTES.least &&
      contentBytes <= BUILD_ID_BYTES.most &&
      content + contentBytes <= notes.length;
    if (isBuildId) return notes.toString('hex', content, content + contentBytes);
    at = content + padded(contentBytes);
  }
  return null;
}

const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4;
