import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'cgroups',
  group: 'processes',
  onRequest: true,
  summary: "Show processes' control groups, as /proc/PID/cgroup does",
  example: '--pid 1 --columns pid,name,path',
  version: 2,
  walker: 'controlGroups',
  columns: {
    pid: { int: ({ task }) => task.pid, help: 'process ID' },
    name: { text: ({ task }) => task.name, help: "the kernel's name of it (comm)" },
    hierarchy: { int: ({ group }) => group.hierarchy, help: '0 for the unified hierarchy (version 2)' },
    controllers: { text: ({ group }) => group.controllers, help: 'what a hierarchy of version 1 controls' },
    path: { text: ({ group }) => group.path, help: 'the group, from the root of its hierarchy' },
    frozen: { flag: ({ group }) => group.isFrozen, help: 'whether its processes are kept from running' },
    runtime: {
      text: ({ container }) => container?.runtime ?? null,
      help: 'engine of the container that the path tells of',
    },
    container: { text: ({ container }) => container?.id ?? null, help: 'its ID or name' },
    pod: { text: ({ container }) => container?.pod ?? null, help: 'UID of the Kubernetes pod that it is in' },
  },
  process: 'pid',
  identity: ['pid', 'hierarchy'],
  followsProcess: true,
  filters: ['pid', 'name', 'path', 'container', 'runtime', 'frozen'],
  paths: ['path'],
  dispensable: ['controllers', 'hierarchy', 'frozen', 'pod', 'runtime', 'container'],
  wording: { noun: ['control group of a process', 'control groups of processes'] },
  aliases: ['cgroup', 'systemdcgls'],
});
