import { writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** What a command is answered with that is not answered at all. */
export const SILENCE = Symbol('silence');

/** An answer that says that something went wrong. */
export class Refusal {
  readonly error: { readonly class: string; readonly desc: string };
  constructor(desc: string, kind = 'GenericError') {
    this.error = { class: kind, desc };
  }
}

type Arguments = Readonly<Record<string, unknown>>;
interface Command {
  readonly execute: string;
  readonly arguments: Arguments;
  readonly id: string;
}

type Answer = (args: Arguments, client: Socket) => unknown;

const GREETING = { QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 } }, capabilities: ['oob'] } };

/** How often a dump that is being written is asked after before it is finished. */
const POLLS = 2;

/** Stands for QEMU: speaks its protocol, pauses, dumps and resumes as QEMU 7.2 was seen to do. */
export class FakeQmp {
  /** The commands that were heard, those that only ask aside. */
  readonly done: string[] = [];
  /** Answers that a test puts in the place of the usual ones. */
  readonly answers: Record<string, Answer> = {};
  /** What is written as memory; nothing where QEMU stands elsewhere. */
  memory: string | Uint8Array = 'memory';
  running = true;
  greeting: unknown = GREETING;
  /** How often a client has connected. */
  connections = 0;
  /** What the last dump was asked for. */
  asked: Arguments = {};
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  readonly address: string;
  #dump: { status: string; polls: number; resumes: boolean } = { status: 'none', polls: 0, resumes: false };

  private constructor(address: string) {
    this.address = address;
    this.#server = createServer((client) => this.#welcome(client));
  }

  /** Listens at a socket in a folder. */
  static listen(folder: string): Promise<FakeQmp> {
    const fake = new FakeQmp(join(folder, 'web.qmp'));
    return new Promise((resolve) => fake.#server.listen(fake.address, () => resolve(fake)));
  }

  /** Listens at a port of the host's own; gives host:port. */
  listenAtPort(): Promise<string> {
    const server = createServer((client) => this.#welcome(client));
    return new Promise((resolve) =>
      server.listen(0, '127.0.0.1', () => {
        const at = server.address();
        server.unref();
        resolve(`127.0.0.1:${typeof at === 'object' ? at?.port : at}`);
      }),
    );
  }

  /** Stops listening and hangs up. */
  close(): void {
    for (const client of this.#clients) client.destroy();
    this.#server.close();
  }

  /** Tells every client something unasked. */
  tell(event: string, data: Arguments = {}): void {
    for (const client of this.#clients) send(client, { event, data, timestamp: { seconds: 1 } });
  }

  #welcome(client: Socket): void {
    this.connections++;
    this.#clients.add(client);
    client.on('error', () => undefined);
    client.on('close', () => this.#clients.delete(client));
    if (this.greeting !== SILENCE) send(client, this.greeting);
    let unread = '';
    client.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (unread + chunk).split('\n');
      unread = lines.pop() ?? '';
      for (const line of lines) this.#obey(client, line);
    });
  }

  #obey(client: Socket, line: string): void {
    const { execute, arguments: args, id } = JSON.parse(line) as Command;
    if (!/^query-|^qom-|^qmp_/.test(execute)) this.done.push(execute);
    const answer = this.answers[execute] ?? this.#usual[execute];
    const said =
      answer === undefined ? new Refusal('no such command', 'CommandNotFound') : answer(args, client);
    if (said === SILENCE) return;
    send(client, said instanceof Refusal ? { error: said.error, id } : { return: said, id });
  }

  readonly #usual: Readonly<Record<string, Answer>> = {
    qmp_capabilities: () => ({}),
    'query-name': () => ({ name: 'web' }),
    'query-uuid': () => ({ UUID: '00000000-0000-0000-0000-000000000000' }),
    'query-target': () => ({ arch: 'x86_64' }),
    'query-memory-size-summary': () => ({ 'base-memory': 1 << 20, 'plugged-memory': 0 }),
    'query-dump-guest-memory-capability': () => ({ formats: ['elf', 'kdump-zlib', 'win-dmp'] }),
    'query-status': () => ({ running: this.running, status: this.running ? 'running' : 'paused' }),
    'query-dump': () => this.#poll(),
    stop: () => {
      if (this.running) this.tell('STOP');
      this.running = false;
      return {};
    },
    cont: () => {
      if (this.#dump.status === 'active') return new Refusal('There is a dump in process, please wait.');
      this.running = true;
      this.tell('RESUME');
      return {};
    },
    'dump-guest-memory': (args) => {
      this.asked = args;
      if (this.memory !== '') writeFileSync(String(args['protocol']).replace(/^file:/, ''), this.memory);
      this.#dump = { status: 'active', polls: 0, resumes: this.running };
      if (this.running) this.tell('STOP');
      this.running = false;
      return {};
    },
    pmemsave: (args) => {
      this.asked = args;
      writeFileSync(String(args['filename']), this.memory);
      return {};
    },
  };

  /** Ends the dump that is being written, well or with the reason why it failed. */
  endDump(error?: string): void {
    const status = error === undefined ? 'completed' : 'failed';
    if (this.#dump.resumes) {
      this.running = true;
      this.tell('RESUME');
    }
    this.#dump = { ...this.#dump, status };
    this.tell('DUMP_COMPLETED', {
      result: { status, completed: 2, total: 2 },
      ...(error === undefined ? {} : { error }),
    });
  }

  #poll(): unknown {
    if (this.#dump.status === 'active' && ++this.#dump.polls > POLLS) this.endDump();
    return { status: this.#dump.status, completed: this.#dump.polls, total: POLLS };
  }
}

const send = (client: Socket, message: unknown): void =>
  void client.write(typeof message === 'string' ? message : `${JSON.stringify(message)}\r\n`);
