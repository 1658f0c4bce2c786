// A client of QEMU's machine protocol (QMP, docs/interop/qmp-spec.rst of QEMU): JSON objects, one a line.
// It matches answers to commands, hands out events, and gives up after a time.
import { connect, type Socket } from 'node:net';
import { messageOf, NotAcquired, nextStep, quoted } from './errors.ts';

/** QEMU's longest answers to what is asked here have some hundred bytes. Nobody fills the memory with one line. */
const LINE_LIMIT = 1 << 20;

/** QEMU greets at once; where it does not, it is talking to somebody else. */
const GREETING_MS = 10_000;

/** What QEMU does not do, and why: libvirt is such a client too. */
const SAYS_NOTHING =
  'greet, for it talks to one client at a time: end the other one, or take --libvirt where that is libvirt';

const REPLY_MS = 30_000;

/** Stands for the identifier that a greeting does not have. */
const GREETING = 'greeting';

/** An object as JSON has them. */
export type Fields = Readonly<Record<string, unknown>>;

/** JSON that somebody else wrote is not always an object. */
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Something that QEMU tells unasked. */
export interface QmpEvent {
  readonly name: string;
  readonly data: Fields;
}

/** How long an answer is waited for. */
export interface Patience {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

interface Waiter {
  readonly what: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A connection to QEMU's machine protocol: one JSON object a line, an answer for each command, and events between
 * them. Whoever sends anything else is hung up on.
 */
export class Qmp {
  readonly address: string;
  readonly #socket: Socket;
  readonly #heard: (event: QmpEvent) => void;
  readonly #waiting = new Map<string, Waiter>();
  #unread = '';
  #asked = 0;
  #broken: Error | undefined;

  private constructor(address: string, heard: (event: QmpEvent) => void) {
    this.address = address;
    this.#heard = heard;
    this.#socket = connect(placeOf(address));
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (chunk: string) => this.#take(chunk));
    this.#socket.on('error', (cause) => this.#break(this.#saying(connectionWords(cause))));
    this.#socket.on('close', () => this.#break(this.#saying('QEMU closed the connection')));
  }

  /** Connects to a socket's path or to host:port, and agrees on the protocol. @throws NotAcquired */
  static async connect(
    address: string,
    heard: (event: QmpEvent) => void,
    signal?: AbortSignal,
  ): Promise<Qmp> {
    const qmp = new Qmp(address, heard);
    const patience = signal === undefined ? {} : { signal };
    try {
      await qmp.#answer(GREETING, SAYS_NOTHING, {
        timeoutMs: GREETING_MS,
        ...patience,
      });
      await qmp.ask('qmp_capabilities', {}, patience);
      return qmp;
    } catch (error) {
      qmp.close();
      throw error;
    }
  }

  /** Whether nothing can be asked any more. */
  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /** Sends one command and waits for its answer. @throws NotAcquired */
  ask(execute: string, args: Fields = {}, patience: Patience = {}): Promise<unknown> {
    const id = `vestige-${++this.#asked}`;
    const answer = this.#answer(id, `answer ${execute}`, patience);
    if (this.#broken === undefined)
      this.#socket.write(`${JSON.stringify({ execute, arguments: args, id })}\n`);
    return answer;
  }

  /** Asks for an object. @throws NotAcquired */
  async askFields(execute: string, args: Fields = {}, patience: Patience = {}): Promise<Fields> {
    const value = await this.ask(execute, args, patience);
    if (!isObject(value)) throw this.#saying(`QEMU answers ${execute} with something that is no object`);
    return value;
  }

  /** Hangs up. */
  close(): void {
    this.#break(this.#saying('the connection is closed'));
  }

  #answer(id: string, what: string, { signal, timeoutMs = REPLY_MS }: Patience): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== undefined) return reject(this.#broken);
      if (signal?.aborted === true) return reject(signal.reason);
      const stop = (): void => waiter.reject(signal?.reason as Error);
      const late = (): void =>
        waiter.reject(this.#saying(`QEMU did not ${what} (waited ${timeoutMs / 1000} s)`));
      // setTimeout takes Infinity for no time at all.
      const timer = Number.isFinite(timeoutMs) ? setTimeout(late, timeoutMs) : undefined;
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
        this.#waiting.delete(id);
      };
      const waiter: Waiter = {
        what,
        resolve: (value) => {
          done();
          resolve(value);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      };
      signal?.addEventListener('abort', stop);
      this.#waiting.set(id, waiter);
      return undefined;
    });
  }

  #take(chunk: string): void {
    const lines = (this.#unread + chunk).split('\n');
    this.#unread = lines.pop() ?? '';
    if ([this.#unread, ...lines].some(({ length }) => length > LINE_LIMIT)) {
      this.#break(this.#saying('a line without end comes from there: this is no QMP'));
      return;
    }
    for (const line of lines) {
      if (this.#broken !== undefined) return;
      if (line.trim() !== '') this.#hear(line);
    }
  }

  #hear(line: string): void {
    const said = objectIn(line);
    if (said === undefined) {
      this.#break(this.#saying(`what comes from there is no QMP: ${quoted(line.slice(0, 80))}`));
      return;
    }
    if (typeof said['event'] === 'string') {
      this.#heard({ name: said['event'], data: isObject(said['data']) ? said['data'] : {} });
      return;
    }
    if (isObject(said['QMP'])) {
      this.#waiting.get(GREETING)?.resolve(undefined);
      return;
    }
    const waiter = typeof said['id'] === 'string' ? this.#waiting.get(said['id']) : undefined;
    if ('error' in said) {
      const error = this.#saying(refusalWords(said['error'], waiter?.what));
      // An error without a command is about the line itself: QEMU and we do not understand each other.
      if (said['id'] === undefined) this.#break(error);
      else waiter?.reject(error);
    } else waiter?.resolve(said['return']); // nobody waits any more for what came too late
  }

  #break(error: Error): void {
    if (this.#broken !== undefined) return;
    this.#broken = error;
    for (const waiter of [...this.#waiting.values()]) waiter.reject(error);
    this.#socket.destroy();
  }

  #saying(words: string): NotAcquired {
    return new NotAcquired(`${this.address}: ${words}`);
  }
}

/** A path, or host:port (`[::1]:4444`); what has a slash is a path. */
function placeOf(address: string): { path: string } | { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^/:]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  return host === undefined || Number(port) > 65_535 ? { path: address } : { host, port: Number(port) };
}

function objectIn(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function connectionWords(cause: Error): string {
  const { code } = cause as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'there is no such socket; QEMU makes one with -qmp unix:PATH,server=on,wait=off';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied; run this as root or as the user that QEMU runs as';
    case 'ECONNREFUSED':
      return 'nobody listens there; QEMU has ended, or this is no socket of its';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection was lost; QEMU has ended, or somebody ended the connection';
    default:
      return `cannot connect: ${code ?? messageOf(cause)}`;
  }
}

function refusalWords(error: unknown, what: string | undefined): string {
  const { class: kind, desc } = isObject(error) ? error : {};
  const said = `${String(kind ?? 'an error')}: ${String(desc ?? 'without a description')}`;
  return `QEMU refused to ${what ?? 'read what it was sent'}: ${quoted(said)}${nextStep(said)}`;
}
