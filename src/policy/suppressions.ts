// Suppressions: findings that a policy lets pass, until a day or for ever.
// It remembers which of them matched, so that useless ones can be named.
import type { Policy, SuppressionRule } from './policy.ts';
import { placeText } from './problem.ts';
import type { RuleVerdict, Suppression } from './verdict.ts';

/** The suppressions of a policy on one day, and which of them were of use. */
export class Suppressions {
  readonly #active: readonly SuppressionRule[];
  readonly #expired: readonly SuppressionRule[];
  readonly #used = new Set<SuppressionRule>();

  /** @param today `2027-01-31`: on the day that a suppression names it still holds */
  constructor({ suppressions }: Policy, today: string) {
    const isOver = ({ expires }: SuppressionRule): boolean => expires !== null && expires < today;
    this.#active = suppressions.filter((one) => !isOver(one));
    this.#expired = suppressions.filter(isOver);
  }

  /** What keeps a finding of this rule from counting, or null. @param variables those of the finding */
  of(rule: string, variables: object): Suppression | null {
    const found = this.#active.find((one) => one.rule === rule && matches(one, variables));
    if (found === undefined) return null;
    this.#used.add(found);
    return { by: 'policy', reason: found.reason, expires: found.expires };
  }

  /** What the author of the policy should know, now that all is judged. */
  notesAfter(rules: readonly RuleVerdict[]): string[] {
    const judged = new Set(rules.filter(({ outcome }) => outcome !== 'skipped').map(({ rule }) => rule.id));
    const idle = this.#active.filter((one) => judged.has(one.rule) && !this.#used.has(one));
    return [
      ...this.#expired.map((one) => `${nameOf(one)} has expired on ${one.expires} and counts no more`),
      ...idle.map((one) => `${nameOf(one)} matches nothing`),
    ];
  }
}

const nameOf = ({ rule, at }: SuppressionRule): string => `the suppression of ${rule} (${placeText(at)})`;

function matches({ where }: SuppressionRule, variables: object): boolean {
  if (where === undefined) return true;
  try {
    return where.evaluate(variables) === true;
  } catch {
    return false; // what is not known to be suppressed counts
  }
}
