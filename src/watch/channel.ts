// The interface of a channel that takes messages: a webhook, a program, the system's log.
// A message that nobody took stays in the outbox.

/** A message on its way. */
export interface Message {
  /** The same for every try. */
  readonly id: string;
  readonly body: string;
}

/** A way to tell somebody. */
export interface Channel {
  /** The word that messages are kept under: `webhook`. */
  readonly name: string;
  /** @throws Undelivered */
  deliver(message: Message): Promise<void>;
}

/** Nobody has taken the message. Caught by delivery, which tries again or lets it wait. */
export class Undelivered extends Error {
  /** Whether another try within the same minute makes sense. */
  readonly isPassing: boolean;
  constructor(why: string, isPassing: boolean) {
    super(why);
    this.isPassing = isPassing;
  }
}
