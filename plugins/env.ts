import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'env',
  summary: "Show processes' environment variables",
  example: '--pid 200 --name PATH,HOME',
  version: 2,
  walker: 'environments',
  columns: {
    pid: { int: ({ task }) => task.pid },
    name: { text: (entry) => entry.name },
    value: { text: (entry) => entry.value },
  },
  identity: ['pid', 'name'],
  followsProcess: true,
  confidential: ['value'],
  filters: ['pid', 'name'],
});
