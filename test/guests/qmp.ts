import type { Readable, Writable } from 'node:stream';

interface Answer {
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
  readonly event?: string;
  readonly QMP?: unknown;
}

/** QEMU's machine protocol over a pair of streams: one JSON object a line. */
export class Qmp {
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private nextId = 1;
  private unread = '';

  private readonly output: Writable;

  constructor(input: Readable, output: Writable) {
    this.output = output;
    input.setEncoding('utf8');
    input.on('data', (chunk: string) => this.take(chunk));
    output.on('error', () => undefined); // the machine has ended; whoever waits is told by its time-out
  }

  private take(chunk: string): void {
    const lines = (this.unread + chunk).split('\n');
    this.unread = lines.pop() ?? '';
    for (const line of lines) {
      if (line.trim() === '') continue;
      const answer = JSON.parse(line) as Answer;
      if (answer.id !== undefined) this.waiting.get(answer.id)?.(answer);
    }
  }

  /** Sends one command and waits for its answer. */
  ask(execute: string, args: Readonly<Record<string, unknown>> = {}, timeoutMs = 30_000): Promise<unknown> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error(`QEMU did not answer ${execute} within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      this.waiting.set(id, (answer) => {
        clearTimeout(timer);
        this.waiting.delete(id);
        if (answer.error) reject(new Error(`QEMU refused ${execute}: ${answer.error.desc}`));
        else resolve(answer.return);
      });
      this.output.write(`${JSON.stringify({ execute, arguments: args, id })}\n`);
    });
  }
}
