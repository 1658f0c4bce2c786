import type { FileTruth, ProcessTruth } from '../truth.ts';
import {
  type Comparison,
  type Expectation,
  type Expected,
  judge,
  numberOrNone,
  textOrNone,
} from './expect.ts';
import { deviceOf } from './files.ts';
import { mappingsOf } from './maps.ts';
import { textOf } from './proc.ts';
import { excusesOf, newOfRecorder } from './recorder.ts';

/** What the kernel says of a name that is gone. */
const GONE = ' (deleted)';
/** Files that the workload gave such names, and that are there: nothing but their names says so. */
const CALLED_SO = ['/tmp/files/name (deleted)', '/tmp/.x/odd (deleted)'];

const isGone = (path: string): boolean => path.endsWith(GONE) && !CALLED_SO.includes(path);

export const deleted: Comparison = {
  plugin: 'deleted',
  *expected({ truth }) {
    for (const process of truth.processes)
      for (const held of heldBy(process))
        yield { ...expectedHeld(process, held), ...excusesOf(process.pid, truth) };
  },
  keyOf: ({ pid, how, fd, path }) => keyOf(pid, how, fd, path),
  labelOf: ({ pid, how, path }) => `pid ${String(pid)} ${String(how)} ${JSON.stringify(path)}`,
  mayBeInvented: newOfRecorder,
};

const keyOf = (...parts: readonly unknown[]): string => parts.map(String).join(' ');

interface Held {
  readonly how: string;
  readonly path: string;
  readonly file?: FileTruth;
  readonly start?: bigint;
  readonly device?: string;
  readonly inode?: number;
}

/** All that the process has whose name is gone; of what is mapped in pieces the first. */
function* heldBy(process: ProcessTruth): Generator<Held> {
  for (const how of ['exe', 'cwd', 'root'] as const) {
    const path = textOf(process[how] ?? '');
    if (isGone(path)) yield { how, path };
  }
  for (const file of process.files) {
    const path = textOf(file.link);
    if (isGone(path)) yield { how: 'fd', path, file };
  }
  const seen = new Set<string>();
  for (const { path, start, device, inode } of mappingsOf(process)) {
    const key = `${device} ${inode}`;
    if (path === null || !isGone(path) || seen.has(key)) continue;
    seen.add(key);
    yield { how: 'map', path, start, device, inode };
  }
}

function expectedHeld(
  { pid, comm }: ProcessTruth,
  { how, path, file, start, device, inode }: Held,
): Expected {
  const stat = file?.stat ?? null;
  const of = <T extends Expectation>(value: T | undefined, otherwise: Expectation): Expectation =>
    value ?? otherwise;
  return {
    key: keyOf(pid, how, file?.fd ?? null, path),
    label: `pid ${pid} ${how} ${JSON.stringify(path)}`,
    cells: {
      pid,
      process: textOf(comm.replace(/\n$/, '')),
      how,
      fd: file?.fd ?? null,
      address: start ?? null,
      path,
      type: textOrNone,
      fileSystem: textOrNone,
      device: of(device ?? (stat === null ? undefined : deviceOf(stat.dev)), textOrNone),
      inode: of(inode ?? stat?.ino, numberOrNone),
      size: of(stat?.size, numberOrNone),
      links: of(stat?.nlink, numberOrNone),
      cachedPages: judge('a number', (cell) => typeof cell === 'number'),
    },
  };
}
