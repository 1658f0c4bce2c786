import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'containers',
  group: 'processes',
  lists: 'containers',
  summary: 'List containers: engine, ID, pod, and what each has for itself',
  example: '--runtime docker --columns runtime,id,nodeName,pid',
  version: 1,
  walker: 'containers',
  columns: {
    runtime: {
      text: ({ name }) => name.runtime,
      help: 'the engine, by the name of the control group; nothing where only a pod is told',
    },
    id: { text: ({ name }) => name.id, help: "the engine's ID or name of it" },
    pod: { text: ({ name }) => name.pod, help: 'UID of its Kubernetes pod' },
    podName: { text: ({ podName }) => podName, help: 'the name that its environment gives its pod or host' },
    engine: { text: ({ engine }) => engine, help: 'the engine, by the environment of its first process' },
    nodeName: { text: ({ nodeName }) => nodeName, help: 'its own host name' },
    pid: { int: ({ first }) => first.pid, help: 'its process with the lowest ID' },
    name: { text: ({ first }) => first.name, help: 'what that process is called (comm)' },
    started: { time: ({ first }) => first.started, help: 'when that process was forked' },
    processes: { int: ({ members }) => members.length, help: 'processes in it' },
    namespaces: {
      text: ({ ownNamespaces }) => ownNamespaces,
      help: 'kinds of namespaces that it has for itself',
    },
    root: { text: ({ root }) => root, help: 'its root folder, as seen from outside' },
  },
  process: 'pid',
  identity: ['runtime', 'id'],
  enduring: ({ runtime, id }) => [runtime!, id!],
  restless: ['processes', 'pid', 'name', 'started'],
  filters: ['runtime', 'id', 'pod', 'nodeName', 'pid'],
  paths: ['root'],
  dispensable: ['engine', 'root', 'namespaces', 'podName', 'started'],
  wording: {
    noun: ['container', 'containers'],
    line: ({ runtime, id, nodeName }) =>
      `${textOf(runtime) || 'container'} ${textOf(id)} (${textOf(nodeName) || 'no host name of its own'})`,
  },
  followed: true,
  aliases: ['docker', 'podman', 'crictl', 'dockerps'],
});
