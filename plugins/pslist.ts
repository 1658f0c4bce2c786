import { unlessFault } from '../src/base/unless-fault.ts';
import type { Row } from '../src/plugin/cell.ts';
import { isInScratchFolder, numberOf, textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';
import { hiddenProcesses } from '../src/plugin/hidden-processes.ts';
import { noteMachineState } from '../src/plugin/machine-state.ts';
import { shown } from '../src/plugin/observation.ts';

/** How the kernel names its own threads: brackets, or the worker pools' pattern. */
const THREAD_LIKE = /^\[.*\]|^kworker\/|^kthreadd$|^ksoftirqd\//;

export default definePlugin({
  name: 'pslist',
  group: 'processes',
  lists: 'processes',
  summary: 'List processes, including those that are hidden from the task list',
  example: '--pid 1,200 --columns pid,name,args',
  version: 5,
  async *subjects(kernel) {
    const { processes } = await import('../src/kernel/linux/process/processes.ts');
    const { ListedProcess } = await import('../src/kernel/linux/process/listed-process.ts');
    let isEmpty = true;
    for (const task of processes(kernel)) {
      isEmpty = false;
      yield new ListedProcess(task);
    }
    // A machine that is starting or going down has few processes; of an empty table the runner says it.
    if (!isEmpty) await noteMachineState(kernel);
  },
  columns: {
    pid: { int: ({ task }) => task.pid, help: 'process ID, in the initial PID namespace' },
    ppid: { int: ({ task }) => task.parent.pid, help: 'process ID of the parent' },
    name: {
      text: ({ task }) => task.name,
      help: "the kernel's name of it: 15 bytes, which it may change itself (comm)",
    },
    threads: { int: ({ task }) => task.threadCount, help: 'threads that have not ended' },
    uid: { int: ({ task }) => task.uid, help: 'real user ID' },
    euid: { int: ({ task }) => task.euid, help: 'effective user ID: whose rights it uses' },
    gid: { int: ({ task }) => task.gid, help: 'real group ID' },
    state: {
      text: ({ task }) => task.state,
      help: 'the letter that ps shows: R running, S sleeping, D in the kernel, T stopped, Z ended, I idle',
    },
    nice: { int: ({ task }) => task.nice, help: 'from -20, which goes first, to 19' },
    started: { time: ({ task }) => task.started, help: 'when it was forked' },
    cpuTime: { seconds: ({ task }) => task.cpuSeconds, help: 'CPU time of all its threads' },
    rss: { int: ({ task }) => task.memory?.residentKiB ?? null, unit: 'KiB', help: 'pages in RAM' },
    kernel: { flag: ({ task }) => task.isKernelThread, help: 'whether it is a thread of the kernel' },
    exe: { text: ({ task }) => task.memory?.executable ?? null, help: 'the file that it runs' },
    args: {
      text: ({ task }) => task.memory?.commandLine ?? null,
      help: 'its command line, which it may change itself',
    },
    task: { address: ({ task }) => task.address, help: 'where its struct task_struct is' },
    hidden: {
      flag: ({ task }) => task.isHidden,
      help: 'whether a view of the kernel that has all processes lacks it',
    },
    views: { text: ({ task }) => task.views, help: 'the views of the kernel that have it' },
    kernelFlag: {
      flag: ({ task }) => task.isFlaggedAsKernels,
      help: 'whether the kernel takes it for a thread of its own (PF_KTHREAD)',
    },
    terminal: { text: ({ terminal }) => terminal, help: 'the terminal of its session' },
    session: {
      int: ({ session }) => session,
      help: 'ID of its session; 0 where that is of another PID namespace',
    },
    group: { int: ({ group }) => group, help: 'ID of its process group' },
    cwd: { text: ({ workingFolder }) => workingFolder, help: 'its working folder' },
    root: { text: ({ root }) => root, help: 'the folder that it takes for the root' },
    container: { text: ({ container }) => container, help: 'ID or name of the container that it is in' },
    capabilities: {
      text: ({ capabilities }) => capabilities,
      help: 'what it may do beyond ordinary users now: all, or names',
    },
    seccomp: {
      text: ({ seccomp }) => seccomp,
      help: 'filter or strict, where its system calls are filtered',
    },
    oomScoreAdj: {
      int: ({ oomAdjustment }) => oomAdjustment,
      help: 'how soon it is killed where memory is short: -1000 is never',
    },
  },
  process: 'pid',
  processName: 'name',
  artefact: async ({ task }) => {
    const { coreOf } = await import('../src/kernel/linux/coredump/core-file.ts');
    const core = coreOf(task);
    return core === null
      ? null
      : { ...core, name: `pid.${task.pid}.${unlessFault(() => task.name, '')}.core` };
  },
  references: { ppid: 'pslist.pid', container: 'containers.id' },
  identity: ['pid', 'started'],
  enduring: ({ name, uid, args }) => [name!, uid!, args!],
  restless: ['cpuTime', 'rss', 'state', 'threads', 'views'],
  ofBoot: ['pid', 'ppid', 'session', 'group', 'terminal'],
  // Workers of the kernel are made and let go as there is work, and are called by what they last did.
  churn: ({ kernel, name }) => kernel === true && String(name).startsWith('kworker/'),
  observations: [
    ...hiddenProcesses,
    {
      of: ({ pid, name, kernel, kernelFlag }) =>
        kernelFlag === true && kernel === false ? `${shown(pid)} (${shown(name)})` : null,
      sentence: (things, count) =>
        `${count === 1 ? '1 process passes for a thread' : `${count} processes pass for threads`} of the kernel (PF_KTHREAD), and came from user mode: ${things}`,
    },
    {
      of: ({ pid, name, state, threads }) =>
        state === 'Z' && Number(threads) > 1
          ? `${shown(pid)} (${shown(name)}, ${Number(threads) - 1} left)`
          : null,
      sentence: (things) =>
        `the first thread has ended and others go on, so that /proc shows little: ${things}`,
    },
  ],
  filters: [
    ...(['pid', 'ppid', 'name', 'uid', 'euid', 'state', 'started', 'exe', 'args'] as const),
    ...(['kernel', 'kernelFlag', 'hidden', 'terminal', 'session', 'group', 'cwd', 'container'] as const),
    ...(['capabilities', 'seccomp'] as const),
  ],
  words: { state: ['R', 'S', 'D', 'I', 'T', 't', 'X', 'Z', 'P'] },
  uncut: ['state'],
  paths: ['exe', 'cwd', 'root'],
  dispensable: [
    ...(['oomScoreAdj', 'seccomp', 'group', 'session', 'root', 'capabilities', 'cwd', 'container'] as const),
    ...([
      'terminal',
      'kernelFlag',
      'views',
      'hidden',
      'task',
      'kernel',
      'gid',
      'nice',
      'euid',
      'threads',
      'exe',
    ] as const),
    ...(['cpuTime', 'rss', 'started'] as const),
  ],
  wording: {
    noun: ({ kernel }) => (kernel === true ? ['kernel thread', 'kernel threads'] : ['process', 'processes']),
    all: 'processes and kernel threads',
    line: ({ pid, name, args, uid }) => {
      const user = numberOf(uid) ?? 0;
      return `${textOf(pid)} ${textOf(args) || textOf(name)}${user === 0 ? '' : ` (user ${user})`}`;
    },
  },
  followed: true,
  triage: true,
  why: whyLookAt,
  told: {
    isWorthIt: ({ kernel, hidden }) => kernel !== true || hidden === true,
    noun: ['process', 'processes'],
    restarts: ({ name, uid, args }) => [textOf(name), textOf(uid), textOf(args)],
    whyChanged: ({ before, after, columns }, now) => [
      ...(columns.includes('euid') && numberOf(after['euid']) === 0 ? ['it has gained root’s rights'] : []),
      ...(columns.includes('exe') ? programNews(before, after) : []),
      ...(columns.includes('exe') || (columns.includes('hidden') && after['hidden'] === true) ? now() : []),
    ],
  },
  aliases: ['ps', 'psaux', 'tasks', 'processes'],
  nearTo: {
    pidhashtable: 'what other views of the kernel have is in its table',
    bash: 'histories of shells are not searched for; args has the command line of each process',
  },
});

function whyLookAt({ hidden, kernel, kernelFlag, exe, state, args, name, uid, euid }: Row): string[] {
  const taken = hidden === true ? ['hidden from the kernel’s own lists'] : [];
  if (kernel === true) return taken;
  const executable = textOf(exe);
  const [user, rights] = [numberOf(uid), numberOf(euid)];
  return [
    ...taken,
    ...(kernelFlag === true && kernel === false ? ['marked as a kernel thread'] : []),
    // A zombie runs nothing: what is one and has a program goes on in other threads.
    ...(state === 'Z' && executable !== '' ? ['its first thread has ended and others go on'] : []),
    ...(executable.startsWith('/memfd:')
      ? ['runs from memory only (memfd)']
      : executable.endsWith(' (deleted)')
        ? ['its executable is deleted']
        : []),
    ...(isInScratchFolder(executable) ? [`runs from ${executable.split('/').slice(0, -1).join('/')}`] : []),
    ...(THREAD_LIKE.test(textOf(args)) || THREAD_LIKE.test(textOf(name))
      ? ['looks like a kernel thread']
      : []),
    ...(user !== null && rights === 0 && user !== 0 ? [`root's rights for user ${user}`] : []),
  ];
}

/** What a new path of the executable means: another program, unless its file was only deleted or is there anew. */
function programNews(before: Row, after: Row): string[] {
  const [was, is] = [before, after].map((row) => textOf(row['exe']).replace(/ \(deleted\)$/, ''));
  return is === '' || is === was ? [] : ['it has become another program'];
}
