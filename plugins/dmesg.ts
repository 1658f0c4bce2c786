import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'dmesg',
  group: 'kernel',
  summary: 'Show the kernel log',
  example: '--level err,warn --columns time,text',
  version: 2,
  walker: 'logRecords',
  columns: {
    time: { seconds: (record) => record.time, help: 'since boot' },
    date: { time: (record) => record.date, help: 'the same by the wall clock' },
    level: { text: (record) => record.level, help: 'how urgent' },
    facility: { text: (record) => record.facility, help: 'who wrote: kern, or a program through /dev/kmsg' },
    caller: { text: (record) => record.caller, help: 'thread (T) or CPU (C) that wrote' },
    text: { text: (record) => record.text, help: 'the message' },
  },
  identity: ['time', 'caller', 'text'],
  // It moves whenever the clock is set.
  restless: ['date'],
  filters: ['time', 'date', 'level', 'facility', 'caller', 'text'],
  words: {
    level: ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'],
    facility: [
      ...[
        'kern',
        'user',
        'mail',
        'daemon',
        'auth',
        'syslog',
        'lpr',
        'news',
        'uucp',
        'cron',
        'authpriv',
        'ftp',
      ],
      ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
    ],
  },
  uncut: ['level', 'facility', 'caller'],
  dispensable: ['date', 'facility', 'caller', 'level'],
  wording: { noun: ['log line', 'log lines'], all: 'lines of the kernel log' },
  aliases: ['kmsg'],
});
