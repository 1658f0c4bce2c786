// The key of a snapshot file: what tells one state of the file from every other.
// A file that is still being written has none, and nothing is remembered of it.
import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { whyMoving } from './moving.ts';

/** What tells one state of a snapshot file from every other, without reading the whole. */
export interface SnapshotKey {
  readonly device: string;
  readonly inode: string;
  readonly sizeBytes: number;
  /** Nanoseconds since 1970, decimal. */
  readonly modified: string;
  /** Nanoseconds since 1970, decimal: set by the system, so that `touch` cannot hide a change. */
  readonly changed: string;
  /** SHA-256 of the header and of pages spread over the file, hex. */
  readonly digest: string;
}

const HEADER_BYTES = 65536;
const PROBE_BYTES = 4096;
/** Pages looked at besides the header: enough to notice another dump in the same place, cheap on any disk. */
const PROBES = 15;
/** A file changed less than this ago may still be being written: no answer about it is remembered. */
const SETTLING_NANOSECONDS = 2_000_000_000n;

/**
 * The key of a snapshot as it is now, or null where none can be relied on (still being written, or written unseen): then
 * nothing is remembered.
 *
 * @param path the file that was asked for
 * @param pieces the files that are read as one with it, in order; none where it is by itself
 */
export function keyOf(
  path: string,
  nowMs: number = Date.now(),
  pieces: readonly string[] = [],
): SnapshotKey | null {
  const now = BigInt(nowMs) * 1_000_000n;
  const files = pieces.length === 0 ? [path] : pieces;
  return keyed(
    path,
    files,
    ({ changed }) =>
      now - BigInt(changed) >= SETTLING_NANOSECONDS &&
      whyMoving(files, Number(BigInt(changed) / 1_000_000n), nowMs) === undefined,
  );
}

/** The key of a snapshot of which others know whether it changes. */
export const keyOfSettled = (path: string, pieces: readonly string[] = []): SnapshotKey | null =>
  keyed(path, pieces.length === 0 ? [path] : pieces, () => true);

/** What of a key the system tells without the file being opened. */
export type KeyState = Omit<SnapshotKey, 'digest'>;

/**
 * The state of several files that are read as one: it changes with the state of any. The file that was asked for gives
 * its name to it, since what is read as one may turn out to be several snapshots.
 *
 * @param states of all of the files, in order
 */
export function joinedState(asked: KeyState, states: readonly KeyState[]): KeyState {
  const hash = createHash('sha256');
  for (const { device, inode, sizeBytes, modified, changed } of states)
    hash.update(`${device} ${inode} ${sizeBytes} ${modified} ${changed}\n`);
  const latest = (part: 'modified' | 'changed'): string =>
    String(states.reduce((most, state) => (BigInt(state[part]) > most ? BigInt(state[part]) : most), 0n));
  return {
    device: asked.device,
    inode: `${asked.inode}+${hash.digest('hex').slice(0, 32)}`,
    sizeBytes: states.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    modified: latest('modified'),
    changed: latest('changed'),
  };
}

/** @param isReliable whether the times of the files tell what they should */
function keyed(
  path: string,
  files: readonly string[],
  isReliable: (state: KeyState) => boolean,
): SnapshotKey | null {
  try {
    if (files.length === 1 && files[0] === path)
      return opened(path, (fd, state) =>
        isReliable(state) ? { ...state, digest: digestOf([{ sizeBytes: state.sizeBytes, fd }]) } : null,
      );
    const states = files.map((file) => stateFrom(statSync(file, { bigint: true })));
    const state = joinedState(states[files.indexOf(path)] ?? states[0]!, states);
    if (!isReliable(state)) return null;
    return { ...state, digest: digestOf(files.map((file, nth) => ({ path: file, ...states[nth]! }))) };
  } catch {
    return null; // whoever opens the snapshot says why; a file that cannot be read has no answer to remember
  }
}

/** @throws what the system says */
function opened<T>(path: string, use: (fd: number, state: KeyState) => T): T | null {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe would wait for a writer
  try {
    const stat = fstatSync(fd, { bigint: true });
    return stat.isFile() ? use(fd, stateFrom(stat)) : null;
  } finally {
    closeSync(fd);
  }
}

const stateFrom = (stat: BigIntStats): KeyState => ({
  device: String(stat.dev),
  inode: String(stat.ino),
  sizeBytes: Number(stat.size),
  modified: String(stat.mtimeNs),
  changed: String(stat.ctimeNs),
});

/** A file whose content is looked at: open already, or by its name. */
type Looked = { readonly sizeBytes: number } & ({ readonly fd: number } | { readonly path: string });

/** The header and pages spread over the files, one behind the other: of ten thousand pieces few are opened. */
function digestOf(files: readonly Looked[]): string {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(HEADER_BYTES);
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  let index = 0;
  let before = 0;
  const add = (offset: number, length: number): void => {
    while (index < files.length - 1 && offset >= before + files[index]!.sizeBytes)
      before += files[index++]!.sizeBytes;
    const file = files[index]!;
    const read = (fd: number): unknown =>
      hash.update(buffer.subarray(0, readSync(fd, buffer, 0, length, offset - before)));
    if ('fd' in file) read(file.fd);
    else opened(file.path, read);
  };
  add(0, HEADER_BYTES);
  for (let probe = 1; probe <= PROBES; probe++) {
    const at = Math.floor((sizeBytes * probe) / (PROBES + 1) / PROBE_BYTES) * PROBE_BYTES;
    if (at >= HEADER_BYTES) add(at, PROBE_BYTES);
  }
  return hash.digest('hex');
}

/** True where both are of one state of one file. */
export const isSameKey = (a: SnapshotKey, b: SnapshotKey): boolean =>
  (Object.keys(a) as (keyof SnapshotKey)[]).every((part) => a[part] === b[part]);
