// A running machine that QEMU runs, used through QEMU's own protocol (QMP).
// It pauses the machine, has memory written, and resumes it.
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FormatRefused, messageOf, NotAcquired, nextStep, quoted } from './errors.ts';
import type { About, Format, Guest, Order, Progress, Written } from './guest.ts';
import { Qmp, type QmpEvent } from './qmp.ts';
import { rawRamRange } from './raw-ram-range.ts';

/** QEMU's word for a format of dump-guest-memory. */
const DUMP_FORMATS: Readonly<Record<Exclude<Format, 'raw'>, string>> = { elf: 'elf', kdump: 'kdump-zlib' };

const POLL_MS = 100;

/** What QEMU does before it answers that a dump has begun: it looks at all memory that is mapped. */
const BEGIN_MS = 120_000;

/** A dump that has not come on for so long hangs, and whoever waits to resume the guest waits in vain. */
const HANGS_MS = 120_000;

/** How long QEMU may be busy with a raw file that nobody wants any more before it hears that the guest may go on. */
const BUSY_MS = 600_000;

/** How often, and at what distance, a connection is tried anew for the guest's sake. */
const RECONNECTIONS = 5;
const RECONNECT_MS = 500;

/** A machine without an identity of its own has this one. */
const NO_UUID = /^[0-]*$/;

/** A machine that QEMU runs, spoken to in QEMU's own protocol. */
export class QmpGuest implements Guest {
  readonly wantsFile = true;
  readonly #address: string;
  #qmp!: Qmp;
  /** The guest was seen to stop, whoever stopped it. */
  #stopped = false;
  /** Why QEMU's last dump failed, in its own words. */
  #failure = '';

  private constructor(address: string) {
    this.#address = address;
  }

  /** Connects to the socket that QEMU listens at. @throws NotAcquired */
  static async connect(address: string, signal: AbortSignal): Promise<QmpGuest> {
    const guest = new QmpGuest(address);
    await guest.#connect(signal);
    return guest;
  }

  async about(signal: AbortSignal): Promise<About> {
    const { name } = await this.#qmp.askFields('query-name', {}, { signal });
    const memory = await this.#qmp.askFields('query-memory-size-summary', {}, { signal });
    const bytes = [memory['base-memory'], memory['plugged-memory'] ?? 0].map(Number);
    const known = bytes.every((count) => Number.isSafeInteger(count) && count >= 0);
    return {
      name: typeof name === 'string' && name !== '' ? name : await this.#namelessName(signal),
      memoryBytes: known ? bytes.reduce((sum, count) => sum + count) : undefined,
    };
  }

  async write(order: Order): Promise<Written> {
    const { live, signal, note } = order;
    const { base, write } = await this.#plan(order); // what can be refused is refused while the guest still runs
    this.#lend(order);
    const running = (await this.#qmp.askFields('query-status', {}, { signal }))['running'] === true;
    const pauses = running && !live;
    this.#stopped = false;
    let failure: { readonly cause: unknown } | undefined;
    try {
      if (pauses) await this.#qmp.ask('stop', {}, { signal });
      await write();
    } catch (cause) {
      failure = { cause };
    }
    const stuck = pauses ? await this.#resume() : undefined;
    if (failure !== undefined) {
      if (stuck === undefined) throw failure.cause;
      throw new NotAcquired(`${messageOf(failure.cause)}; ${stuck}`);
    }
    if (running && live) note(this.#stopped ? QEMU_PAUSES : MEMORY_MOVES);
    return {
      paused: !running || pauses || this.#stopped,
      ...(base === 0 ? {} : { base }),
      ...(stuck === undefined ? {} : { stuck: `${this.#address}: ${stuck}` }),
    };
  }

  close(): void {
    this.#qmp.close();
  }

  async #connect(signal?: AbortSignal): Promise<void> {
    this.#qmp = await Qmp.connect(this.#address, (event) => this.#heard(event), signal);
  }

  #heard({ name, data }: QmpEvent): void {
    if (name === 'STOP') this.#stopped = true;
    if (name === 'DUMP_COMPLETED' && typeof data['error'] === 'string') this.#failure = quoted(data['error']);
  }

  /** What a machine is called that has no name. */
  async #namelessName(signal: AbortSignal): Promise<string> {
    const { UUID } = await this.#qmp.askFields('query-uuid', {}, { signal });
    if (typeof UUID === 'string' && !NO_UUID.test(UUID)) return UUID;
    return basename(this.#address).replace(/\.\w+$/, '');
  }

