// ELF notes of a file that is written: those of the dumper as they are, and VMCOREINFO where it lacks it.
// elf(5): name, content and type, name and content each padded to four bytes.

/** The notes with one that holds VMCOREINFO. */
export function withVmcoreinfo(notes: Uint8Array, text: string | null): Uint8Array {
  if (text === null || hasNote(notes, 'VMCOREINFO')) return notes;
  return Buffer.concat([notes, noteOf('VMCOREINFO', Buffer.from(text, 'latin1'))]);
}

function noteOf(name: string, content: Uint8Array): Uint8Array {
  const nameBytes = (name.length + 4) & ~3;
  const bytes = Buffer.alloc(12 + nameBytes + ((content.length + 3) & ~3));
  bytes.writeUInt32LE(name.length + 1, 0);
  bytes.writeUInt32LE(content.length, 4);
  bytes.write(name, 12, 'latin1');
  bytes.set(content, 12 + nameBytes);
  return bytes;
}

const hasNote = (notes: Uint8Array, name: string): boolean => namesIn(notes).includes(name);

/** How many CPUs the notes tell of. */
export const cpusIn = (notes: Uint8Array): number => namesIn(notes).filter((name) => name === 'CORE').length;

function namesIn(notes: Uint8Array): string[] {
  const bytes = Buffer.from(notes.buffer, notes.byteOffset, notes.length);
  const names: string[] = [];
  for (let at = 0; at + 12 <= bytes.length; ) {
    const [name, content] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
    names.push(bytes.toString('latin1', at + 12, at + 12 + Math.max(0, name - 1)));
    at += 12 + 4 * Math.ceil(name / 4) + 4 * Math.ceil(content / 4);
  }
  return names;
}
