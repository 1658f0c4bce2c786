// Core files of a guest's processes, read by gdb and compared with what the guest recorded: threads, registers, mapped files.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EvidenceFault } from '../../../src/base/errors.ts';
import { saveArtefact } from '../../../src/extract/artefact-file.ts';
import { coreOf } from '../../../src/kernel/linux/coredump/core-file.ts';
import { tasks } from '../../../src/kernel/linux/process/processes.ts';
import type { Session } from '../../../src/session/session.ts';
import { PT_NOTE, readElfHeaders } from '../../../src/snapshot/elf-header.ts';
import { SnapshotFile } from '../../../src/snapshot/file.ts';
import type { ProcessTruth, ThreadTruth, Truth } from '../truth.ts';
import { areaAt, mappingsOf } from './maps.ts';
import { parseStat } from './proc.ts';

/** Scripts are not compiled, so they stay in the source tree. */
const SCRIPT = fileURLToPath(new URL('../../../../test/guests/gdb/read_core.py', import.meta.url));
/** Each takes gdb half a second. */
const MOST_CORES = 24;
const NT_AUXV = 6;
/** `syscall`, `int $0x80`, `sysenter` in the vdso with what comes behind it; `svc #0`. */
const ENTRIES: Readonly<Record<string, RegExp>> = {
  x86_64: /0f05$/,
  i686: /(?:cd80|0f34)$/,
  aarch64: /010000d4$/,
};

/** What gdb says of a core file. */
interface SeenByGdb {
  readonly threads: readonly {
    readonly tid: number;
    readonly registers: Readonly<Record<string, string>>;
    readonly before: string | null;
  }[];
  readonly mappings: readonly (readonly [start: string, end: string, offset: string, path: string])[];
}

/** The gdb that knows the guest's machine; undefined where none is installed. */
function gdbFor(machine: string): string | undefined {
  const isOwn = machine === 'x86_64' || machine === 'i686';
  const names = isOwn ? ['gdb', 'gdb-multiarch'] : ['gdb-multiarch'];
  return names.find((name) => spawnSync(name, ['--version']).status === 0);
}

/** Differences of the core files of a guest's processes, those of many threads first. @returns how many were read, and what differs */
export function compareCores(
  { kernel }: Session,
  truth: Truth,
  scratch: string,
): { cores: number; differences: string[] } {
  const machine = truth.system.uname[4]!;
  const gdb = gdbFor(machine);
  const known = new Map(truth.processes.map((process) => [process.pid, process]));
  const differences: string[] = [];
  let cores = 0;
  const wanted = [...tasks(kernel)]
    .flatMap((task) => {
      const process = known.get(task.pid);
      return process?.maps && process.pid !== truth.recorder.pid ? [{ task, process }] : [];
    })
    .sort((one, other) => other.process.threads.length - one.process.threads.length)
    .slice(0, MOST_CORES);
  for (const { task, process } of wanted) {
    const path = join(scratch, `core.${process.pid}`);
    try {
      const core = coreOf(task);
      if (core === null) {
        differences.push(`core of ${process.pid}: none is written`);
        continue;
      }
      saveArtefact(path, { name: path, ...core });
      cores++;
      const told = [
        ...auxiliaryDifferences(path, process),
        ...(gdb === undefined ? [] : gdbDifferences(gdb, path, process, machine)),
      ];
      differences.push(...told.map((line) => `core of ${process.pid}: ${line}`));
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      differences.push(`core of ${process.pid}: ${fault.message}`);
    }
  }
  return { cores, differences };
}

/** The auxiliary vector is what /proc/PID/auxv has, byte for byte. */
function* auxiliaryDifferences(path: string, { auxv }: ProcessTruth): Generator<string> {
  const file = new SnapshotFile(path);
  try {
    const { offset, fileBytes } = readElfHeaders(file).segments.find(({ type }) => type === PT_NOTE)!;
    const notes = file.bytes(offset, fileBytes, 'notes');
    for (let at = 0; at < notes.length; ) {
      const length = notes.readUInt32LE(at + 4);
      const content = notes.toString('latin1', at + 20, at + 20 + length);
      // The file of /proc has the whole array where it is longer.
      if (notes.readUInt32LE(at + 8) === NT_AUXV && auxv !== undefined && auxv?.startsWith(content) !== true)
        yield 'its auxiliary vector is another';
      at += 20 + Math.ceil(length / 4) * 4;
    }
  } finally {
    file.close();
  }
}

