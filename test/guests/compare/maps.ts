import type { ProcessTruth } from '../truth.ts';
import type { Comparison, Expected } from './expect.ts';
import { linesOf, textOf } from './proc.ts';
import { excusesOf, newOfRecorder } from './recorder.ts';

export const maps: Comparison = {
  plugin: 'maps',
  ordered: true,
  *expected({ truth }) {
    for (const process of truth.processes) {
      const excuses = excusesOf(process.pid, truth);
      for (const line of linesOf(process.maps)) yield { ...expectedArea(process, line), ...excuses };
    }
  },
  keyOf: ({ pid, start }) => `${String(pid)} ${String(start)}`,
  labelOf: ({ pid, start, path }) =>
    `pid ${String(pid)} ${(start as bigint).toString(16)} ${JSON.stringify(path)}`,
  mayBeInvented: newOfRecorder,
};

/** `start-end flags offset device inode   path`: of the path, newlines alone are escaped. */
const LINE = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) (\S+) (\d+) *(.*)$/;

function expectedArea(process: ProcessTruth, line: string): Expected {
  const { pid } = process;
  const area = parseArea(process, line);
  return {
    key: `${pid} ${area.start}`,
    label: `pid ${pid} ${area.start.toString(16)}`,
    cells: { pid, ...area },
  };
}

export function parseArea({ pid }: ProcessTruth, line: string) {
  const [, start, end, flags, offset, device, inode, path] = LINE.exec(line) ?? [];
  if (start === undefined) throw new Error(`/proc/${pid}/maps has a line that is none: ${line}`);
  return {
    start: BigInt(`0x${start}`),
    end: BigInt(`0x${end}`),
    flags: flags!,
    offset: Number(`0x${offset}`),
    device: device!,
    inode: Number(inode),
    path: path === '' ? null : textOf(path!.replaceAll('\\012', '\n')),
  };
}

/** All areas of a process. */
export const mappingsOf = (process: ProcessTruth) =>
  linesOf(process.maps).map((line) => parseArea(process, line));

/** The area of a process in which an address is; undefined where there is none. */
export const areaAt = (process: ProcessTruth, address: bigint) =>
  mappingsOf(process).find(({ start, end }) => address >= start && address < end);
