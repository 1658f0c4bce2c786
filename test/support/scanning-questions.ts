// Questions that look for something in all of memory, for tests: one is told by the kernel at hand what things look like.
import type { Linux } from '../../src/kernel/linux/linux.ts';
import { definePlugin } from '../../src/plugin/contract.ts';
import type { Scanner } from '../../src/scan/scanner.ts';

/** Where a `task_struct` has what tells it. */
interface TaskOffsets {
  readonly pid: number;
  readonly name: number;
  readonly sought: string;
}

/** Finds what has the name of a process where a `task_struct` has it, and a number where that has its own. */
export const carvedTasks: Scanner<{ readonly pid: number }, TaskOffsets> = {
  name: 'carvedTasks',
  module: import.meta.url,
  version: 1,
  overlapBytes: 8192,
  scan(bytes, from, to, report, offsets) {
    const { pid, name, sought } = offsets!;
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = all.indexOf(`${sought}\0`, from + name); at >= 0; at = all.indexOf(`${sought}\0`, at + 1)) {
      const start = at - name;
      if (start >= to) return;
      const number = all.readInt32LE(start + pid);
      if (start >= from && number > 0 && number < 32768) report(start, { pid: number });
    }
  },
};

/** Every kernel has it in its banner. */
export const NEEDLE = 'Linux version ';

/** Finds where the needle begins. */
export const needles: Scanner<number> = {
  name: 'needles',
  module: import.meta.url,
  version: 1,
  overlapBytes: NEEDLE.length,
  scan(bytes, from, to, report) {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = all.indexOf(NEEDLE, from); at >= 0 && at < to; at = all.indexOf(NEEDLE, at + 1))
      report(at, at);
  },
};

const offsetsIn = ({ types }: Linux): TaskOffsets => ({
  pid: types.offsetOf('task_struct', 'pid'),
  name: types.offsetOf('task_struct', 'comm'),
  sought: 'kthreadd',
});

/** Processes of one name, wherever in memory they are. */
export const carved = definePlugin({
  name: 'carved',
  summary: 'Find processes called kthreadd anywhere in memory',
  example: '--pid 1',
  version: 1,
  scans: { tasks: async (kernel) => ({ ...carvedTasks, parameters: offsetsIn(kernel) }) },
  *subjects(_kernel, _options, { finds }) {
    yield* finds.tasks;
  },
  columns: {
    pid: { int: ({ found }) => found.pid },
    physical: { address: ({ physical }) => BigInt(physical), space: 'physical' },
  },
  identity: ['physical'],
});

/** Every needle. */
export const haystack = definePlugin({
  name: 'haystack',
  summary: 'Find needles',
  example: '',
  version: 1,
  scans: { needles: async () => needles },
  *subjects(_kernel, _options, { finds }) {
    yield* finds.needles;
  },
  columns: { physical: { address: ({ physical }) => BigInt(physical), space: 'physical' } },
  identity: ['physical'],
});