function* gdbDifferences(
  gdb: string,
  path: string,
  process: ProcessTruth,
  machine: string,
): Generator<string> {
  const { stdout, stderr } = spawnSync(gdb, ['-nx', '-batch', '-x', SCRIPT, '-c', path], {
    encoding: 'utf8',
  });
  const document = /^CORE (.*)$/m.exec(stdout)?.[1];
  if (document === undefined) {
    yield `gdb says: ${(stderr || stdout).trim().split('\n').at(-1)}`;
    return;
  }
  const seen = JSON.parse(document) as SeenByGdb;
  const living = process.threads.filter(({ stat }) => !'ZX'.includes(parseStat(stat).state));
  const [found, expected] = [seen.threads, living].map((threads) =>
    threads
      .map(({ tid }) => tid)
      .sort()
      .join(),
  );
  if (found !== expected) yield `gdb sees the threads ${found}, the guest says ${expected}`;
  for (const thread of living) yield* registerDifferences(thread, seen, machine);
  for (const { tid, registers } of seen.threads) {
    const pointer = BigInt(registers['fs_base'] ?? registers['tpidr'] ?? 0);
    // Where a C library keeps what each thread has for itself.
    if (pointer !== 0n && areaAt(process, pointer) === undefined)
      yield `thread ${tid} has its thread pointer at 0x${pointer.toString(16)}, where nothing is mapped`;
  }
  const mapped = mappingsOf(process).filter(({ inode }) => inode !== 0);
  const [is, was] = [
    seen.mappings.map(([start, end, offset, file]) => [BigInt(start), BigInt(end), Number(offset), file]),
    mapped.map(({ start, end, offset, path: file }) => [start, end, offset, file]),
  ].map((lines) =>
    lines.map((line) => line.map((cell) => (typeof cell === 'bigint' ? cell.toString(16) : cell)).join(' ')),
  );
  for (const line of is!)
    if (!was!.includes(line)) yield `gdb sees the mapping ${line}, of which the guest knows nothing`;
  for (const line of was!) if (!is!.includes(line)) yield `gdb does not see the mapping ${line}`;
}

/** Where a thread sleeps in a system call, /proc says of it which one, and where its stack and its program are. */
function* registerDifferences(
  { tid, stat, syscall }: ThreadTruth,
  seen: SeenByGdb,
  machine: string,
): Generator<string> {
  const thread = seen.threads.find((each) => each.tid === tid);
  if (thread === undefined) return;
  const { registers, before } = thread;
  const of = (...names: readonly string[]): string | undefined =>
    names.map((name) => registers[name]).find((value) => value !== undefined);
  const [counter, stack] = [of('rip', 'eip', 'pc'), of('rsp', 'esp', 'sp')];
  if (parseStat(stat).state !== 'S') return;
  const words = syscall?.trim().split(' ') ?? [];
  if (words.length >= 3) {
    const [wasStack, wasCounter] = words.slice(-2);
    if (BigInt(counter ?? 0) !== BigInt(wasCounter!))
      yield `thread ${tid} is at ${counter}, the guest says ${wasCounter}`;
    if (BigInt(stack ?? 0) !== BigInt(wasStack!))
      yield `thread ${tid} has its stack at ${stack}, the guest says ${wasStack}`;
    const number = of('orig_rax', 'orig_eax', 'x8');
    if (words.length === 9 && BigInt(number ?? -1) !== BigInt(words[0]!))
      yield `thread ${tid} is in system call ${number}, the guest says ${words[0]}`;
  }
  const entry = ENTRIES[machine];
  if (before !== null && entry !== undefined && words[0] !== '-1' && !entry.test(before))
    yield `thread ${tid} stands behind ${before}, which is no way into the kernel`;
}
