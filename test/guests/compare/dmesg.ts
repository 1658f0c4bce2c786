import { decodeText } from '../../../src/base/text.ts';
import type { Truth } from '../truth.ts';
import { type Comparison, type Expectation, type Expected, judge } from './expect.ts';
import { bootOf } from './proc.ts';

/** In the order of their numbers: syslog(3). */
const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];
const FACILITIES = 'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp'.split(' ');
const FIRST_LOCAL_FACILITY = 16;

export const dmesg: Comparison = {
  plugin: 'dmesg',
  ordered: true,
  *expected({ truth }) {
    for (const record of truth.kmsg) yield expectedRecord(record, truth);
  },
  keyOf: ({ time }) => String(time),
  labelOf: ({ time, text }) => `[${String(time)}] ${JSON.stringify(text)}`,
  mayBeInvented({ time }, { truth }) {
    const last = secondsOf(truth.kmsg.at(-1) ?? '');
    return typeof time === 'number' && time > last ? 'loggedLater' : undefined;
  },
};

const secondsOf = (record: string): number => Number(record.split(',')[2] ?? 0) / 1e6;

/** `prio,seq,usec,flags[,caller=T1];text`, and lines behind that begin with a space and tell of devices. */
function expectedRecord(record: string, truth: Truth): Expected {
  const head = record.slice(0, record.indexOf(';')).split(',');
  const priority = Number(head[0]);
  const text = unescaped(record.slice(record.indexOf(';') + 1).split('\n')[0]!);
  const time = secondsOf(record);
  return {
    key: String(time),
    label: `[${time}] ${JSON.stringify(text.slice(0, 60))}`,
    cells: {
      time,
      date: dateOf(time, truth),
      level: LEVELS[priority & 7]!,
      facility: facilityName(priority >>> 3),
      caller: callerOf(head.slice(4)),
      text,
    },
  };
}

/** The log's clock starts before that of the processes, and runs by a counter that is not yet measured. */
const LOG_CLOCK_SLACK_MS = 2_000;

function dateOf(time: number, truth: Truth): Expectation {
  const about = bootOf(truth) + time * 1000;
  return judge(`${new Date(about).toISOString()}, to two seconds`, (cell) =>
    cell instanceof Date ? Math.abs(cell.getTime() - about) <= LOG_CLOCK_SLACK_MS : false,
  );
}

function facilityName(number: number): string {
  if (number >= FIRST_LOCAL_FACILITY && number < FIRST_LOCAL_FACILITY + 8)
    return `local${number - FIRST_LOCAL_FACILITY}`;
  return FACILITIES[number] ?? String(number);
}

/** Kernels without CONFIG_PRINTK_CALLER keep who logged, and do not tell. */
function callerOf(further: readonly string[]): Expectation {
  const told = further.find((word) => word.startsWith('caller='));
  if (told !== undefined) return told.slice('caller='.length);
  return judge(
    'T or C and a number, or nothing',
    (cell) => cell === null || (typeof cell === 'string' && /^[TC]\d+$/.test(cell)),
  );
}

/** Control characters, backslashes and every byte that is not ASCII are `\xNN` in /dev/kmsg. */
const unescaped = (text: string): string =>
  decodeText(
    Buffer.from(
      text.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 16))),
      'latin1',
    ),
  );
