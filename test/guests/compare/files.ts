import type { FileTruth, ProcessTruth } from '../truth.ts';
import { type Comparison, type Expectation, type Expected, judge, someNumber, someText } from './expect.ts';
import { textOf } from './proc.ts';
import { excusesOf, newOfAnother } from './recorder.ts';

export const files: Comparison = {
  plugin: 'files',
  ordered: true,
  *expected({ truth }) {
    for (const process of truth.processes) {
      const excuses = excusesOf(process.pid, truth, ['position']);
      for (const file of process.files) {
        yield { ...expectedFile(process, file, truth.system.uname[4]!), ...excuses };
      }
    }
  },
  keyOf: ({ pid, fd }) => `${String(pid)} ${String(fd)}`,
  labelOf: ({ pid, fd, path }) => `pid ${String(pid)} fd ${String(fd)} ${JSON.stringify(path)}`,
  mayBeInvented: newOfAnother,
};

/** By the upper bits of a mode, inode(7). */
const TYPES: Readonly<Record<number, string>> = {
  1: 'fifo',
  2: 'character',
  4: 'directory',
  6: 'block',
  8: 'regular',
  10: 'symlink',
  12: 'socket',
};

function expectedFile(
  { pid }: ProcessTruth,
  { fd, link, fdinfo, stat }: FileTruth,
  machine: string,
): Expected {
  const told = (name: string): string | undefined =>
    new RegExp(`^${name}:\\s*(\\S+)$`, 'm').exec(fdinfo)?.[1];
  const inode = told('ino') ?? stat?.ino;
  return {
    key: `${pid} ${fd}`,
    label: `pid ${pid} fd ${fd} ${JSON.stringify(textOf(link))}`,
    cells: {
      pid,
      fd,
      path: textOf(link),
      type: stat === null ? someText : (TYPES[stat.mode >>> 12] ?? 'anonymous'),
      device: stat === null ? someText : deviceOf(stat.dev),
      inode: inode === undefined ? someNumber : Number(inode),
      flags: flagsOf(Number.parseInt(told('flags') ?? '', 8), machine),
      position: Number(told('pos')),
      tid: null,
    },
  };
}

/** st_dev as makedev(3) packs it, in the words of /proc/PID/maps. */
export function deviceOf(dev: number): string {
  const major = ((dev >>> 8) & 0xfff) | (Math.floor(dev / 2 ** 32) & ~0xfff);
  const minor = (dev & 0xff) | ((dev >>> 12) & 0xfff00);
  return `${major.toString(16).padStart(2, '0')}:${minor.toString(16).padStart(2, '0')}`;
}

/** The words of open(2), on x86 and everywhere that has not its own numbers (include/uapi/asm-generic/fcntl.h). */
const GENERIC: Readonly<Record<string, number>> = {
  O_RDONLY: 0,
  O_WRONLY: 0o1,
  O_RDWR: 0o2,
  O_ACCMODE: 0o3,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_NOCTTY: 0o400,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000,
  O_DSYNC: 0o10000,
  O_ASYNC: 0o20000,
  O_DIRECT: 0o40000,
  O_LARGEFILE: 0o100000,
  O_DIRECTORY: 0o200000,
  O_NOFOLLOW: 0o400000,
  O_NOATIME: 0o1000000,
  O_CLOEXEC: 0o2000000,
  O_SYNC: 0o4010000,
  O_PATH: 0o10000000,
  O_TMPFILE: 0o20200000,
};

/** Those of arch/arm64/include/uapi/asm/fcntl.h. */
const ARM64: typeof GENERIC = {
  ...GENERIC,
  O_DIRECTORY: 0o40000,
  O_NOFOLLOW: 0o100000,
  O_DIRECT: 0o200000,
  O_LARGEFILE: 0o400000,
  O_TMPFILE: 0o20040000,
};

/** The words must mean exactly the bits that /proc prints, the access mode first and no word twice. */
function flagsOf(bits: number, machine: string): Expectation {
  const meanings = machine === 'aarch64' ? ARM64 : GENERIC;
  return judge(`0${bits.toString(8)}`, (cell) => {
    if (typeof cell !== 'string') return false;
    const words = cell.split('|');
    if (new Set(words).size !== words.length || (meanings[words[0]!] ?? 4) > 3) return false;
    const meant = words.map(
      (word) => meanings[word] ?? (/^0[0-7]+$/.test(word) ? Number.parseInt(word, 8) : -1),
    );
    return meant.reduce((all, bit) => all | bit, 0) === bits;
  });
}
