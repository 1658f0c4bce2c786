import { PhysicalMemory } from '../memory/physical.ts';
import { SnapshotFile } from './file.ts';
import type { OpenOptions, SnapshotContents, SnapshotFormat } from './format.ts';
import { raw } from './raw.ts';

/** Every format, the most telling signature first; `raw` recognises everything and so comes last. */
export const formats: readonly SnapshotFormat[] = [raw];

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

/** All that it takes to open a snapshot: survives `postMessage`. */
export interface SnapshotOrigin {
  readonly path: string;
  readonly options: OpenOptions;
}

/** Opens a snapshot of any known format, found by content and never by name. @throws SnapshotError */
export function openSnapshot(path: string, options: OpenOptions = {}): Snapshot {
  const file = new SnapshotFile(path);
  try {
    const head = Buffer.alloc(Math.min(HEAD_BYTES, file.sizeBytes));
    file.read(0, head);
    const format = formats.find((candidate) => candidate.recognises(head))!;
    const contents = format.open(file, options);
    return { file, format, contents, memory: new PhysicalMemory(contents.source), origin: { path, options } };
  } catch (error) {
    file.close();
    throw error;
  }
}
