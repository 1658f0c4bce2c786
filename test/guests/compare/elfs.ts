import { type Comparison, judge, oneOf, someNumber } from './expect.ts';
import { hasRun } from './libraries.ts';
import { parseArea } from './maps.ts';
import { linesOf, parseStat, textOf } from './proc.ts';
import { excusesOf, newOfRecorder } from './recorder.ts';

/** What the guest maps from its beginning that is a program: libraries by their names, programs (the dynamic linker maps one itself), and the vdso. */
const LIBRARY = /\.so(?:\.[\d.]+)?(?: \(deleted\))?$|^(?:\/usr)?\/s?bin\//;

export const elfs: Comparison = {
  plugin: 'elfs',
  // Where the caches were dropped before the snapshot, first pages of files are nowhere: such records have no tree.
  isTold: ({ tree }) => tree !== undefined,
  *expected({ truth }) {
    for (const process of truth.processes) {
      const { pid, exe } = process;
      for (const line of linesOf(process.maps)) {
        const area = parseArea(process, line);
        const { path, start, end } = area;
        const isFiles =
          path !== null && area.offset === 0 && (LIBRARY.test(path) || path === (exe && textOf(exe)));
        if (!isFiles && path !== '[vdso]') continue;
        yield {
          key: `${pid} ${start}`,
          label: `pid ${pid} ${start.toString(16)} ${path}`,
          // What a process never touched has no page in it.
          ...(isFiles || hasRun(process) ? excusesOf(pid, truth) : { mayBeMissing: 'neverRan' }),
          cells: {
            ...{ pid, name: textOf(parseStat(process.stat).comm), start, end, path },
            type: oneOf('shared', 'executable'),
            entry: judge('an address', (cell) => typeof cell === 'bigint'),
            segments: someNumber,
            size: someNumber,
            buildId: judge('hex or nothing', (cell) => cell === null || /^[0-9a-f]+$/.test(String(cell))),
          },
        };
      }
    }
  },
  keyOf: ({ pid, start }) => `${String(pid)} ${String(start)}`,
  labelOf: ({ pid, start, path }) => `pid ${String(pid)} ${(start as bigint).toString(16)} ${String(path)}`,
  mayBeInvented: newOfRecorder,
};
