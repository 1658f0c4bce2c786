// Pages of zeros in place of what questions read, one at a time, on the shipped sample: dumpers write zeros for what they
// could not get in time. Whatever differs from the true answer must be absent, or said in a note.
import { beforeAll, describe, expect, it } from 'vitest';
import { plugins } from '../plugins/index.ts';
import { type Cell, isAbsent, type Row } from '../src/plugin/cell.ts';
import type { AnyPlugin } from '../src/plugin/contract.ts';
import type { Profile } from '../src/profile/profile.ts';
import { type Session, startSession } from '../src/session/session.ts';
import { openSnapshot, type Snapshot } from '../src/snapshot/open.ts';
import { Overlay } from './support/overlay.ts';
import { Random } from './support/random.ts';
import { type Answer, ask } from './support/rows.ts';

const SAMPLE = 'samples/web-1/after.kdump';
/** Pages tried of each question: each costs an answer. */
const TRIALS = Number(process.env['TRIALS'] ?? 25);

/** Questions about the kernel's structures; keys are found by a sweep, and the log is text. */
const QUESTIONS = ['pslist', 'pstree', 'files', 'maps', 'env', 'modules'];

let snapshot: Snapshot;
let overlay: Overlay;
let profile: Profile;

const session = (): Session => startSession({ ...snapshot, memory: overlay.memory() }, { profile });

/** A cell as text that tells all values apart. */
const textOf = (cell: Cell | undefined): string =>
  cell instanceof Date ? cell.toISOString() : `${typeof cell} ${String(cell)}`;

/** Whether an answer has more rows with an absent cell than the true one: what is missing is said there. */
function hasNewGap(truth: Answer, answer: Answer): boolean {
  const gaps = ({ rows }: Answer): number => rows.filter((row) => Object.values(row).some(isAbsent)).length;
  return gaps(answer) > gaps(truth);
}

/** What an answer says that the true one does not, without a note or an absent cell. */
function silentlyOther(truth: Answer, answer: Answer, plugin: AnyPlugin): string[] {
  if (answer.notes.length > truth.notes.length) return [];
  const keyOf = (row: Row): string => JSON.stringify(plugin.identity.map((name) => textOf(row[name])));
  const wrong: string[] = [];
  const known = new Map<string, Row[]>();
  for (const row of truth.rows) known.set(keyOf(row), [...(known.get(keyOf(row)) ?? []), row]);
  let lost = truth.rows.length;
  for (const row of answer.rows) {
    if (Object.values(row).some(isAbsent)) {
      lost--;
      continue; // it says itself that something of it is lost
    }
    const right = known.get(keyOf(row))?.shift();
    if (right === undefined) {
      wrong.push(`an invented row: ${keyOf(row)}`);
      continue;
    }
    lost--;
    for (const [name, cell] of Object.entries(row))
      if (textOf(cell) !== textOf(right[name]))
        wrong.push(`${keyOf(row)} ${name} is ${textOf(cell)}, not ${textOf(right[name])}`);
  }
  if (lost > 0 && !hasNewGap(truth, answer)) wrong.push(`${lost} rows are lost`);
  return wrong;
}

beforeAll(() => {
  snapshot = openSnapshot(SAMPLE);
  overlay = new Overlay(snapshot.contents.source);
  ({ profile } = session());
});

describe('a page of zeros', () => {
  it.each(
    plugins.filter(({ name }) => QUESTIONS.includes(name)).map((plugin) => [plugin.name, plugin] as const),
  )('gives %s no cell that is wrong without a word', { timeout: 600_000 }, async (_, plugin) => {
    const { kernel } = session();
    overlay.touched.clear();
    const truth = await ask(plugin, kernel);
    const random = new Random(20_203);
    const pages = [...overlay.touched];
    const wrong: string[] = [];
    for (let trial = 0; trial < TRIALS && pages.length > 0; trial++) {
      const [page] = pages.splice(random.below(pages.length), 1) as [number];
      overlay.damage(page, new Uint8Array(4096));
      try {
        const answer = await ask(plugin, session().kernel);
        for (const what of silentlyOther(truth, answer, plugin).slice(0, 3))
          wrong.push(`page 0x${page.toString(16)}: ${what}`);
      } catch (error) {
        // A kernel that cannot be bound at all says so.
        if (!(error instanceof Error) || error.constructor.name === 'TypeError') throw error;
      } finally {
        overlay.mend();
      }
    }
    expect(wrong).toEqual([]);
  });
});
