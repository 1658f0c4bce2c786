import { describe, expect, it } from 'vitest';
import type { SnapshotOrigin } from '../../src/memory/origin.ts';
import type { Snapshot } from '../../src/snapshot/open.ts';
import { drawSchedule } from '../crypto/schedules.ts';
import { Random } from '../support/random.ts';
import { writeKdump } from '../support/writers-kdump.ts';
import { scratchFolder } from '../support/writers-scratch.ts';
import { noise } from './noise.ts';

/** Threads run what the build made: the runner compiles sources on its own thread only. */
const built = (path: string): string => new URL(`../../dist/src/${path}`, import.meta.url).href;
const { aes } = (await import(built('crypto/aes.js'))) as typeof import('../../src/crypto/aes.ts');
const { sweep } = (await import(built('scan/sweep.js'))) as typeof import('../../src/scan/sweep.ts');
const { openSnapshot } = (await import(
  built('snapshot/open.js')
)) as typeof import('../../src/snapshot/open.ts');

const folder = scratchFolder();
const page = 4096;

function drawSnapshot(name: string): { snapshot: Snapshot; places: readonly number[] } {
  const random = new Random(1);
  const bytes = noise(4 << 20, 1);
  const places = Array.from({ length: 40 }, (_, i) => i * 100_000 + random.below(90_000));
  for (const at of places) bytes.set(drawSchedule(random.bytes(random.pick([16, 24, 32]))).bytes, at);
  return { snapshot: openSnapshot(folder.file(name, bytes)), places };
}

/** Ends its thread at the first block: one way or the other, by the first byte. */
const dying = `data:text/javascript,${encodeURIComponent(`export const aes = {
  name: 'aes', overlapBytes: 240,
  scan(bytes) { process.exit(bytes[0] < 128 ? 3 : 4); },
}`)}`;

const openPorts = () => process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length;

describe('a sweep on threads', () => {
  it('gives what one thread gives, in the same order', async () => {
    const { snapshot, places } = drawSnapshot('threads.raw');
    const { memory, origin } = snapshot;
    for (const workers of [1, 2, 3]) {
      const told: number[] = [];
      const hits: number[] = [];
      const progress = (done: number) => told.push(done);
      for await (const hit of sweep([aes], memory, origin, { workers, blockBytes: 16 * page, progress })) {
        hits.push(hit.physical);
      }
      expect(hits).toEqual(places);
      expect(told).toEqual(Array.from({ length: 64 }, (_, i) => (i + 1) * 16 * page));
    }
  });

  it('looks again at what had finds only, and leaves the same tags however many threads there are', async () => {
    const { snapshot, places } = drawSnapshot('known.raw');
    const path = folder.path('known.kdump');
    writeKdump(path, snapshot.memory.source);
    const { memory, origin } = openSnapshot(path);
    const left: Uint8Array[] = [];
    for (const workers of [1, 3, 3]) {
      const known = {
        secret: new Uint8Array(32),
        recall: () => left.at(-1) ?? new Uint8Array(0),
        remember: (tags: Uint8Array) => void left.push(tags),
      };
      const hits: number[] = [];
      for await (const { physical } of sweep([aes], memory, origin, { workers, known: () => known }))
        hits.push(physical);
      expect(hits).toEqual(places);
    }
    expect(left[0]!.length).toBeGreaterThan(50 * 16);
    expect(left[1]).toEqual(left[0]);
    expect(left[2]).toEqual(left[0]);
  });

  it('gives several scanners what they find alone, each with its own parameters', async () => {
    const { snapshot, places } = drawSnapshot('several.raw');
    const module = `data:text/javascript,${encodeURIComponent(`export const byte = {
      name: 'byte', version: 1, overlapBytes: 1,
      scan(bytes, from, to, report, { wanted }) {
        for (let at = from; at < to; at += 4096) if (bytes[at] === wanted) report(at, wanted);
      },
    }`)}`;
    const { byte } = (await import(module)) as { byte: typeof aes };
    const scanners = [7, 9].map((wanted) => ({ ...byte, module, parameters: { wanted } }));
    const [one, many] = [[], []] as [string[], string[]];
    for (const [workers, hits] of [
      [1, one],
      [3, many],
    ] as const) {
      const options = { workers, blockBytes: 16 * page };
      for await (const { by, physical } of sweep(
        [aes, ...scanners],
        snapshot.memory,
        snapshot.origin,
        options,
      ))
        hits.push(`${by} ${physical}`);
    }
    expect(many).toEqual(one);
    expect(many.filter((hit) => hit.startsWith('0 '))).toEqual(places.map((at) => `0 ${at}`));
    for (const by of [1, 2]) expect(many.some((hit) => hit.startsWith(`${by} `))).toBe(true);
  });

  it('does by itself what dying threads leave behind, and says that they died', async () => {
    const { snapshot, places } = drawSnapshot('dying.raw');
    const notes: string[] = [];
    const hits: number[] = [];
    const options = { workers: 2, blockBytes: 16 * page, note: (message: string) => notes.push(message) };
    for await (const hit of sweep([{ ...aes, module: dying }], snapshot.memory, snapshot.origin, options)) {
      hits.push(hit.physical);
    }
    expect(hits).toEqual(places);
    expect(notes.length).toBe(2);
    for (const note of notes) {
      expect(note).toMatch(
        /^aes: a worker thread ended early \(exit code [34]\): its share was looked at without it$/,
      );
    }
  });

  it('does everything by itself where threads cannot open the snapshot', async () => {
    const { snapshot, places } = drawSnapshot('vanished.raw');
    const origin: SnapshotOrigin = { path: folder.path('nowhere.raw'), options: {} };
    const notes: string[] = [];
    const hits: number[] = [];
    const note = (message: string) => notes.push(message);
    for await (const hit of sweep([aes], snapshot.memory, origin, { workers: 2, note }))
      hits.push(hit.physical);
    expect(hits).toEqual(places);
    expect(notes).toEqual(
      Array(2).fill(
        `aes: a worker thread ended early (cannot open ${origin.path}: no such file): its share was looked at without it`,
      ),
    );
  });

  it('ends its threads when the iteration is left early', async () => {
    const { snapshot } = drawSnapshot('left.raw');
    const before = openPorts();
    for await (const _ of sweep([aes], snapshot.memory, snapshot.origin, { workers: 2 })) {
      expect(openPorts()).toBeGreaterThan(before);
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(openPorts()).toBe(before);
  });
});
