import type { ProcessTruth } from '../truth.ts';
import { type Comparison, judge, textOrNone } from './expect.ts';
import { parseArea } from './maps.ts';
import { linesOf, parseStat, textOf } from './proc.ts';
import { excusesOf, newOfRecorder } from './recorder.ts';

/** Mappings of the kernel's own that are executable. */
const KERNELS = /^\[(?:vdso|vsyscall|vectors|sigpage|uprobes)\]$/;

export const malfind: Comparison = {
  plugin: 'malfind',
  // What /proc/PID/maps tells: no program of the guest changes its text, or loads one into memory of its own.
  *expected({ truth }) {
    for (const process of truth.processes) {
      const { pid } = process;
      for (const line of linesOf(process.maps)) {
        const area = parseArea(process, line);
        const why = whyOf(area);
        if (why === '') continue;
        yield {
          key: `${pid} ${area.start}`,
          label: `pid ${pid} ${area.start.toString(16)}`,
          ...excusesOf(pid, truth),
          cells: {
            ...{ pid, name: nameOf(process), start: area.start, end: area.end },
            ...{ flags: area.flags, path: area.path, why, changed: null },
            where: judge(
              'in the mapping, or nothing',
              (cell) => cell === null || (typeof cell === 'bigint' && cell >= area.start && cell < area.end),
            ),
            hexdump: textOrNone,
            disassembly: textOrNone,
          },
        };
      }
    }
  },
  keyOf: ({ pid, start }) => `${String(pid)} ${String(start)}`,
  labelOf: ({ pid, name, start, why }) =>
    `pid ${String(pid)} (${String(name)}) ${(start as bigint).toString(16)} ${String(why)}`,
  mayBeInvented: newOfRecorder,
  *whole(rows, { truth }) {
    const planted = truth.workload.parts['maps'];
    // inside/workload.py, kinds_of_maps: sixteen returns in a page that is writable and executable.
    const returns = rows.find(
      ({ pid, why, hexdump }) =>
        pid === planted && why === 'writable,anonymous' && /^(?:c3 ){16}/.test(String(hexdump)),
    );
    if (planted !== undefined && returns === undefined) yield 'the planted code is not found';
    if (
      returns !== undefined &&
      truth.system.uname[4] !== 'aarch64' &&
      !/^(?:ret; ){11}ret$/.test(String(returns['disassembly']))
    )
      yield `the planted code is read as ${String(returns['disassembly'])}`;
  },
};

const nameOf = ({ stat }: ProcessTruth): string => textOf(parseStat(stat).comm);

function whyOf({ flags, inode, path }: ReturnType<typeof parseArea>): string {
  if (!flags.includes('x')) return '';
  const isAnonymous = inode === 0 && !KERNELS.test(path ?? '');
  return [...(flags.includes('w') ? ['writable'] : []), ...(isAnonymous ? ['anonymous'] : [])].join(',');
}
