// Policies where the user or the package keeps them, read with all that they include.
// What is wrong with one is told as compilers tell it: a line for each problem.
import { createHash } from 'node:crypto';
import { readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { Flaws } from '../base/flaws.ts';
import { hint } from '../base/nearest.ts';
import { shippedFolder } from '../files/shipped.ts';
import { fileTextOf, textOf } from '../files/text-file.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { PolicyText } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import type { BadPolicy } from '../policy/problem.ts';

/** The policy that a check is made with where none is named. */
export const USUAL_POLICY = 'cloud-linux';

const ENDING = '.yaml';
const LARGEST_POLICY = 1 << 20;
const DIGEST_DIGITS = 32;
/** A name is no path: `./web` is one, and `web.yaml` too. */
const NAME = /^[a-z0-9-]+$/;

/** Reads policies with all that they include: each a name of one that ships with the program, or a file. @throws ForensicError */
export async function policyFrom(words: readonly string[], plugins: readonly AnyPlugin[]): Promise<Policy> {
  return (await digestedPolicy(words, plugins)).policy;
}

/** The same, and what names all these texts: another digest means that some rule may be another. @throws ForensicError */
export async function digestedPolicy(
  words: readonly string[],
  plugins: readonly AnyPlugin[],
): Promise<{ readonly policy: Policy; readonly digest: string }> {
  const hash = createHash('sha256');
  const hashed = (policy: PolicyText): PolicyText => {
    hash.update(JSON.stringify(policy.text));
    return policy;
  };
  const texts = words.map((word) => hashed(policyText(word, word)));
  const { loadPolicy } = await import('../policy/load.ts');
  const policy = loadPolicy(texts, (name, from) => hashed(included(name, from)), plugins);
  return { policy, digest: hash.digest('hex').slice(0, DIGEST_DIGITS) };
}

/** The policy, for whoever goes no further with a bad one. @throws Flaws with a line for each problem, ForensicError */
export async function soundPolicy(
  words: readonly string[],
  plugins: readonly AnyPlugin[],
): ReturnType<typeof digestedPolicy> {
  try {
    return await digestedPolicy(words, plugins);
  } catch (error) {
    const { BadPolicy } = await import('../policy/problem.ts');
    if (!(error instanceof BadPolicy)) throw error;
    throw new Flaws(problemLines(error));
  }
}

/** What is wrong with a policy, a line for each problem, as compilers tell it. */
export const problemLines = ({ problems }: BadPolicy): string[] =>
  problems.map(({ at, message }) => `${at.file}:${at.line}:${at.column}: ${message}`);

/** A path in an included policy is relative to the file that names it. */
const included = (name: string, from: PolicyText): PolicyText =>
  policyText(
    NAME.test(name) ? name : resolve(dirname(from.key), name),
    NAME.test(name) ? name : join(dirname(from.file), name),
    fileTextOf,
  );

function policyText(word: string, shown: string, read = textOf): PolicyText {
  if (NAME.test(word)) return shippedText(word);
  const text = read(word, LARGEST_POLICY);
  return { file: shown, key: keyOf(word), text };
}

/** Shipped policies are named as they stand in the package, wherever that is. */
function shippedText(name: string): PolicyText {
  const folder = shippedFolder('policies');
  const names = folder === undefined ? [] : readdirSync(folder).filter((file) => file.endsWith(ENDING));
  const known = names.map((file) => basename(file, ENDING));
  if (folder === undefined || !known.includes(name))
    throw new UsageError(
      `there is no policy ${name}${hint(name, known)}; there are ${known.join(', ')}, and files: ./${name}${ENDING}`,
    );
  const path = join(folder, name + ENDING);
  return { file: `policies/${name}${ENDING}`, key: keyOf(path), text: textOf(path, LARGEST_POLICY) };
}

/** The file itself, by whatever links it is named. A pipe has none but its own name. */
function keyOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
