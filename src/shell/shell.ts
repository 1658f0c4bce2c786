// The shell: Node's own REPL over an open session. At a terminal it has a history and completes names; from a pipe it runs a
// script, and ends at the first error.

import { Console } from 'node:console';
import { closeSync, constants, fchmodSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { type REPLServer, Recoverable, start } from 'node:repl';
import { PassThrough, Writable } from 'node:stream';
import { types } from 'node:util';
import { runInContext } from 'node:vm';
import { ForensicError, UsageError } from '../base/errors.ts';
import type { LibrarySession } from '../library/library-session.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { completionsOf } from './complete.ts';
import { scopeOf } from './scope.ts';
import { escapeLines, writerFor } from './text.ts';

/** What a shell needs from whoever starts it. */
export interface ShellParts {
  readonly session: LibrarySession;
  readonly questions: readonly AnyPlugin[];
  readonly input: NodeJS.ReadableStream;
  readonly output: Writable;
  /** Whether somebody types at it, rather than a pipe. */
  readonly isTerminal: boolean;
  /** Where lines are remembered that were typed; undefined where they are not. */
  readonly history: string | undefined;
  /** Runs a question as the command line does: the words behind `.run`. */
  run(words: readonly string[]): Promise<void>;
  /** Says something beside the output; escapes it. */
  say(message: string): void;
}

/** How a shell ended. */
export interface ShellEnd {
  /** A script stopped at an error, or ended within a statement. */
  readonly hasFailed: boolean;
  /** Something could not be read, and was said. */
  readonly hasNotes: boolean;
}

const PROMPT = 'vestige> ';
/** Bytes of a script. */
const MOST_SCRIPT_BYTES = 16 << 20;

/** Runs a shell until its input ends. */
export async function runShell(parts: ShellParts): Promise<ShellEnd> {
  const { session, questions, input, isTerminal, say } = parts;
  const scope = await scopeOf(session, questions);
  const state = { hasFailed: false, isWithin: false };
  const notes = new Set<string>();
  const write = writerFor((address) => session.nameOf(address));
  const script = isTerminal ? undefined : await Script.read(input);
  const server = start({
    input: script?.input ?? input,
    output: isTerminal ? parts.output : until(() => state.hasFailed, parts.output),
    terminal: isTerminal,
    prompt: isTerminal ? PROMPT : '',
    ignoreUndefined: true,
    useColors: false,
    // It would show what is still being typed, unescaped.
    preview: false,
    // Ctrl-C ends a statement that does not end by itself, and not the shell.
    breakEvalOnSigint: isTerminal,
    writer: (value: unknown) => {
      const text = write(value);
      // An error of the script's own is of the scope's classes, not of this program's.
      if (isTerminal || !types.isNativeError(value)) return text;
      // The REPL writes errors where it writes values, and may ask twice; a script's go beside the data.
      if (!state.hasFailed)
        say(value instanceof ForensicError ? value.message : `${value.name}: ${value.message}`);
      state.hasFailed = true;
      return '';
    },
  });
  enter(server, scope, parts.output);
  // Where it would ask for a line, a script gives its next: statements that wait for something are waited for.
  if (script !== undefined) Object.assign(server, { displayPrompt: () => script.next(state.hasFailed) });
  const evaluate = server.eval;
  // Only what is wrapped here sees whether a line is a whole statement.
  Object.assign(server, {
    eval(
      this: REPLServer,
      code: string,
      context: never,
      file: string,
      done: (error: Error | null, value?: unknown) => void,
    ) {
      if (state.hasFailed) return done(null, undefined);
      state.isWithin = false;
      evaluate.call(server, code, context, file, (error, value) => {
        state.isWithin = error instanceof Recoverable;
        for (const note of session.drainNotes()) {
          if (!notes.has(note)) say(note);
          notes.add(note);
        }
        done(error, value);
      });
    },
  });
  server.defineCommand('run', {
    help: 'Ask a question as on the command line: .run pslist --pid 1',
    action(words: string) {
      this.clearBufferedCommand();
      this.pause();
      parts
        .run(words.split(/\s+/).filter((word) => word !== ''))
        .catch((error: unknown) => {
          if (!isTerminal) state.hasFailed = true;
          say(error instanceof Error ? error.message : String(error));
        })
        .finally(() => {
          this.resume();
          this.displayPrompt();
        });
    },
  });
  if (isTerminal) complete(server, parts);
  if (isTerminal && parts.history !== undefined) remember(server, parts.history, say);
  const ended = new Promise<void>((resolve) => server.once('exit', resolve));
  script?.next(false);
  await ended;
  if (state.isWithin && !isTerminal && !state.hasFailed) {
    say('the script ends within a statement');
    state.hasFailed = true;
  }
  return { hasFailed: state.hasFailed, hasNotes: notes.size > 0 };
}

/** A script from a pipe, given line by line: the REPL would not wait for one statement before it takes the next. */
class Script {
  readonly input = new PassThrough();
  readonly #lines: readonly string[];
  #given = 0;
  #isGiving = false;

  private constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  /** @throws UsageError where it is longer than anybody writes */
  static async read(input: NodeJS.ReadableStream): Promise<Script> {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of input) {
      pieces.push(Buffer.from(piece));
      length += piece.length;
      if (length > MOST_SCRIPT_BYTES)
        throw new UsageError(`the script has more than ${MOST_SCRIPT_BYTES} bytes`);
    }
    return new Script(Buffer.concat(pieces).toString('utf8').split('\n'));
  }

  /** Gives the next line, or ends. */
  next(isOver: boolean): void {
    if (this.#isGiving) return;
    this.#isGiving = true;
    setImmediate(() => {
      this.#isGiving = false;
      const line = isOver ? undefined : this.#lines[this.#given++];
      if (line === undefined) this.input.end();
      else this.input.write(`${line}\n`);
    });
  }
}

/** Puts the names of the library into the shell's scope, where they are found again after `.clear`. */
function enter(server: REPLServer, scope: Readonly<Record<string, unknown>>, output: Writable): void {
  const escaped = new Writable({
    decodeStrings: false,
    write(text: string, _, done) {
      output.write(escapeLines(String(text)));
      done(); // at once, so that all that is written stays in its order
    },
  });
  const fill = (): void => {
    Object.assign(server.context, scope, { console: new Console(escaped) });
  };
  fill();
  server.on('reset', fill);
}

function complete(server: REPLServer, { session, questions }: ShellParts): void {
  const usual = server.completer;
  const names = questions.map(({ name }) => name);
  Object.assign(server, {
    completer(line: string, done: (error: Error | null, found: [string[], string]) => void) {
      const found = completionsOf(line, session, (name) => valueIn(server, name), names);
      if (found === undefined) usual.call(server, line, done as never);
      else done(null, found);
    },
  });
}

/** What a name stands for that was declared at the prompt, by `let` or `const` too; undefined where it is none. */
function valueIn({ context }: REPLServer, name: string): unknown {
  try {
    return runInContext(name, context);
  } catch {
    return undefined;
  }
}

/** Lines may tell what is looked for: only their owner reads the file. */
function remember(server: REPLServer, path: string, say: (message: string) => void): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    fchmodSync(file, 0o600);
    closeSync(file);
  } catch (error) {
    say(`what is typed is not remembered: ${(error as Error).message}`);
    return;
  }
  server.setupHistory(path, (error) => {
    if (error !== null) say(`what is typed is not remembered: ${error.message}`);
  });
}

/** Passes on what is written until something has happened. */
const until = (isOver: () => boolean, output: Writable): Writable =>
  new Writable({
    decodeStrings: false,
    write(text: string | Buffer, _, done) {
      if (!isOver()) output.write(text);
      done(); // at once, so that all that is written stays in its order
    },
  });
