// What conditions throw for cells that cannot be read or do not apply, and the meter that counts their steps.
// A rule that takes too many steps ends.

/**
 * Reading a cell that has no value ends the condition that reads it. These are thrown for many rows and caught by the
 * judge, so they carry no stack.
 */
abstract class Unread extends Error {
  constructor(message?: string) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The cell could not be read: nobody knows whether the condition holds. The message tells which cell, and why. */
export class AbsentRead extends Unread {}

/** The cell does not apply: the condition does not hold, as with NULL in SQL. */
export class NullRead extends Unread {}

/** The condition has taken more steps than a rule may. */
export class Exhausted extends Unread {}

/** What one rule may spend on one snapshot: some seconds of work. */
export const STEPS_OF_A_RULE = 20_000_000;

/** Counts the steps of conditions, so that none runs for ever, whatever the policy and the evidence are. */
export class Meter {
  #left = STEPS_OF_A_RULE;

  /** @throws Exhausted */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new Exhausted();
  }

  refill(steps: number): void {
    this.#left = steps;
  }
}
