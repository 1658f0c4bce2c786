// Questions that share one pass over memory: each is answered as if it were alone.
import { describe, expect, it } from 'vitest';
import keys from '../../plugins/keys.ts';
import { NotInKernel } from '../../src/base/errors.ts';
import { Linux } from '../../src/kernel/linux/linux.ts';
import { ask as askLibrary } from '../../src/library/ask.ts';
import { PhysicalMemory } from '../../src/memory/physical.ts';
import { recordReads } from '../../src/memory/reads.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import { type Request, runPlugin } from '../../src/plugin/run.ts';
import { SharedSweep } from '../../src/plugin/shared-sweep.ts';
import { AddressSpace } from '../../src/translate/address-space.ts';
import { drawSchedule } from '../crypto/schedules.ts';
import { fakeKernel } from '../support/kernel.ts';
import { type Answer, ask, column } from '../support/rows.ts';
import { carved, carvedTasks, haystack, NEEDLE, needles } from '../support/scanning-questions.ts';

const questions: readonly AnyPlugin[] = [keys, carved, haystack];

const BLOCK = 2 ** 20;
/** Bytes that are read of so much memory for scanners that reach so far: once, and what lies about the ends of each block. */
const once = (size: number, reach: number): number => size + 2 * reach * (Math.ceil(size / BLOCK) - 1);
const [SHORT_REACH, LONG_REACH] = [4096, 16384];

/** A kernel with two processes of one name, a key and needles, and how often whole passes over its memory read a page. */
function drawn() {
  const kernel = fakeKernel('init(1)  kthreadd(200 < 1)  kthreadd(201 < 1)');
  const page = kernel.image.takePages(3);
  kernel.image.write(page + 64, drawSchedule(Buffer.alloc(16, 7)).bytes);
  for (const at of [0x1000, 0x2000 - 3, 0x2500]) kernel.image.write(page + at, NEEDLE);
  const { space, profile } = kernel.linux();
  const { source } = space.memory;
  let bytes = 0;
  const memory = new PhysicalMemory({
    ...source,
    read(at, into) {
      if (into.length > 65536) bytes += into.length; // a walk reads a chunk at most
      return source.read(at, into);
    },
  });
  const linux = new Linux({
    space: new AddressSpace(memory, space.paging),
    profile,
    slide: 0n,
    origin: null,
  });
  return { linux, swept: () => bytes, size: memory.end };
}

async function answer(plugin: AnyPlugin, kernel: Linux, more: Partial<Request>): Promise<Answer> {
  const rows = [];
  for await (const row of runPlugin(plugin, kernel, { options: {}, ...more })) rows.push(row);
  return { rows, notes: kernel.notes.drain() };
}

async function alone(): Promise<Answer[]> {
  const answers = [];
  for (const plugin of questions) answers.push(await ask(plugin, drawn().linux));
  return answers;
}

describe('questions that share a sweep', () => {
  it('declare scanners that threads can import by their names', async () => {
    for (const scanner of [carvedTasks, needles])
      expect(await import(scanner.module)).toHaveProperty(scanner.name, scanner);
  });

  it('answer as they do alone, read memory once, and tell of one progress', async () => {
    const { linux, swept, size } = drawn();
    const sweep = new SharedSweep();
    sweep.expect(questions);
    const told: [number, number][] = [];
    const progress = (done: number, total: number) => told.push([done, total]);
    const answers = [];
    for (const plugin of questions) answers.push(await answer(plugin, linux, { sweep, progress }));
    expect(answers).toEqual(await alone());
    expect(answers.map(({ rows }) => rows.length)).toEqual([1, 2, 3]);
    expect(column(answers[1]!, 'pid')).toEqual([200, 201]);
    expect(swept()).toBe(once(size, LONG_REACH));
    expect(told).toEqual([...told].sort(([one], [other]) => one - other));
    expect(told.filter(([done, total]) => done === total)).toHaveLength(1);
  });

  it('are swept for when they are asked, where nobody expected them', async () => {
    const { linux, swept, size } = drawn();
    const sweep = new SharedSweep();
    for (const plugin of questions) expect((await answer(plugin, linux, { sweep })).rows).not.toEqual([]);
    expect(swept()).toBe(2 * once(size, SHORT_REACH) + once(size, LONG_REACH));
  });

  it('lose nothing by one whose scanner cannot be made for the kernel', async () => {
    const { linux } = drawn();
    const odd: AnyPlugin = {
      ...carved,
      name: 'odd',
      scans: {
        async tasks() {
          throw new NotInKernel('task_struct.comm');
        },
      },
    };
    const sweep = new SharedSweep();
    sweep.expect([odd, haystack]);
    expect((await answer(haystack, linux, { sweep })).rows).toHaveLength(3);
    const { rows, notes } = await answer(odd, linux, { sweep });
    expect(rows).toEqual([]);
    expect(notes[0]).toMatch(/^odd stopped early: .*task_struct\.comm/);
  });

  it('pay for what is found from their own limits', async () => {
    const { linux } = drawn();
    linux.space.memory.limits = { ...linux.space.memory.limits, reads: 90 };
    const sweep = new SharedSweep();
    sweep.expect([haystack, carved]);
    const { rows, notes } = await answer(haystack, linux, { sweep });
    expect(rows).toEqual([]);
    expect(notes[0]).toMatch(/^haystack stopped early: it takes more than .* of work/);
    expect((await answer(carved, linux, { sweep })).rows).toHaveLength(2);
  });

  it('rest on all of memory, whichever of them swept it', async () => {
    const { linux } = drawn();
    const { memory } = linux.space;
    const sweep = new SharedSweep();
    sweep.expect([haystack, carved]);
    for (const plugin of [haystack, carved]) {
      const { reads } = await recordReads(memory, () => answer(plugin, linux, { sweep }));
      expect(reads).toBeNull();
    }
  });

  it('share it in programs that ask them without waiting', async () => {
    const { linux, swept, size } = drawn();
    const asked = { kernel: linux, snapshot: { file: { troubles: [] } } } as never;
    const answers = await Promise.all([askLibrary(asked, haystack), askLibrary(asked, carved)]);
    expect(answers.map(({ rows }) => rows.length)).toEqual([3, 2]);
    expect(swept()).toBe(once(size, LONG_REACH));
    await expect(askLibrary(asked, haystack, { columns: ['no' as never] })).rejects.toThrow('no column no');
  });
});
