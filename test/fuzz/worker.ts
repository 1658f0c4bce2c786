// Tries cases in a process of its own: one that hangs, dies or fills memory costs the fuzzer nothing but itself.
// It is told a number at a time and answers with what came of that case.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Case, draw, randomOf, tryCase, type Verdict } from './case.ts';
import { allDamages } from './damage.ts';
import { drawAll, drawFile, FILES, tryFileCase } from './files.ts';
import { World } from './world.ts';

/** What the worker is asked: the case of a number, or one that is given. */
export type Wish = { readonly number: number; readonly former?: Case } | { readonly given: Case };

/** What it answers. */
export interface Reply {
  /** Without its edits where nobody wants to see them again: a file's are all of its bytes. */
  readonly tried: Case;
  readonly verdict: Verdict;
  /** The most memory that this process has had so far, in bytes. */
  readonly peakBytes: number;
}

/** What is damaged: files of every kind, or the memory of one snapshot. */
interface Ground {
  draw(number: number, former: Case | undefined): Case;
  try(tried: Case, isFollowUp: boolean): Promise<Verdict>;
}

const [path, seed] = process.argv.slice(2) as [string, string];
const folder = mkdtempSync(join(tmpdir(), 'vestige-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

async function groundOf(name: string): Promise<Ground> {
  if (name === FILES) {
    const whole = drawAll(folder);
    return {
      draw: (number) => drawFile(whole, randomOf(Number(seed), number)),
      try: (tried) => tryFileCase(tried, folder),
    };
  }
  const world = await World.open(name);
  return {
    draw: (number, former) => {
      const random = randomOf(Number(seed), number);
      return draw(world, random, random.pick(allDamages), former);
    },
    try: (tried, isFollowUp) => tryCase(world, tried, isFollowUp),
  };
}

const ground = await groundOf(path);
process.on('message', (wish: Wish) => {
  void (async () => {
    const tried = 'given' in wish ? wish.given : ground.draw(wish.number, wish.former);
    const verdict = await ground.try(tried, 'former' in wish);
    const isDull = verdict.fault === undefined && verdict.traits.length === 0;
    process.send!({
      tried: isDull ? { ...tried, edits: [] } : tried,
      verdict,
      peakBytes: process.resourceUsage().maxRSS * 1024,
    } satisfies Reply);
  })();
});
process.on('disconnect', () => process.exit());
process.send!('ready');
