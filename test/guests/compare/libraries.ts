import type { Cell, Row } from '../../../src/plugin/cell.ts';
import type { ProcessTruth, Truth } from '../truth.ts';
import { type Comparison, type Expected, judge, numberOrNone } from './expect.ts';
import { parseArea } from './maps.ts';
import { linesOf, parseStat, textOf } from './proc.ts';
import { excusesOf, newOfRecorder } from './recorder.ts';

/** What is mapped as code from a file and is a program: libraries by their names, programs, and the linker itself. */
const LIBRARY = /\.so(?:\.[\d.]+)?(?: \(deleted\))?$|^(?:\/usr)?\/s?bin\//;
const LINKER = /\/ld(?:-[^/]*)?\.so[.\d]*$/m;
const OF_C = /\/libc[.-][^/]*$/m;
/** Libraries of inside/libraries.py that no linker lists. */
const UNLISTED = /\/lib-(?:by-hand|taken-off)\.so$/;

export const libraries: Comparison = {
  plugin: 'libraries',
  // Where the caches were dropped before the snapshot, what a file begins with is nowhere: such records have no tree.
  isTold: ({ tree }) => tree !== undefined,
  *expected({ truth }) {
    for (const process of truth.processes) yield* expectedOf(process, truth);
  },
  keyOf: ({ pid, start }) => `${String(pid)} ${String(start)}`,
  labelOf: ({ pid, start, path, library }) =>
    `pid ${String(pid)} ${String(start)} ${String(path)} (${String(library)})`,
  mayBeInvented: newOfRecorder,
  whole: (rows, { truth }) => listOfRecorder(rows, truth),
};

function* expectedOf(process: ProcessTruth, truth: Truth): Generator<Expected> {
  const { pid } = process;
  const exe = process.exe === null ? null : textOf(process.exe);
  const areas = linesOf(process.maps).map((line) => parseArea(process, line));
  const isProgram = ({ path, device }: ReturnType<typeof parseArea>): boolean =>
    path !== null && device !== '00:00' && (LIBRARY.test(path) || path === exe);
  const code = new Set(
    areas.filter((area) => isProgram(area) && area.flags.includes('x')).map(({ path }) => path),
  );
  // Without a dynamic linker nothing is listed, and the program itself needs no list.
  if (!LINKER.test(process.maps ?? '')) return;
  const hasBegun = hasRun(process);
  const seen = new Set<string>();
  for (const area of areas) {
    const { path, start } = area;
    const isKernels = path === '[vdso]';
    if (path === null || seen.has(path) || (!isKernels && !code.has(path)) || (isKernels && !hasBegun))
      continue;
    seen.add(path);
    const isUnlisted = UNLISTED.test(path);
    const isFirst = path === exe && !LINKER.test(path);
    yield {
      key: `${pid} ${start}`,
      label: `pid ${pid} ${start.toString(16)} ${path}`,
      ...excusesOf(pid, truth),
      cells: {
        ...{ pid, name: textOf(parseStat(process.stat).comm), path, start },
        position: isUnlisted || !hasBegun ? null : numberOrNone,
        library: judge(`a name of ${path}`, (cell) =>
          isNameOf(cell, path, isFirst || isUnlisted || !hasBegun, path === exe),
        ),
        bias: judge('where it begins, or 0', (cell) =>
          isUnlisted || !hasBegun ? cell === null : cell === start || cell === 0n,
        ),
        listed: !hasBegun
          ? judge('absent: its linker has not run', (cell) => isIncomplete(cell))
          : !isUnlisted,
        mapped: isKernels ? null : true,
      },
    };
  }
}

/** Whether a program that has a dynamic linker has come further than its first instruction: until then it has no C library. */
export const hasRun = ({ maps }: ProcessTruth): boolean => !LINKER.test(maps ?? '') || OF_C.test(maps ?? '');

const isIncomplete = (cell: Cell): boolean =>
  typeof cell === 'object' && cell !== null && 'absent' in cell && cell.absent === 'walk-incomplete';

/** A library is loaded by the name that programs ask for, which is a link to the file; only a program's own is empty. */
function isNameOf(cell: Cell, path: string, hasNone: boolean, isExe: boolean): boolean {
  if (hasNone) return cell === null;
  if (path === '[vdso]') return cell === 'linux-vdso.so.1' || cell === 'linux-gate.so.1';
  const last = (name: string): string => name.replace(/^.*\//, '').replace(/\.so.*$/, '');
  // A program that was started by naming its linker is the first, and has no name; the linker has that of the command.
  if (LINKER.test(path) && isExe) return typeof cell === 'string';
  return cell === null ? /\/s?bin\//.test(path) : last(String(cell)) === last(path);
}

/** The recorder knows its own list to the letter. */
function* listOfRecorder(rows: readonly Row[], { recorder }: Truth): Generator<string> {
  if (recorder.libraries === undefined) return;
  const listed = rows.filter(({ pid, listed }) => pid === recorder.pid && listed === true);
  const found = listed.map(({ bias, library }) => `${String(bias)} ${String(library ?? '')}`);
  const said = recorder.libraries.map(({ address, name }) => `${address} ${textOf(name)}`);
  if (said.join('\n') !== found.join('\n'))
    yield `the recorder has loaded ${said.join(', ')}, and not ${found.join(', ')}`;
}
