import type { AnyPlugin } from '../src/plugin/contract.ts';
import capabilities from './capabilities.ts';
import cgroups from './cgroups.ts';
import containers from './containers.ts';
import creds from './creds.ts';
import deleted from './deleted.ts';
import dentries from './dentries.ts';
import dmesg from './dmesg.ts';
import elfs from './elfs.ts';
import env from './env.ts';
import files from './files.ts';
import ftrace from './ftrace.ts';
import helpers from './helpers.ts';
import idt from './idt.ts';
import inotify from './inotify.ts';
import keys from './keys.ts';
import kprobes from './kprobes.ts';
import kthreads from './kthreads.ts';
import libraries from './libraries.ts';
import limits from './limits.ts';
import locks from './locks.ts';
import lsblk from './lsblk.ts';
import malfind from './malfind.ts';
import maps from './maps.ts';
import modules from './modules.ts';
import mounts from './mounts.ts';
import namespaces from './namespaces.ts';
import netfilter from './netfilter.ts';
import notifiers from './notifiers.ts';
import operations from './operations.ts';
import pagecache from './pagecache.ts';
import patches from './patches.ts';
import pslist from './pslist.ts';
import psscan from './psscan.ts';
import pstree from './pstree.ts';
import psxview from './psxview.ts';
import ptrace from './ptrace.ts';
import sched from './sched.ts';
import signals from './signals.ts';
import sockets from './sockets.ts';
import spoofed from './spoofed.ts';
import stacks from './stacks.ts';
import superblocks from './superblocks.ts';
import syscalls from './syscalls.ts';
import threads from './threads.ts';
import tmpfs from './tmpfs.ts';
import tracepoints from './tracepoints.ts';

/** Every question that ships with the program, in the order that `--help` shows. */
export const plugins: readonly AnyPlugin[] = [
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
  spoofed,
  sockets,
  files,
  maps,
  malfind,
  elfs,
  libraries,
  mounts,
  superblocks,
  lsblk,
  pagecache,
  tmpfs,
  dentries,
  deleted,
  locks,
  inotify,
  env,
  modules,
  syscalls,
  idt,
  patches,
  operations,
  kprobes,
  ftrace,
  tracepoints,
  notifiers,
  netfilter,
  helpers,
  dmesg,
  keys,
];

/** Each by its name, typed: what programs ask by `session.ask(pslist)`. */
export {
  capabilities,
  cgroups,
  containers,
  creds,
  deleted,
  dentries,
  dmesg,
  elfs,
  env,
  files,
  ftrace,
  helpers,
  idt,
  inotify,
  keys,
  kprobes,
  kthreads,
  libraries,
  limits,
  locks,
  lsblk,
  malfind,
  maps,
  modules,
  mounts,
  namespaces,
  netfilter,
  notifiers,
  operations,
  pagecache,
  patches,
  pslist,
  psscan,
  pstree,
  psxview,
  ptrace,
  sched,
  signals,
  sockets,
  spoofed,
  stacks,
  superblocks,
  syscalls,
  threads,
  tmpfs,
  tracepoints,
};
