import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'dmesg',
  summary: 'Show the kernel log',
  example: '--level err,warn --columns time,text',
  version: 1,
  subjects: (kernel) => kernel.logRecords(),
  columns: {
    time: { seconds: (record) => record.time },
    level: { text: (record) => record.level },
    facility: { text: (record) => record.facility },
    caller: { text: (record) => record.caller },
    text: { text: (record) => record.text },
  },
  identity: ['time', 'caller', 'text'],
  filters: ['level', 'facility', 'caller'],
  dispensable: ['facility', 'caller', 'level'],
});
