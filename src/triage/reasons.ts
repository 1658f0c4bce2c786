import type { Row } from '../plugin/cell.ts';
import { numberOf, textOf } from '../plugin/cell-text.ts';
import { leadsElsewhere } from './paint.ts';

/** Folders that anyone can write to and that nothing is installed in. */
const SCRATCH = /^\/(?:tmp|var\/tmp|dev\/shm|run\/shm)\//;
/** How the kernel names its own threads: brackets, or the worker pools' pattern. */
const THREAD_LIKE = /^\[.*\]|^kworker\/|^kthreadd$|^ksoftirqd\//;
/** Programs that run what they are told: with a socket for standard input they are somebody's remote shell. */
const INTERPRETER =
  /^(?:ba|da|a|z|k|c|tc)?sh$|^(?:python|perl|ruby|php|lua|node)[\d.]*$|^busybox$|^nc(?:at)?$/;

/**
 * Why a process deserves a look: facts, not verdicts. Policies judge; this only decides what one screen shows
 * first.
 */
export function reasonsByProcess(rowsOf: (plugin: string) => readonly Row[]): Map<number, string[]> {
  const reasons = new Map<number, string[]>();
  const add = (pid: number | null, reason: string): void => {
    if (pid === null) return;
    const known = reasons.get(pid) ?? [];
    if (!known.includes(reason)) reasons.set(pid, [...known, reason]);
  };
  for (const row of rowsOf('pslist')) {
    const pid = numberOf(row['pid']);
    if (pid === null) continue;
    if (row['hidden'] === true) add(pid, 'hidden from the kernel’s own lists');
    if (row['kernel'] === true) continue;
    if (row['kernelFlag'] === true && row['kernel'] === false) add(pid, 'marked as a kernel thread');
    const executable = textOf(row['exe']);
    // A zombie runs nothing: what is one and has a program goes on in other threads.
    if (row['state'] === 'Z' && executable !== '') add(pid, 'its first thread has ended and others go on');
    if (executable.startsWith('/memfd:')) add(pid, 'runs from memory only (memfd)');
    else if (executable.endsWith(' (deleted)')) add(pid, 'its executable is deleted');
    if (SCRATCH.test(executable)) add(pid, `runs from ${executable.split('/').slice(0, -1).join('/')}`);
    if (THREAD_LIKE.test(textOf(row['args'])) || THREAD_LIKE.test(textOf(row['name'])))
      add(pid, 'looks like a kernel thread');
    const [uid, euid] = [numberOf(row['uid']), numberOf(row['euid'])];
    if (uid !== null && euid === 0 && uid !== 0) add(pid, `root's rights for user ${uid}`);
  }
  for (const row of rowsOf('sockets')) {
    const fd = numberOf(row['fd']);
    const isStandard = fd === 0 || fd === 1;
    if (leadsElsewhere(row) && isStandard && INTERPRETER.test(textOf(row['process'])))
      add(numberOf(row['pid']), 'a shell on a socket');
    // One without a protocol receives nothing (packet(7)): it can only send.
    if (row['family'] === 'packet')
      add(numberOf(row['pid']), row['protocol'] === null ? 'sends raw packets' : 'sees raw packets');
    if (row['hidden'] === true) add(numberOf(row['pid']), 'holds a hidden socket');
  }
  for (const row of rowsOf('env')) {
    if (row['name'] === 'LD_PRELOAD' && textOf(row['value']) !== '')
      add(numberOf(row['pid']), `LD_PRELOAD is ${textOf(row['value'])}`);
  }
  return reasons;
}
