import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'limits',
  group: 'processes',
  onRequest: true,
  summary: "Show processes' resource limits, as /proc/PID/limits does",
  example: '--pid 1 --resource nofile,core',
  version: 2,
  walker: 'resourceLimits',
  columns: {
    pid: { int: ({ task }) => task.pid, help: 'process ID' },
    name: { text: ({ task }) => task.name, help: "the kernel's name of it (comm)" },
    resource: { text: ({ resource }) => resource, help: 'what is limited, as prlimit(1) calls it' },
    soft: { int: ({ soft }) => soft, help: 'what it may not pass; nothing where there is no limit' },
    hard: {
      int: ({ hard }) => hard,
      help: 'up to where it may raise that itself; nothing where there is no limit',
    },
    unit: { text: ({ unit }) => unit, help: 'what the two count; nothing for numbers on a scale' },
  },
  process: 'pid',
  identity: ['pid', 'resource'],
  followsProcess: true,
  filters: ['pid', 'name', 'resource'],
  words: {
    resource: [
      ...([
        'cpu',
        'fsize',
        'data',
        'stack',
        'core',
        'rss',
        'nproc',
        'nofile',
        'memlock',
        'as',
        'locks',
      ] as const),
      ...(['sigpending', 'msgqueue', 'nice', 'rtprio', 'rttime'] as const),
    ],
  },
  dispensable: ['unit'],
  wording: { noun: ['limit of a process', 'limits of processes'] },
  aliases: ['prlimit', 'ulimit', 'rlimit'],
});
