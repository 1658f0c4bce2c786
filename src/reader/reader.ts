// A process that reads snapshots, as whoever has it sees it: it is asked one thing at a time, and how it ended is told.
import type { ChildProcess } from 'node:child_process';
import { SnapshotError, UnreadableFile } from '../base/errors.ts';
import type { Cell } from '../plugin/cell.ts';
import { revive } from './carried.ts';
import { ENDED_BY } from './guard.ts';
import type { Limits } from './limits.ts';
import type { Lesson, Reply, Request } from './protocol.ts';

/** The process that read a snapshot has ended before it had answered: what is in the snapshot, or the machine, made it. */
class ReaderEnded extends SnapshotError {
  readonly code = 'reader-ended';
}

/** How long a reader may take to let go of the store. */
const LEAVE_MS = 2_000;

/** Rows of the answer that is under way, or none where nothing is asked that has rows. */
type Rows = (rows: readonly (readonly Cell[])[]) => void;

interface Pending {
  readonly rows: Rows;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** A process that reads. */
export class Reader {
  readonly #child: ChildProcess;
  readonly #keep: (lesson: Lesson) => void;
  #isReady = false;
  #pending: Pending | undefined;
  /** How it ended, as the end of a sentence. */
  #end: string | undefined;
  /** Why it ended, where one of the limits was passed. */
  #passed: keyof Limits | undefined;

  /** @param keep keeps what it has learned; what that throws becomes the answer to what was asked */
  constructor(child: ChildProcess, keep: (lesson: Lesson) => void) {
    this.#keep = keep;
    this.#child = child;
    const ended = (how: string, signal: NodeJS.Signals | null = null): void => {
      this.#end ??= how;
      if (signal === ENDED_BY.cpu) this.#passed = 'cpuMs';
      if (signal === ENDED_BY.memory) this.#passed = 'memoryBytes';
      this.#take()?.reject(new Error('the reader ended'));
    };
    this.#child
      .on('message', (reply: Reply) => this.#hear(reply))
      .on('error', (error: NodeJS.ErrnoException) => ended(`cannot be run: ${error.code ?? error.message}`))
      .on('exit', (code, signal) =>
        ended(signal === null ? `ended with code ${code}` : `ended by ${signal}`, signal),
      );
  }

  get isAlive(): boolean {
    return this.#end === undefined;
  }

  /**
   * Asks one thing. @param limits those that the request is under @param doing what the process does, for a message
   * @throws what reading threw; ReaderEnded; UnreadableFile where there was no process to read
   */
  async ask(request: Request, limits: Limits, doing: string, rows: Rows = () => undefined): Promise<Reply> {
    try {
      return await this.#exchange(request, rows);
    } catch (error) {
      if (this.isAlive) throw error;
      throw this.#isReady ? new ReaderEnded(this.#whyEnded(limits, doing)) : this.#notStarted();
    }
  }

  #exchange(request: Request, rows: Rows): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (!this.isAlive) return reject(new Error('the reader has ended'));
      this.#pending = { rows, resolve, reject };
      this.tell(request);
    });
  }

  /** Says something that has no answer. */
  tell(request: Request): void {
    if (this.#child.connected) this.#child.send(request, () => undefined); // where nobody hears it, its end is told
  }

  /**
   * Ends it when it has let go of the store, which whoever closes last tidies up. It is not waited for: taking a heap down
   * in good order takes a process longer than reading a snapshot that has hardly changed.
   */
  async leave(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), LEAVE_MS);
    await this.#exchange({ ask: 'leave' }, () => undefined).catch(() => undefined); // it has ended already
    clearTimeout(timer);
    this.#child.kill('SIGKILL');
    this.#child.unref();
    this.#child.channel?.unref();
  }

  #hear(reply: Reply): void {
    switch (reply.tell) {
      case 'ready':
        this.#isReady = true;
        return;
      case 'lesson':
        try {
          this.#keep(reply.lesson);
        } catch (error) {
          this.#take()?.reject(error as Error);
        }
        return;
      case 'rows':
        this.#pending?.rows(reply.rows);
        return;
      case 'failed':
        this.#take()?.reject(revive(reply.error));
        return;
      default:
        this.#take()?.resolve(reply);
    }
  }

  #take(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }

  #whyEnded({ cpuMs, memoryBytes }: Limits, doing: string): string {
    if (this.#passed === 'cpuMs')
      return `given up while ${doing}: it took more than ${Math.round(cpuMs / 1_000)} s of CPU time (--cpu-limit)`;
    if (this.#passed === 'memoryBytes')
      return `given up while ${doing}: it took more than ${Math.round(memoryBytes / 2 ** 20)} MiB of memory (--memory-limit)`;
    return `the process that read it ${this.#end} while ${doing}`;
  }

  /** Nothing of a snapshot had been read: no snapshot is to blame, and no try of one is counted. */
  #notStarted(): UnreadableFile {
    return new UnreadableFile(`the process that reads snapshots ${this.#end} before it had begun`);
  }
}
