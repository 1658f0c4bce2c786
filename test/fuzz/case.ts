// One trial of the fuzzer: what is damaged, and what came of it.
import { ForensicError } from '../../src/base/errors.ts';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import { Random } from '../support/random.ts';
import { allDamages, apply, type Damage, type Edit, wordsIn } from './damage.ts';
import { faultIn } from './judge.ts';
import { type Asked, answer, type Binding, cpuSince, pageOf, type World } from './world.ts';

/** A trial that can be made again: with the same snapshot it is the same. */
export interface Case {
  /** The file name of the snapshot. */
  readonly snapshot: string;
  readonly damage: string;
  readonly edits: readonly Edit[];
  /** What is asked: the question whose words are damaged, and another that reads some of them, or all that do. */
  readonly questions: readonly string[];
  /** How the kernel is to be found once more, if at all. */
  readonly binds: Binding | null;
}

/** What came of a trial. */
export interface Verdict {
  /** What is wrong; undefined where all is as it must be. */
  readonly fault: string | undefined;
  readonly cpuMs: number;
  /** A sign that the trial went where none went before: the kinds of note, and how many rows there were. */
  readonly traits: readonly string[];
}

/** One trial in so many finds the kernel anew, where it reads what is damaged: that takes as long as several questions. */
const BINDS_ONE_IN = 16;
/** One trial in so many asks every question that reads what is damaged. */
const ASKS_ALL_ONE_IN = 4;
/** One trial in so many damages what the kernel is found by: where that misleads, all of memory may be searched. */
const BOOTS_ONE_IN = 40;
const CPU_OF_BINDING_FACTOR = 10;
const CPU_OF_BINDING_FLOOR_MS = 2000;

/** Makes a new trial of one way of damage; `former` is one that it goes on from. */
export function draw(world: World, random: Random, damage: Damage, former?: Case): Case {
  const aim = aimAt(world, random);
  const edits = [...(former?.edits ?? []), ...damage.edits(world, aim.words, random)];
  const readers = world.readersOf(wordsIn(world, edits)).map((asked) => asked.plugin.name);
  const others =
    random.below(ASKS_ALL_ONE_IN) === 0 || readers.length === 0 ? readers : [random.pick(readers)];
  return {
    ...{ snapshot: world.path, damage: damage.name, edits, binds: aim.binds },
    questions: [...new Set([...aim.questions, ...others])],
  };
}

/** What a trial damages: words that a question reads, or those that the kernel is found by. */
function aimAt(
  { asked, boot }: World,
  random: Random,
): { words: readonly number[]; questions: string[]; binds: Binding | null } {
  if (random.below(BOOTS_ONE_IN) === 0) {
    const words = random.pick([boot.facts, boot.facts, boot.tables]);
    if (words.length > 0)
      return { words, questions: [], binds: random.pick(['by profile', 'by profile', 'anew']) };
  }
  const { plugin, words } = random.pick(asked.filter((each) => each.words.length > 0));
  return { words, questions: [plugin.name], binds: random.below(BINDS_ONE_IN) === 0 ? 'by profile' : null };
}

/** Tries a case. Errors that nobody explains are what is wrong, and so is a cost out of proportion. */
export async function tryCase(
  world: World,
  { damage: name, edits, questions, binds }: Case,
  isFollowUp = false,
): Promise<Verdict> {
  const damage = allDamages.find((candidate) => candidate.name === name);
  const began = process.cpuUsage();
  const traits: string[] = [];
  try {
    apply(world, edits);
    const kernel = world.kernel();
    for (const asked of world.asked.filter(({ plugin }) => questions.includes(plugin.name))) {
      const fault = await tryQuestion(kernel, asked, isFollowUp ? undefined : damage, traits);
      if (fault !== undefined) return { fault, cpuMs: cpuSince(began), traits };
    }
    const isRead = binds === 'anew' || touches(world, wordsIn(world, edits));
    const fault = binds !== null && isRead ? await tryBinding(world, binds) : undefined;
    return { fault, cpuMs: cpuSince(began), traits };
  } finally {
    world.overlay.mend();
  }
}

async function tryQuestion(
  kernel: Linux,
  asked: Asked,
  damage: Damage | undefined,
  traits: string[],
): Promise<string | undefined> {
  try {
    const outcome = await answer(kernel, asked.plugin);
    traits.push(`${asked.plugin.name} ${Math.round(Math.log2(1 + outcome.rows.length))}`);
    for (const note of outcome.notes) traits.push(note.replace(/0x[\da-f]+|\d+|"[^"]*"/g, '#').slice(0, 120));
    return faultIn(asked, outcome, damage);
  } catch (error) {
    return unexplained(error, asked.plugin.name);
  }
}

/** Whether finding the kernel reads any of the words. */
const touches = ({ bindingPages }: World, words: ReadonlySet<number>): boolean => {
  const pages = new Set([...words].map(pageOf));
  return bindingPages.some((page) => pages.has(page));
};

async function tryBinding(world: World, binding: Binding): Promise<string | undefined> {
  const began = process.cpuUsage();
  try {
    await world.bindAndAsk([world.asked[0]!.plugin], binding);
  } catch (error) {
    if (!(error instanceof ForensicError)) return unexplained(error, 'finding the kernel');
    if (error.message.includes('\n')) return 'finding the kernel fails with an error of several lines';
  }
  const cpuMs = cpuSince(began);
  const most = CPU_OF_BINDING_FLOOR_MS + CPU_OF_BINDING_FACTOR * world.bindingMs[binding];
  return cpuMs > most ? `finding the kernel ${binding} took ${Math.round(cpuMs)} ms of CPU` : undefined;
}

const unexplained = (error: unknown, what: string): string =>
  `${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;

/** A generator for the trial of this number. */
export const randomOf = (seed: number, number: number): Random =>
  new Random(Math.imul(seed, 0x9e37_79b1) ^ number);
