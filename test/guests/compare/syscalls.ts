import type { Truth } from '../truth.ts';
import { isTracingTold, KERNELS, outOfSightAt } from './code-pointers.ts';
import type { Comparison } from './expect.ts';

/** Some numbers of system calls: include/uapi/asm-generic/unistd.h, arch/x86/entry/syscalls. */
const NUMBERS: Readonly<
  Record<string, { readonly prefix: string; readonly calls: Readonly<Record<string, number>> }>
> = {
  x86_64: {
    prefix: '__x64_sys_',
    calls: { read: 0, write: 1, kill: 62, getdents64: 217, openat: 257, bpf: 321 },
  },
  aarch64: {
    prefix: '__arm64_sys_',
    calls: { openat: 56, getdents64: 61, read: 63, write: 64, kill: 129, bpf: 280 },
  },
  i686: {
    prefix: '__ia32_sys_',
    calls: { read: 3, write: 4, kill: 37, getdents64: 220, openat: 295, bpf: 357 },
  },
};

const addressOf = ({ tracing }: Truth, name: string): bigint => BigInt(`0x${tracing!.code[name]![0]!}`);

export const syscalls: Comparison = {
  plugin: 'syscalls',
  isTold: isTracingTold,
  *expected({ truth }) {
    const { prefix, calls } = NUMBERS[truth.system.uname[4]!]!;
    for (const [name, number] of Object.entries(calls)) {
      // Kernels of 32 bits before 5.7 had no wrappers, and some calls have none to this day.
      const symbol = [`${prefix}${name}`, `sys_${name}`].find(
        (one) => truth.tracing!.code[one] !== undefined,
      )!;
      yield {
        key: `sys_call_table ${number} ${symbol}`,
        label: `system call ${number}`,
        cells: { table: 'sys_call_table', number, handler: addressOf(truth, symbol), symbol, ...KERNELS },
      };
    }
  },
  keyOf: ({ table, number, symbol }) => `${String(table)} ${String(number)} ${String(symbol)}`,
  labelOf: ({ table, number, symbol }) => `${String(table)} ${String(number)} ${String(symbol)}`,
  mayBeInvented: outOfSightAt,
  *whole(rows) {
    const native = rows.filter(({ table }) => table === 'sys_call_table').length;
    if (native < 400) yield `sys_call_table has ${native} entries`;
  },
};
