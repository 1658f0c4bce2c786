import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'dmesg',
  summary: 'Show the kernel log',
  example: '--level err,warn --columns time,text',
  version: 2,
  walker: 'logRecords',
  columns: {
    time: { seconds: (record) => record.time },
    date: { time: (record) => record.date },
    level: { text: (record) => record.level },
    facility: { text: (record) => record.facility },
    caller: { text: (record) => record.caller },
    text: { text: (record) => record.text },
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
});
