// Delivers the messages of the outbox, in their order.
// After some failures a message waits for the next scan, for a week at most.
import type { StoreInterface } from '../store/interface.ts';
import type { Waiting } from '../store/outbox.ts';
import { type Channel, Undelivered } from './channel.ts';
import type { ScanEvent } from './event.ts';

/** Pauses before the second try and those after it. */
const BACKOFF_MS: readonly number[] = [500, 2_000];
/** How long a message waits for somebody to take it. */
const PATIENCE_MS = 7 * 86_400_000;

/** Brings what waits in the outbox to where it is to go, in its order. */
export class Delivery {
  readonly #outbox: StoreInterface['outbox'];
  readonly #channels: readonly Channel[];
  readonly #tell: (event: ScanEvent) => void;
  readonly #wait: (ms: number) => Promise<void>;
  /** Channels that took nothing in this scan: the next one may have more luck, and this one work to do. */
  readonly #down = new Set<string>();

  constructor(
    outbox: StoreInterface['outbox'],
    channels: readonly Channel[],
    tell: (event: ScanEvent) => void,
    wait: (ms: number) => Promise<void>,
  ) {
    this.#outbox = outbox;
    this.#channels = channels;
    this.#tell = tell;
    this.#wait = wait;
  }

  /** Ends the wait of messages that nobody took for days. */
  giveUp(now: number = Date.now()): void {
    for (const { channel, count, why } of this.#outbox.giveUp(new Date(now - PATIENCE_MS).toISOString()))
      this.#tell({ kind: 'undelivered', channel, count, why: why ?? 'nobody asked for it', isFinal: true });
  }

  /** Delivers what waits. A message that is not taken stays, and those after it in its channel too. */
  async run(): Promise<void> {
    for (const channel of this.#channels) {
      if (this.#down.has(channel.name)) continue;
      const waiting = this.#outbox.waiting(channel.name);
      for (const [index, message] of waiting.entries()) {
        const why = await this.#deliver(channel, message);
        if (why === undefined) {
          this.#outbox.sent(message.number);
          continue;
        }
        this.#outbox.failed(message.number, why);
        this.#down.add(channel.name);
        const count = waiting.length - index;
        this.#tell({ kind: 'undelivered', channel: channel.name, count, why, isFinal: false });
        break;
      }
    }
  }

  /** @returns why nobody has taken it, or undefined where somebody has. */
  async #deliver(channel: Channel, message: Waiting): Promise<string | undefined> {
    for (let failures = 0; ; failures++) {
      try {
        await channel.deliver(message);
        return undefined;
      } catch (error) {
        if (!(error instanceof Undelivered)) throw error;
        const pause = BACKOFF_MS[failures];
        if (!error.isPassing || pause === undefined) return error.message;
        await this.#wait(pause);
      }
    }
  }
}
