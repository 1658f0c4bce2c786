// A running machine that libvirt manages, used by means of `virsh`.
// libvirt pauses the machine and resumes it by itself.
import { FormatRefused, NotAcquired, nextStep, quoted } from './errors.ts';
import type { About, Format, Guest, Order, Written } from './guest.ts';
import { type Said, virsh } from './virsh.ts';

/** virsh's word for a format. */
const DUMP_FORMATS: Readonly<Record<Exclude<Format, 'raw'>, string>> = { elf: 'elf', kdump: 'kdump-zlib' };

/** States of a domain that has memory; the word before the first space is enough. */
const WITH_MEMORY = /^(running|idle|paused|blocked|pmsuspended|crashed|no)\b/;
const RUNNING = /^(running|idle|blocked|no)\b/;

const LONGEST_WORD = 1000;

/** Whether a word may stand for a domain or a connection: it is no flag and no two lines. */
const isWord = (word: string): boolean =>
  word !== '' && word.length <= LONGEST_WORD && !word.startsWith('-') && !/\p{Cc}/u.test(word);

/** A machine that libvirt looks after. It pauses the machine and lets it go on by itself, whatever becomes of us. */
export class LibvirtGuest implements Guest {
  /** libvirt makes the file itself, as root, and lets nobody else read it. */
  readonly wantsFile = false;
  readonly #domain: string;
  readonly #connection: readonly string[];

  /** @throws NotAcquired where no domain can be called so */
  constructor(domain: string, connect?: string) {
    if (!isWord(domain)) throw new NotAcquired(`no domain can be called ${JSON.stringify(quoted(domain))}`);
    if (connect !== undefined) checkConnection(connect);
    this.#domain = domain;
    this.#connection = connect === undefined ? [] : ['--connect', connect];
  }

  async about(signal: AbortSignal): Promise<About> {
    const { name, kibibytes } = await this.#info(signal);
    return {
      name: name ?? this.#domain,
      memoryBytes: kibibytes === undefined ? undefined : kibibytes * 1024,
    };
  }

  async write({ file, format, live, signal, progress, note }: Order): Promise<Written> {
    if (format === 'raw')
      throw new FormatRefused(`${this.#domain}: libvirt writes no raw memory; choose --format kdump or elf`);
    const running = RUNNING.test((await this.#info(signal)).state);
    const args = ['dump', '--memory-only', '--format', DUMP_FORMATS[format], ...(live ? ['--live'] : [])];
    const said = await virsh(
      [...this.#connection, ...args, '--verbose', '--domain', this.#domain, '--file', file.path],
      signal,
      (text) => {
        const [, percent] = /\[ *(\d{1,3}) ?%\]\s*$/.exec(text) ?? [];
        if (percent !== undefined) progress(Number(percent), 100);
      },
    );
    if (said.status !== 0) {
      const Kind = /unsupported dump ?format|unknown dump format|doesn't support.*format/i.test(
        said.complaints,
      )
        ? FormatRefused
        : NotAcquired;
      throw new Kind(this.#failed('dump', said));
    }
    if (running && live) note(MAY_HAVE_MOVED);
    return { paused: !(running && live) };
  }

  close(): void {}

  async #info(
    signal: AbortSignal,
  ): Promise<{ name: string | undefined; state: string; kibibytes: number | undefined }> {
    const said = await virsh([...this.#connection, 'dominfo', '--domain', this.#domain], signal);
    if (said.status !== 0) throw new NotAcquired(this.#failed('dominfo', said));
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}: +(.*)$`, 'm').exec(said.output)?.[1]?.trim();
    const state = field('State') ?? '';
    if (!WITH_MEMORY.test(state))
      throw new NotAcquired(
        `domain ${this.#domain} has no memory, for it is ${quoted(state) || 'in no known state'}; start it first`,
      );
    const kibibytes = /^(\d{1,15}) KiB$/.exec(field('Max memory') ?? '')?.[1];
    return {
      name: field('Name'),
      state,
      kibibytes: kibibytes === undefined ? undefined : Number(kibibytes),
    };
  }

  /** What virsh said went wrong, as one sentence. */
  #failed(command: string, { status, complaints }: Said): string {
    const lines = complaints
      .split(/[\r\n]+/)
      .filter((line) => line.startsWith('error: '))
      .map((line) => line.slice('error: '.length).trim());
    const why = lines.length > 0 ? quoted(lines.join(': ')) : `it ended with ${status ?? 'a signal'}`;
    return `domain ${this.#domain}: virsh ${command} failed: ${why}${nextStep(why)}`;
  }
}

/** @throws NotAcquired where a connection leads to another machine, on whose disk the file would be, or nowhere */
function checkConnection(connect: string): void {
  const url = isWord(connect) && URL.canParse(connect) ? new URL(connect) : undefined;
  if (url === undefined) throw new NotAcquired(`--connect ${quoted(connect)} is no connection of libvirt's`);
  if (!['', 'localhost'].includes(url.hostname))
    throw new NotAcquired(
      `--connect ${quoted(connect)} leads to another machine, on whose disk the memory would be; run this there`,
    );
}

const MAY_HAVE_MOVED =
  'libvirt was asked to let the guest run: its memory may have moved while it was read, and parts may not fit together';
