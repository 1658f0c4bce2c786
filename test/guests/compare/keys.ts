import type { Row } from '../../../src/plugin/cell.ts';
import type { KeyTruth, Truth } from '../truth.ts';
import { type Comparison, judge, someText, textOrNone } from './expect.ts';
import { parseStat, textOf } from './proc.ts';

const someAddress = judge('an address', (cell) => typeof cell === 'bigint' && cell >= 0n);
const addressOrNone = judge('an address or nothing', (cell) => cell === null || typeof cell === 'bigint');

/**
 * One key may be expanded in many places, and libraries keep copies: each that the workload knows must be found
 * where it knows it to be, and no row may be of a key that nobody is known to use.
 */
export const keys: Comparison = {
  plugin: 'keys',
  options: { reveal: true },
  *expected({ truth }) {
    for (const known of truth.workload.keys) {
      const { key, bits, pid, address } = known;
      yield {
        key,
        label: `${bits}-bit key ${key.slice(0, 8)}… (${known.use})`,
        cells: {
          size: bits,
          key,
          fingerprint: someText,
          physical: someAddress,
          pid: pid ?? judge('any', () => true),
          process: pid === null ? textOrNone : nameOf(pid, truth),
          mapping: textOrNone,
          address: address === null ? addressOrNone : BigInt(`0x${address}`),
          form: someText,
        },
      };
    }
  },
  keyOf: ({ key }) => String(key),
  labelOf: ({ key, size, physical, pid }) =>
    `${String(size)}-bit key ${String(key)} at 0x${(physical as bigint).toString(16)} of ${String(pid)}`,
  mayBeInvented: (row, { truth }) =>
    truth.workload.keys.some((known) => isOf(row, known)) ? 'keyCopy' : 'unknownKey',
};

const isOf = (row: Row, { key, bits }: KeyTruth): boolean => row['key'] === key && row['size'] === bits;

function nameOf(pid: number, { processes }: Truth): string {
  const process = processes.find((candidate) => candidate.pid === pid);
  return process === undefined ? '' : textOf(parseStat(process.stat).comm);
}
