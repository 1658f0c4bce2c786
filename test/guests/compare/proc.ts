import { decodeText } from '../../../src/base/text.ts';
import type { ProcessTruth, Truth } from '../truth.ts';

/** Bytes of the record, which has them as Latin-1, in the form that texts from a dump have. */
export const textOf = (latin1: string): string => decodeText(Buffer.from(latin1, 'latin1'));

const PF_KTHREAD = 0x0020_0000;

/** What `/proc/PID/stat` says, by the names of proc(5). */
export interface Stat {
  readonly comm: string;
  readonly state: string;
  readonly ppid: number;
  readonly group: number;
  readonly session: number;
  /** Its device number; 0 where there is none. */
  readonly terminal: number;
  readonly isKernelThread: boolean;
  /** `utime` and `stime` together, in ticks. */
  readonly cpuTicks: number;
  readonly nice: number;
  readonly threads: number;
  readonly startTicks: number;
  /** As the kernel has it less 100: what /proc calls `priority`. */
  readonly priority: number;
  readonly processor: number;
  readonly realTimePriority: number;
  readonly policy: number;
}

/** A name may hold spaces, parentheses and newlines: what follows the last parenthesis is safe. */
export function parseStat(stat: string): Stat {
  const end = stat.lastIndexOf(')');
  const fields = stat.slice(end + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    comm: stat.slice(stat.indexOf('(') + 1, end),
    state: fields[0]!,
    ppid: field(4),
    group: field(5),
    session: field(6),
    terminal: field(7),
    isKernelThread: (field(9) & PF_KTHREAD) !== 0,
    cpuTicks: field(14) + field(15),
    nice: field(19),
    threads: field(20),
    startTicks: field(22),
    priority: field(18),
    processor: field(39),
    realTimePriority: field(40),
    policy: field(41),
  };
}

/** The words behind `NAME:` in `/proc/PID/status`, undefined where there is no such line. */
export const statusOf = ({ status }: ProcessTruth, name: string): readonly string[] | undefined =>
  statusLine(status, name);

/** The same of the text itself. */
export const statusLine = (status: string, name: string): readonly string[] | undefined =>
  new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1]?.split(/\s+/);

/** When the guest booted, in milliseconds since 1970. */
export const bootOf = ({ recorder: { ended } }: Truth): number => (ended.realtime - ended.boottime) * 1000;

/** Lines without their newlines. */
export const linesOf = (file: string | null | undefined): string[] =>
  (file ?? '').split('\n').filter((line) => line !== '');
