import type { Row } from '../../../src/plugin/cell.ts';
import type { Truth } from '../truth.ts';
import {
  type Comparison,
  type Expected,
  kernelAddress,
  numberOrNone,
  someText,
  textOrNone,
} from './expect.ts';
import { linesOf, textOf } from './proc.ts';

export const locks: Comparison = {
  plugin: 'locks',
  isTold: ({ system }) => typeof system.locks === 'string',
  *expected({ truth }) {
    let held: string[] = [];
    for (const line of linesOf(truth.system.locks ?? '')) {
      const [, depth = '', rest = ''] = /^\d+: ( *)(?:-> )?(.*)$/.exec(line)!;
      const isWaiting = line.includes('-> ');
      const words = rest.split(/ +/);
      if (!isWaiting) held = words;
      yield expectedLock(words, isWaiting, depth.length > 0 ? undefined : held, held, truth);
    }
  },
  keyOf: ({ kind, mode, inode, start, end, waits, pid }) =>
    keyOf(kind, mode, inode, start, end, waits, kind === 'OFDLCK' ? -1 : pid),
  labelOf,
  // Older kernels tell of whom waits for a lock that is held, and of nobody who waits for these.
  mayBeInvented: ({ waits, waitsFor }, { truth }) =>
    waits === true && !pidsOf(truth, false).has(Number(waitsFor)) && pidsOf(truth, true).has(Number(waitsFor))
      ? 'waiterOfWaiter'
      : undefined,
};

const keyOf = (...parts: readonly unknown[]): string => parts.map(String).join(' ');

function labelOf({ kind, mode, path, pid }: Row): string {
  return `${String(kind)} ${String(mode)} of pid ${String(pid)} on ${JSON.stringify(path)}`;
}

/** The processes that have locks, or that wait for one that is held. */
const pidsOf = ({ system }: Truth, areWaiting: boolean): Set<number> =>
  new Set(
    linesOf(system.locks ?? '')
      .filter((line) => line.includes('-> ') === areWaiting)
      .map((line) => Number(/(?:READ|WRITE|UNLCK) (-?\d+) /.exec(line)![1])),
  );

/** `POSIX ADVISORY WRITE pid major:minor:inode start end`. @param blocker the lock that it waits for, where the line tells */
function expectedLock(
  [kind = '', status = '', mode = '', pid = '', place = '', start = '', end = '']: readonly string[],
  waits: boolean,
  blocker: readonly string[] | undefined,
  held: readonly string[],
  truth: Truth,
): Expected {
  // Whoever breaks a lease has not opened the file yet: the kernel prints none.
  const [major, minor, inode] = (place.startsWith('<none>') ? held[4]! : place).split(':');
  const name = truth.processes.find((process) => process.pid === Number(pid))?.comm.replace(/\n$/, '');
  const to = end === 'EOF' ? null : Number(end);
  return {
    key: keyOf(kind, mode, Number(inode), Number(start), to, waits, Number(pid)),
    label: `${kind} ${mode} of pid ${pid} on ${place}`,
    cells: {
      // A lock of an open file is nobody's for /proc, and who made it the kernel knows.
      pid: kind === 'OFDLCK' ? numberOrNone : Number(pid),
      process: kind === 'OFDLCK' ? textOrNone : name === undefined ? null : textOf(name),
      kind,
      mode,
      lease: kind === 'LEASE' ? status.toLowerCase() : null,
      path:
        pathOf(truth, `${Number.parseInt(major!, 16)}:${Number.parseInt(minor!, 16)}:${inode}`) ?? someText,
      device: `${major}:${minor}`,
      inode: Number(inode),
      start: Number(start),
      end: to,
      waits,
      waitsFor: waits ? (blocker === undefined ? numberOrNone : Number(blocker[3])) : null,
      blocker: waits ? kernelAddress(truth, 8n) : null,
      address: kernelAddress(truth, 8n),
      views: waits ? 'waiting' : tellsOfVariables(truth) ? 'list,inode' : 'inode',
    },
  };
}

/** Whether the kernel lists its variables, or a profile made elsewhere does. */
const tellsOfVariables = ({ system }: Truth): boolean =>
  system.symbols['init_net'] !== undefined || system.uname[4] === 'i686';

/** By the descriptors that lead to it: `major:minor:inode`. */
function pathOf({ processes }: Truth, place: string): string | undefined {
  for (const { files } of processes)
    for (const { link, stat } of files) {
      if (stat === null) continue;
      const [major, minor] = [(stat.dev >>> 8) & 0xfff, (stat.dev & 0xff) | ((stat.dev >>> 12) & 0xfff00)];
      if (`${major}:${minor}:${stat.ino}` === place) return textOf(link);
    }
  return undefined;
}
