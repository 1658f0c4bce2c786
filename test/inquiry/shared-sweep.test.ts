// Whoever asks several questions of a snapshot has them share one pass over its memory.
import { afterEach, expect, it, vi } from 'vitest';
import pslist from '../../plugins/pslist.ts';
import { Inquiry } from '../../src/inquiry/inquiry.ts';
import { OpenSnapshot } from '../../src/inquiry/open-snapshot.ts';
import { Recall } from '../../src/inquiry/recall.ts';
import { PhysicalMemory } from '../../src/memory/physical.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import { carved, haystack } from '../support/scanning-questions.ts';

const SNAPSHOT = 'samples/web-1/after.kdump';
/** A sweep reads an extent at least, a walk single pages. */
const LARGE = 2 ** 15;
const TIMEOUT = { timeout: 120_000 };

/** Counts the passes over memory: how often the same part of it is read. */
function countPasses(): () => number {
  const spy = vi.spyOn(PhysicalMemory.prototype, 'readRun');
  return () => {
    const times = new Map<number, number>();
    for (const [at, into] of spy.mock.calls)
      if (into.length >= LARGE) times.set(at, (times.get(at) ?? 0) + 1);
    return Math.max(...times.values());
  };
}

const closing: { close(): void }[] = [];
afterEach(() => {
  for (const each of closing.splice(0)) each.close();
  vi.restoreAllMocks();
});

const listener = { warn: () => {}, say: () => {}, progress: () => {} };
const asking = async () => ({
  settings: { search: 'quick' } as const,
  recall: await Recall.open(undefined, listener),
  listener,
});

it('serves the questions of a command', TIMEOUT, async () => {
  const passes = countPasses();
  const inquiry = await Inquiry.begin(SNAPSHOT, await asking());
  closing.push(inquiry);
  const questions: readonly AnyPlugin[] = [pslist, haystack, carved];
  const answers = await inquiry.answers(questions);
  for (const { name } of questions) {
    const { rows, failure } = answers.get(name)!;
    expect([failure, rows.length > 0]).toEqual([undefined, true]);
  }
  expect(passes()).toBe(1);
});

it('serves the questions of a scan', TIMEOUT, async () => {
  const passes = countPasses();
  const { settings, recall } = await asking();
  const reading = await OpenSnapshot.open(SNAPSHOT, settings, recall);
  closing.push(reading);
  const found = await reading.answer(haystack, [carved]);
  expect(found.trace).toBeUndefined(); // it rests on all of memory
  expect((await reading.answer(carved, [])).rows.length).toBeGreaterThan(0);
  expect(passes()).toBe(1);
});
