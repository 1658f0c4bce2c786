import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSession } from '../../src/session/session.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { writeLime } from '../support/writers.ts';
import { type Guest, guestsNamed } from './catalog.ts';
import { compareBindings } from './compare/bindings.ts';
import { compareWithTruth } from './compare/compare.ts';
import { firstDifference, printOutcome, type Result } from './compare/report.ts';
import { guestFolder } from './folders.ts';
import { dumpFiles } from './machine.ts';
import { makeGuest } from './make.ts';
import type { Truth } from './truth.ts';

/** Boots guests and lets each judge what the program says of its memory. */
async function main(words: readonly string[]): Promise<number> {
  const names = words.filter((word) => !word.startsWith('--'));
  const fresh = words.includes('--fresh');
  let failed = 0;
  let passed = 0;
  let tolerated = 0;
  for (const guest of guestsNamed(names.length > 0 ? names : ['amd64-6.1-cloud'])) {
    const complete = ['truth.json', ...Object.values(dumpFiles)].every((file) =>
      existsSync(join(guestFolder(guest.name), file)),
    );
    if (fresh || !complete) await makeGuest(guest, (line) => console.error(line));
    const results = await testGuest(guest);
    for (const { differences, tolerated: moved } of results) {
      for (const count of Object.values(moved)) tolerated += count;
      if (differences.length > 0) failed++;
      else passed++;
    }
    const kept = results.map(({ differences, ...result }) => ({
      ...result,
      differences: differences.length,
    }));
    await writeFile(join(guestFolder(guest.name), 'results.json'), `${JSON.stringify(kept, null, 2)}\n`);
  }
  console.log(`${tolerated} cells and rows tolerated`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

/** Every format and every way to bind, each judged. */
async function testGuest(guest: Guest): Promise<Result[]> {
  const folder = guestFolder(guest.name);
  const truth = JSON.parse(await readFile(join(folder, 'truth.json'), 'utf8')) as Truth;
  const results: Result[] = [];
  const tell = (result: Result): void => {
    results.push(result);
    printOutcome(result);
  };
  const scratch = await mkdtemp(join(tmpdir(), 'vestige-guest-'));
  try {
    const snapshots = new Map(
      Object.entries(dumpFiles).map(([format, file]) => [format, join(folder, file)]),
    );
    snapshots.set('lime', join(scratch, 'snapshot.lime'));
    const first = join(folder, dumpFiles.raw);
    const raw = openSnapshot(first);
    writeLime(snapshots.get('lime')!, raw.memory.source);
    raw.file.close();
    const seen = new Map<string, string>();
    for (const [format, path] of snapshots) await testFormat(guest, truth, { format, path }, seen, tell);
    for await (const outcome of compareBindings(first))
      tell({ guest: guest.name, format: 'raw', ...outcome });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return results;
}

async function testFormat(
  guest: Guest,
  truth: Truth,
  { format, path }: { readonly format: string; readonly path: string },
  seen: Map<string, string>,
  tell: (result: Result) => void,
): Promise<void> {
  const session = openSession(path);
  try {
    for await (const { answer, ...outcome } of compareWithTruth(session, truth, guest)) {
      const same = firstDifference(answer, outcome.plugin, seen);
      const differences = same === undefined ? outcome.differences : [...outcome.differences, same];
      tell({ guest: guest.name, format, ...outcome, differences });
    }
  } finally {
    session.close();
  }
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (cause: unknown) => {
    console.error(cause instanceof Error ? cause.stack : String(cause));
    process.exitCode = 2;
  },
);
