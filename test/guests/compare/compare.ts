import { plugins } from '../../../plugins/index.ts';
import type { Row } from '../../../src/plugin/cell.ts';
import type { AnyPlugin } from '../../../src/plugin/contract.ts';
import { runPlugin } from '../../../src/plugin/run.ts';
import type { Session } from '../../../src/session/session.ts';
import type { Guest } from '../catalog.ts';
import type { Truth } from '../truth.ts';
import { capabilities } from './capabilities.ts';
import { cgroups } from './cgroups.ts';
import { unseen } from './code-pointers.ts';
import { containers } from './containers.ts';
import { creds } from './creds.ts';
import { deleted } from './deleted.ts';
import { dentries } from './dentries.ts';
import { dmesg } from './dmesg.ts';
import { elfs } from './elfs.ts';
import { env } from './env.ts';
import type { Comparison, Context } from './expect.ts';
import { files } from './files.ts';
import { ftrace } from './ftrace.ts';
import { helpers } from './helpers.ts';
import { idt } from './idt.ts';
import { compareFacts } from './info.ts';
import { inotify } from './inotify.ts';
import { keys } from './keys.ts';
import { kprobes } from './kprobes.ts';
import { kthreads } from './kthreads.ts';
import { libraries } from './libraries.ts';
import { limits } from './limits.ts';
import { locks } from './locks.ts';
import { lsblk } from './lsblk.ts';
import { malfind } from './malfind.ts';
import { maps } from './maps.ts';
import { type Answer, compareAnswer, type Outcome } from './match.ts';
import { modules } from './modules.ts';
import { mounts } from './mounts.ts';
import { namespaces } from './namespaces.ts';
import { pagecache } from './pagecache.ts';
import { patches } from './patches.ts';
import { withProcessContainer } from './process-container.ts';
import { pslist } from './pslist.ts';
import { psscan } from './psscan.ts';
import { pstree } from './pstree.ts';
import { psxview } from './psxview.ts';
import { ptrace } from './ptrace.ts';
import { sched } from './sched.ts';
import { signals } from './signals.ts';
import { sockets } from './sockets.ts';
import { spoofed } from './spoofed.ts';
import { stacks } from './stacks.ts';
import { superblocks } from './superblocks.ts';
import { syscalls } from './syscalls.ts';
import { threads } from './threads.ts';
import { tmpfs } from './tmpfs.ts';
import { tracepoints } from './tracepoints.ts';

/** How each plugin is judged. */
export const comparisons: readonly Comparison[] = [
  ...[
    pslist,
    pstree,
    psscan,
    psxview,
    threads,
    stacks,
    creds,
    capabilities,
    namespaces,
    cgroups,
    containers,
    ptrace,
    signals,
    limits,
    sched,
    kthreads,
  ],
  ...[sockets, files, maps, env, modules, dmesg, keys],
  ...[mounts, superblocks, pagecache, deleted],
  ...[malfind, spoofed, elfs, libraries],
  ...[locks, inotify, lsblk, dentries, tmpfs],
  ...[syscalls, idt, patches, kprobes, ftrace, tracepoints, helpers],
  unseen('operations', ['holder', 'struct', 'member']),
  unseen('notifiers', ['chain', 'symbol', 'callback']),
  unseen('netfilter', ['netns', 'family', 'hook', 'position']),
].map(withProcessContainer);

/** One plugin's answer and what is to be said of it. */
export interface Compared extends Outcome {
  readonly answer: Answer;
}

/** Asks every plugin and lets the guest judge: `info` first, then the plugins in their order. */
export async function* compareWithTruth(
  session: Session,
  truth: Truth,
  guest?: Pick<Guest, 'paging'>,
): AsyncGenerator<Compared> {
  const { kernel: facts, snapshot } = session.facts;
  yield {
    plugin: 'info',
    rows: 1,
    differences: [
      ...compareFacts(facts, truth, guest),
      ...snapshot.notes.map((note) => `info note: ${note}`),
    ],
    tolerated: {},
    answer: { rows: [], notes: [] },
  };
  const context: Context = { truth, uptime: facts.uptimeSeconds ?? Number.POSITIVE_INFINITY };
  for (const plugin of plugins) {
    const comparison = comparisons.find((candidate) => candidate.plugin === plugin.name);
    if (comparison === undefined) {
      const differences = [`${plugin.name} is not compared with anything`];
      yield { plugin: plugin.name, rows: 0, differences, tolerated: {}, answer: { rows: [], notes: [] } };
      continue;
    }
    if (comparison.isTold?.(truth) === false) continue;
    const answer = await ask(session, plugin, comparison.options);
    yield { ...compareAnswer(comparison, context, answer), answer };
  }
}

/** A plugin's whole answer. */
export async function ask(
  { kernel }: Session,
  plugin: AnyPlugin,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Answer> {
  const rows: Row[] = [];
  for await (const row of runPlugin(plugin, kernel, { options })) rows.push(row);
  return { rows, notes: kernel.notes.drain() };
}
