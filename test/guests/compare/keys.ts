import { createHash } from 'node:crypto';
import type { Row } from '../../../src/plugin/cell.ts';
import type { KeyTruth, Truth } from '../truth.ts';
import { type Comparison, judge, oneOf, showCell, textOrNone } from './expect.ts';
import { areaAt } from './maps.ts';
import { parseStat, textOf } from './proc.ts';

const someAddress = judge('an address', (cell) => typeof cell === 'bigint' && cell >= 0n);
const FORMS = oneOf(...['encryption', 'decryption'].flatMap((form) => [form, `${form}, torn`]));
const PAGE_BYTES = 4096n;

/**
 * One key may be expanded in many places, and libraries keep copies: each that the workload knows must be found
 * where it knows it to be, and no row may be of a key that nobody is known to use.
 */
export const keys: Comparison = {
  plugin: 'keys',
  options: { reveal: true },
  *expected({ truth }) {
    for (const known of truth.workload.keys) {
      const { key, bits, pid } = known;
      yield {
        key,
        label: `${bits}-bit key ${key.slice(0, 8)}… (${known.use})`,
        cells: {
          size: bits,
          key,
          fingerprint: fingerprintOf(key),
          physical: someAddress,
          pid,
          process: pid === null ? null : nameOf(pid, truth),
          // Where a process has it, the process's maps say below.
          mapping: pid === null ? null : textOrNone,
          address: addressOf(known),
          form: FORMS,
          use: null, // the workload uses its keys, and none of them is a constant
        },
      };
    }
  },
  keyOf: ({ key }) => String(key),
  labelOf: ({ key, size, physical, pid }) =>
    `${String(size)}-bit key ${String(key)} at 0x${(physical as bigint).toString(16)} of ${String(pid)}`,
  mayBeInvented(row, { truth }) {
    if (truth.workload.keys.some((known) => isOf(row, known))) return 'keyCopy';
    // Keys that programs agree on among themselves are in the memory of those programs.
    return row['pid'] === null ? undefined : 'unknownKey';
  },
  *whole(rows, { truth }) {
    for (const row of rows) {
      yield* contradictory(row);
      if (row['pid'] !== truth.recorder.pid) yield* misplaced(row, truth);
    }
  },
};

/** The kernel's own keys are in no process, and some programs' only the program knows where. */
function addressOf({ pid, address }: KeyTruth) {
  if (address !== null) return BigInt(`0x${address}`);
  return pid === null ? null : someAddress;
}

const fingerprintOf = (key: string): string =>
  createHash('sha256').update(Buffer.from(key, 'hex')).digest('hex').slice(0, 16);

/** What is said of a key must hold of copies too, which the record does not list. */
function* contradictory({ key, size, fingerprint, form }: Row): Generator<string> {
  const digits = String(key);
  if (digits.length * 4 !== size) yield `key ${digits.slice(0, 8)}…: size is ${showCell(size ?? null)}`;
  if (fingerprint !== fingerprintOf(digits))
    yield `key ${digits.slice(0, 8)}…: fingerprint is ${showCell(fingerprint ?? null)}, not ${fingerprintOf(digits)}`;
  if (FORMS.judge(form ?? null) !== true)
    yield `key ${digits.slice(0, 8)}…: form is ${showCell(form ?? null)}, not ${FORMS.says}`;
}

/** Whoever is said to have a key must have memory there, of that name, and in it the same place in the page. */
function* misplaced({ key, pid, process, address, mapping, physical }: Row, truth: Truth): Generator<string> {
  const key8 = String(key).slice(0, 8);
  const owner = truth.processes.find((candidate) => candidate.pid === pid);
  if (pid === null) {
    const nothing = [process, address, mapping].every((cell) => cell === null);
    if (!nothing) yield `key ${key8}…: nobody has it, and yet a process, a mapping or an address is told`;
    return;
  }
  if (owner === undefined || typeof address !== 'bigint' || typeof physical !== 'bigint') {
    yield `key ${key8}…: pid ${String(pid)} is none, or has no address`;
    return;
  }
  if (process !== nameOf(owner.pid, truth))
    yield `key ${key8}…: process is ${showCell(process ?? null)}, the guest says ${nameOf(owner.pid, truth)}`;
  if (address % PAGE_BYTES !== physical % PAGE_BYTES)
    yield `key ${key8}…: ${showCell(address)} cannot be physical ${showCell(physical)}`;
  const area = areaAt(owner, address);
  const name = area?.path ?? `anonymous 0x${area?.start.toString(16)}-0x${area?.end.toString(16)}`;
  if (area === undefined || mapping !== name) {
    const said = area === undefined ? 'nothing is mapped there' : showCell(name);
    yield `key ${key8}… of pid ${String(pid)}: mapping is ${showCell(mapping ?? null)}, the guest says ${said}`;
  }
}

const isOf = (row: Row, { key, bits }: KeyTruth): boolean => row['key'] === key && row['size'] === bits;

function nameOf(pid: number, { processes }: Truth): string {
  const process = processes.find((candidate) => candidate.pid === pid);
  return process === undefined ? '' : textOf(parseStat(process.stat).comm);
}
