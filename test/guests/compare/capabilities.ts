import type { Truth } from '../truth.ts';
import { ofThreads, threadOfItsOwn } from './creds.ts';
import { type Comparison, type Expectation, judge } from './expect.ts';
import {
  anything,
  excusesOfThread,
  firstThreads,
  nameOfThread,
  setOf,
  type ThreadRecord,
} from './thread-records.ts';

/** capabilities(7), in the order of their numbers. */
const NAMES = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
  'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin ' +
  'sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override ' +
  'mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ');

export const capabilities: Comparison = {
  plugin: 'capabilities',
  *expected({ truth }) {
    for (const record of firstThreads(truth)) {
      const { pid } = record.process;
      yield {
        key: `${pid} ${pid}`,
        label: `pid ${pid}`,
        ...excusesOfThread(record, truth, ['name']),
        cells: rightsOf(record, truth),
      };
    }
  },
  keyOf: ({ pid, tid }) => `${String(pid)} ${String(tid)}`,
  labelOf: ({ pid, tid }) => `pid ${String(pid)} thread ${String(tid)}`,
  mayBeInvented: threadOfItsOwn,
  *whole(rows, { truth }) {
    yield* ofThreads(rows, truth, (record) => rightsOf(record, truth));
  },
};

function rightsOf(record: ThreadRecord, truth: Truth): Record<string, Expectation> {
  const all = setOf(/^CapBnd:\s*(\S+)/m.exec(truth.processes[0]!.status)?.slice(1)) ?? 0n;
  const set = (name: string): Expectation => {
    const said = setOf(record.status(name));
    if (said === undefined) return anything;
    return judge(said.toString(16), (cell) => typeof cell === 'string' && maskOf(cell, all) === said);
  };
  const { process, thread } = record;
  const privileges = record.status('NoNewPrivs')?.[0];
  return {
    pid: process.pid,
    tid: thread.tid,
    name: nameOfThread(record),
    euid: Number(record.status('Uid')?.[1]),
    effective: set('CapEff'),
    permitted: set('CapPrm'),
    inheritable: set('CapInh'),
    bounding: set('CapBnd'),
    ambient: set('CapAmb'),
    secureBits:
      truth.workload.parts['locked-bits'] === process.pid ? 'noroot!,no-setuid-fixup!,-keep-caps!' : '',
    noNewPrivileges: privileges === undefined ? anything : privileges === '1',
    userNamespace: anything,
  };
}

function maskOf(text: string, all: bigint): bigint {
  if (text === 'all') return all;
  let mask = 0n;
  for (const name of text.split(',')) if (name !== '') mask |= 1n << BigInt(NAMES.indexOf(name));
  return mask;
}
