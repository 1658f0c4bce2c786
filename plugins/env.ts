import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'env',
  group: 'processes',
  summary: "Show processes' environment variables",
  example: '--pid 200 --name PATH,HOME',
  version: 3,
  walker: 'environments',
  columns: {
    pid: { int: ({ task }) => task.pid, help: 'process ID' },
    name: { text: (entry) => entry.name, help: 'what stands before the first =' },
    value: { text: (entry) => entry.value, help: 'what stands behind it' },
  },
  process: 'pid',
  identity: ['pid', 'name'],
  followsProcess: true,
  confidential: ['value'],
  filters: ['pid', 'name'],
  triage: true,
  why: ({ name, value }) =>
    name === 'LD_PRELOAD' && textOf(value) !== '' ? [`LD_PRELOAD is ${textOf(value)}`] : [],
  wording: { noun: ['variable', 'variables'], all: 'environment variables' },
  aliases: ['envars', 'psenv', 'environ'],
});
