import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ForensicError } from '../../src/base/errors.ts';
import { convert } from '../../src/convert/convert.ts';
import type { From } from '../../src/convert/from.ts';
import { openSession } from '../../src/session/session.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { catalog, type Guest, guestsNamed } from './catalog.ts';
import { compareArtefacts } from './compare/artefacts.ts';
import { compareBindings } from './compare/bindings.ts';
import { compareWithTruth } from './compare/compare.ts';
import type { Outcome } from './compare/match.ts';
import { compareIntegrity, comparePolicy } from './compare/policy.ts';
import { compareRecovered } from './compare/recovered.ts';
import { firstDifference, printOutcome, type Result } from './compare/report.ts';
import { guestFolder } from './folders.ts';
import { judgementOf } from './judgement.ts';
import { dumpFiles, type GuestNote, rawLayoutOf } from './machine.ts';
import { makeGuest } from './make.ts';
import { isAsGood, keepResults, readResults, summarize } from './results.ts';
import { turnOf } from './rotation.ts';
import { shippedProfiles } from './shipped-profiles.ts';
import type { Truth } from './truth.ts';

/** The guest that is tested where none is named. */
const USUAL = 'amd64-6.1-cloud';

/** The way in which the shipped policies are asked: they judge answers, and are no questions of the matrix. */
const POLICY = 'shipped policies';
/** What is saved, judged by its own content and by gdb: no question of the matrix either. */
const ARTEFACTS = 'saved bytes';

/** The guests that the command line asks for: named ones, all, or today's two. */
function chosen(words: readonly string[]): readonly Guest[] {
  if (words.includes('--all')) return catalog;
  if (words.includes('--rotate')) {
    const { guests, why } = turnOf(catalog, new Date());
    console.log(why);
    return guests;
  }
  const names = words.filter((word) => !word.startsWith('--'));
  return guestsNamed(names.length > 0 ? names : [USUAL]);
}

/** Boots guests and lets each judge what the program says of its memory. */
async function main(words: readonly string[]): Promise<number> {
  const former = await readResults();
  const tally = { passed: 0, failed: 0, tolerated: 0 };
  for (const guest of chosen(words)) {
    const folder = guestFolder(guest.name);
    const complete = ['guest.json', 'truth.json', ...Object.values(dumpFiles)].every((file) =>
      existsSync(join(folder, file)),
    );
    if (words.includes('--fresh') || !complete) await makeGuest(guest, (line) => console.error(line));
    const results = await testGuest(guest);
    for (const result of results) {
      for (const count of Object.values(result.tolerated)) tally.tolerated += count;
      tally[isAsGood(result, former[guest.name]) ? 'passed' : 'failed']++;
    }
    // A check changes nothing in the checkout: the archive's kernels move on by themselves.
    if (words.includes('--rotate')) continue;
    const { release } = JSON.parse(await readFile(join(folder, 'guest.json'), 'utf8')) as GuestNote;
    const answers = results.filter(({ way }) => way !== POLICY && way !== ARTEFACTS);
    await keepResults(guest.name, summarize(guest, release, answers));
  }
  console.log(`${tally.tolerated} cells and rows tolerated`);
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed > 0 ? 1 : 0;
}

/** Every format and every way to bind, each judged. */
async function testGuest(guest: Guest): Promise<Result[]> {
  const folder = guestFolder(guest.name);
  const truth = JSON.parse(await readFile(join(folder, 'truth.json'), 'utf8')) as Truth;
  const results: Result[] = [];
  const tell = (way: string, outcome: Outcome): void => {
    const judgement = judgementOf(outcome.differences, outcome.explained);
    const result = { guest: guest.name, way, ...outcome, judgement };
    results.push(result);
    printOutcome(result);
  };
  const scratch = await mkdtemp(join(tmpdir(), 'vestige-guest-'));
  try {
    const lime = join(scratch, 'snapshot.lime');
    const layout = rawLayoutOf(guest);
    const profileSource = shippedProfiles();
    const raw = join(folder, dumpFiles.raw);
    await caught('lime', tell, async () => {
      const opened = openSnapshot(raw, layout);
      await convert(plainly(opened.memory.source), 'lime', lime);
      opened.file.close();
    });
    const snapshots = Object.entries(dumpFiles).map(
      ([format, file]) => [format, join(folder, file)] as const,
    );
    const seen = new Map<string, string>();
    for (const [format, path] of [...snapshots, ['lime', lime] as const]) {
      await caught(format, tell, async () => {
        const session = openSession(path, { profileSource });
        try {
          for await (const { answer, ...outcome } of compareWithTruth(session, truth, guest)) {
            const same = firstDifference(answer, outcome.plugin, seen);
            // That two formats differ is wrong, whatever the program says of either.
            const { explained: _, ...unexplained } = outcome;
            tell(
              format,
              same === undefined ? outcome : { ...unexplained, differences: [...outcome.differences, same] },
            );
          }
        } finally {
          session.close();
        }
      });
    }
    await caught('bindings', tell, async () => {
      for await (const { way, ...outcome } of compareBindings(raw, layout, profileSource)) tell(way, outcome);
    });
    await caught(POLICY, tell, async () => {
      const session = openSession(raw, { profileSource });
      try {
        tell(POLICY, await comparePolicy(session, truth));
        tell(POLICY, await compareIntegrity(session));
        tell(ARTEFACTS, compareArtefacts(session, truth));
        tell(ARTEFACTS, await compareRecovered(session, truth));
      } finally {
        session.close();
      }
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return results;
}

/** Memory of which nothing else is known: formats without headers of a machine need no more. */
const plainly = (source: From['source']): From => ({
  ...{ source, machine: null, notes: new Uint8Array(0), vmcoreinfo: null },
  ...{ pageBytes: 4096, takenAt: null, hostname: null },
});

/** A snapshot whose kernel is not found is a result too: it must not keep the other guests from being tested. */
async function caught(
  way: string,
  tell: (way: string, outcome: Outcome) => void,
  judge: () => Promise<void>,
): Promise<void> {
  try {
    await judge();
  } catch (cause) {
    const said =
      cause instanceof ForensicError ? cause.message : cause instanceof Error ? cause.stack : cause;
    tell(way, { plugin: 'info', rows: 0, differences: [`info ${String(said)}`], tolerated: {} });
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
