import { BadSnapshot, UnsupportedSnapshot } from '../base/errors.ts';
import type { OpenOptions, SnapshotOrigin } from '../memory/origin.ts';
import { PhysicalMemory } from '../memory/physical.ts';
import { elfCore } from './elf-core.ts';
import { isCoreDump } from './elf-header.ts';
import { type SnapshotBytes, SnapshotFile } from './file.ts';
import { FlattenedFile, isFlattened } from './flattened.ts';
import type { SnapshotContents, SnapshotFormat } from './format.ts';
import { kdump } from './kdump.ts';
import { isAsLongAsRam, knownOther } from './known-others.ts';
import { lime } from './lime.ts';
import { raw } from './raw.ts';

/** Every format, the most telling signature first; `raw` recognises everything and so comes last. */
const formats: readonly SnapshotFormat[] = [kdump, elfCore, lime, raw];

const HEAD_BYTES = 65536;

/** An open snapshot: the file, what holds it, and the memory inside. */
export interface Snapshot {
  readonly file: SnapshotFile;
  readonly format: SnapshotFormat;
  readonly contents: SnapshotContents;
  readonly memory: PhysicalMemory;
  /** How to open the same thing again elsewhere (a worker thread): plain data. */
  readonly origin: SnapshotOrigin;
}

/** Opens a snapshot of any known format, found by content and never by name. @throws SnapshotError */
export function openSnapshot(path: string, options: OpenOptions = {}): Snapshot {
  const file = new SnapshotFile(path);
  try {
    const { format, contents } = readContents(file, options);
    return { file, format, contents, memory: new PhysicalMemory(contents.source), origin: { path, options } };
  } catch (error) {
    file.close();
    throw error;
  }
}

function readContents(file: SnapshotFile, options: OpenOptions): Pick<Snapshot, 'format' | 'contents'> {
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
function readFlattened(file: FlattenedFile, options: OpenOptions): Pick<Snapshot, 'format' | 'contents'> {
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
      notes: [...file.notes, ...contents.notes],
    },
  };
}

const formatOf = (head: Buffer): SnapshotFormat => formats.find((candidate) => candidate.recognises(head))!;

function headOf(file: SnapshotBytes): Buffer {
  const head = Buffer.alloc(Math.min(HEAD_BYTES, file.sizeBytes));
  return head.subarray(0, file.read(0, head));
}
