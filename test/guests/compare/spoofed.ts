import { judgeNames } from '../../../src/kernel/linux/process/name-claims.ts';
import type { ProcessTruth } from '../truth.ts';
import { type Comparison, judge } from './expect.ts';
import { parseStat, statusOf, textOf } from './proc.ts';
import { excusesOf, newOfRecorder } from './recorder.ts';

/** Whether parts of the workload are spoofed (inside/workload.py), by hand. */
const PARTS: Readonly<Record<string, boolean>> = {
  'deleted-exe': true,
  'memfd-exe': true,
  'loader-exe': false,
  title: true, // `server: idle`, run by Python and called otherwise
  shell: false,
  files: false,
};

export const spoofed: Comparison = {
  plugin: 'spoofed',
  *expected({ truth }) {
    for (const process of truth.processes) {
      const { pid } = process;
      const stat = parseStat(process.stat);
      if (stat.isKernelThread || statusOf(process, 'VmRSS') === undefined) continue;
      const names = namesOf(process);
      const verdict = judgeNames(names);
      if (verdict.disagree.length === 0 && !verdict.isLikeKernels) continue;
      const part = Object.keys(PARTS).find((name) => truth.workload.parts[name] === pid);
      yield {
        key: String(pid),
        label: `pid ${pid} (${names.name})`,
        ...excusesOf(pid, truth),
        cells: {
          ...{ pid, ppid: stat.ppid, uid: Number(statusOf(process, 'Uid')![0]) },
          ...{ name: names.name, argv0: names.args[0] ?? null, exe: names.exe ?? null },
          ...{ disagree: verdict.disagree.join(','), explained: verdict.explanation },
          kernelLike: verdict.isLikeKernels,
          spoofed:
            part === undefined ? verdict.isSpoofed : judge(`what ${part} is`, (cell) => cell === PARTS[part]),
        },
      };
    }
  },
  keyOf: ({ pid }) => String(pid),
  labelOf: ({ pid, name }) => `pid ${String(pid)} (${String(name)})`,
  mayBeInvented: newOfRecorder,
  *whole(rows, { truth }) {
    for (const part of Object.keys(PARTS))
      if (part in truth.workload.parts && !rows.some(({ pid }) => pid === truth.workload.parts[part]))
        yield `${part} is not among them`;
  },
};

function namesOf({ stat, cmdline, exe }: ProcessTruth) {
  const args = (cmdline ?? '').replace(/\0$/, '').split('\0').map(textOf);
  return {
    name: textOf(parseStat(stat).comm),
    args: cmdline === null || cmdline === '' ? [] : args.slice(0, 4),
    exe: exe === null ? undefined : textOf(exe),
  };
}