  /** How the order is carried out. @throws FormatRefused */
  async #plan(order: Order): Promise<{ readonly base: number; readonly write: () => Promise<void> }> {
    const { file, format, signal } = order;
    if (format === 'raw') {
      const { base, size } = await rawRamRange(this.#qmp, signal);
      const args = { val: base, size, filename: file.path };
      const write = async (): Promise<void> => {
        await this.#qmp.ask('pmemsave', args, { signal, timeoutMs: Number.POSITIVE_INFINITY });
      };
      return { base, write };
    }
    const { formats } = await this.#qmp.askFields('query-dump-guest-memory-capability', {}, { signal });
    const word = DUMP_FORMATS[format];
    if (Array.isArray(formats) && formats.includes(word))
      return { base: 0, write: () => this.#dump(order, word) };
    const offered = Object.entries(DUMP_FORMATS).flatMap(([name, spelt]) =>
      Array.isArray(formats) && formats.includes(spelt) ? [name] : [],
    );
    throw new FormatRefused(
      `${this.#address}: this QEMU writes no ${format} (${word}); ${
        offered.length === 0
          ? 'it writes no dumps of this machine'
          : `choose --format ${offered.join(' or ')}`
      }`,
    );
  }

  /** Root may read what QEMU's own user writes; that user may not write what is root's. */
  #lend({ file }: Order): void {
    if (process.getuid?.() !== 0) return;
    const socket = statSync(this.#address, { throwIfNoEntry: false });
    if (socket !== undefined && socket.uid !== 0) file.lendTo(socket);
  }

  async #dump({ file, progress, signal }: Order, format: string): Promise<void> {
    this.#failure = '';
    // Detached, QEMU goes on answering: how far it is, and whether it is there at all.
    const args = { paging: false, protocol: `file:${file.path}`, format, detach: true };
    await this.#qmp.ask('dump-guest-memory', args, { signal, timeoutMs: BEGIN_MS });
    const status = await this.#dumpEnd(progress, signal);
    if (status === 'completed') return;
    if (this.#failure === '') await delay(POLL_MS); // the reason comes by itself, just behind the fact
    const reason = this.#failure === '' ? `its dump is ${quoted(status)}` : this.#failure;
    throw new NotAcquired(`${this.#address}: QEMU could not write the memory: ${reason}${nextStep(reason)}`);
  }

  /** Waits until no dump is being written. @returns how the last one ended */
  async #dumpEnd(progress: Progress, signal?: AbortSignal): Promise<string> {
    let furthest = -1;
    let cameOn = Date.now();
    for (;;) {
      const { status, completed, total } = await this.#qmp.askFields(
        'query-dump',
        {},
        signal === undefined ? {} : { signal },
      );
      if (status !== 'active') return String(status);
      const done = Number(completed);
      if (done > furthest) {
        furthest = done;
        cameOn = Date.now();
        progress(done, Number(total));
      }
      if (Date.now() - cameOn > HANGS_MS)
        throw new NotAcquired(`${this.#address}: QEMU's dump has not come on for ${HANGS_MS / 1000} s`);
      await delay(POLL_MS);
      signal?.throwIfAborted();
    }
  }

  /**
   * Lets the guest go on, by a new connection where the old one is of no use any more. QEMU ends no dump before its
   * time, and resumes no guest before its dump has ended: that is waited for. Not even the user can end this wait.
   *
   * @returns why the guest does not go on
   */
  async #resume(): Promise<string | undefined> {
    for (let tries = 1; ; tries++) {
      try {
        if (this.#qmp.isBroken) await this.#connect();
        await this.#qmp.ask('query-status', {}, { timeoutMs: BUSY_MS });
        await this.#dumpEnd(() => undefined);
        await this.#qmp.ask('cont');
        return undefined;
      } catch (cause) {
        if (!this.#qmp.isBroken || tries === RECONNECTIONS)
          return `the guest is still paused, for it could not be resumed (${messageOf(cause)}); send it cont`;
        await delay(RECONNECT_MS);
      }
    }
  }
}

const MEMORY_MOVES =
  'the guest ran on and its memory moved while it was read: parts of it may not fit together';
const QEMU_PAUSES =
  'QEMU itself paused the guest while it wrote, and let it go on, as it does with every elf and kdump; only ' +
  '--format raw is read from a guest that runs on';
