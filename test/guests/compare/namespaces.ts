import type { ProcessTruth, Truth } from '../truth.ts';
import { type Comparison, type Expected, judge, numberOrNone, someNumber } from './expect.ts';
import { parseStat, textOf } from './proc.ts';

export const namespaces: Comparison = {
  plugin: 'namespaces',
  *expected({ truth }) {
    const members = new Map<string, ProcessTruth[]>();
    for (const process of truth.processes) {
      for (const [name, link] of Object.entries(process.namespaces)) {
        if (link === null || name.endsWith('_for_children')) continue;
        const group = members.get(link);
        if (group === undefined) members.set(link, [process]);
        else group.push(process);
      }
    }
    for (const [link, of] of members) yield expectedNamespace(link, of, truth);
  },
  keyOf: ({ type, inode }) => `${String(type)}:[${String(inode)}]`,
  labelOf: ({ type, inode }) => `${String(type)}:[${String(inode)}]`,
  // The kernel's thread for devices has mounts of its own, and older records have no namespaces of kernel threads.
  mayBeInvented: ({ processes, name }) =>
    processes === 0 || name === 'kdevtmpfs' ? 'outerNamespace' : undefined,
};

function expectedNamespace(link: string, members: readonly ProcessTruth[], truth: Truth): Expected {
  const [type, number] = /^(\w+):\[(\d+)\]$/.exec(link)!.slice(1) as [string, string];
  const first = members.reduce((lowest, process) => (process.pid < lowest.pid ? process : lowest));
  const isInitial = first.pid === 1;
  // Zombies have left all but those of users; kernel threads are all in the first ones.
  const most = isInitial ? truth.processes.length + 3 : members.length;
  return {
    key: link,
    label: link,
    cells: {
      type,
      inode: Number(number),
      processes: judge(
        `${members.length} to ${most}`,
        (cell) => Number(cell) >= members.length - 1 && Number(cell) <= most + 1,
      ),
      pid: first.pid,
      name: textOf(parseStat(first.stat).comm),
      owner: numberOrNone,
      creator: someNumber,
      parent: numberOrNone,
      nodeName:
        type !== 'uts'
          ? null
          : isInitial
            ? truth.system.hostname
            : judge('a name', (cell) => typeof cell === 'string'),
      structAddress: judge(
        'an address of the kernel',
        (cell) => typeof cell === 'bigint' && cell % 4n === 0n && cell > 0xc0000000n,
      ),
    },
  };
}
