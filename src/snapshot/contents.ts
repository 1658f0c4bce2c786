// What a file holds, found by its first bytes: the only place that knows all formats.
// A new format is added to its list.
import { BadSnapshot, UnsupportedSnapshot } from '../base/errors.ts';
import type { OpenOptions } from '../memory/origin.ts';
import { elfCore } from './elf-core.ts';
import { isCoreDump } from './elf-header.ts';
import type { SnapshotBytes } from './file.ts';
import { FlattenedFile, isFlattened } from './flattened.ts';
import type { SnapshotContents, SnapshotFormat } from './format.ts';
import { kdump } from './kdump.ts';
import { isAsLongAsRam, knownOther } from './known-others.ts';
import { lime } from './lime.ts';
import { raw } from './raw.ts';

/** Every format, the most telling signature first; `raw` recognises everything and so comes last. */
const formats: readonly SnapshotFormat[] = [kdump, elfCore, lime, raw];

const HEAD_BYTES = 65536;

/** What a file holds, and in which format. */
export interface Contents {
  readonly format: SnapshotFormat;
  readonly contents: SnapshotContents;
}

/** Reads the headers of a file of any known format. @throws SnapshotError */
export function readContents(file: SnapshotBytes, options: OpenOptions): Contents {
  const head = headOf(file);
  if (isFlattened(head)) return readFlattened(new FlattenedFile(file), options);
  // Whoever gives a base address knows that it is memory, even where it happens to begin like something else.
  const isSaid = options.base !== undefined || options.map !== undefined;
  const claimed = formatOf(head);
  const isProgram = claimed === elfCore && !isCoreDump(head);
  const format = isProgram && (isSaid || isAsLongAsRam(file.sizeBytes)) ? raw : claimed;
  const other = format === raw && !isSaid ? knownOther(head, file.sizeBytes) : null;
  if (other !== null) throw new UnsupportedSnapshot(`${file.path} is ${other}`);
  return { format, contents: format.open(file, options) };
}

/** A flattened file stands for another, which says by its own first bytes what it is. */
function readFlattened(file: FlattenedFile, options: OpenOptions): Contents {
  const format = formatOf(headOf(file));
  if (format === raw)
    throw new BadSnapshot(`${file.path} is a flattened file that holds neither kdump nor ELF`);
  const contents = format.open(file, options);
  return {
    format,
    contents: {
      ...contents,
      facts: { ...contents.facts, container: 'flattened' },
      cut: file.cut ?? contents.cut,
      storedEnd: () => file.recordsEnd,
      notes: [...file.notes, ...contents.notes],
    },
  };
}

/** Whether a file that begins so has headers of a format, and is not memory from its first byte on. */
export const isContainer = (head: Buffer): boolean =>
  isFlattened(head) || (formatOf(head) === elfCore ? isCoreDump(head) : formatOf(head) !== raw);

const formatOf = (head: Buffer): SnapshotFormat => formats.find((candidate) => candidate.recognises(head))!;

/** The first bytes of a file, as many as formats are told by. */
function headOf(file: SnapshotBytes): Buffer {
  const head = Buffer.alloc(Math.min(HEAD_BYTES, file.sizeBytes));
  return head.subarray(0, file.read(0, head));
}
