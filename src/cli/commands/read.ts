// `vestige read`: memory of a snapshot at an address or symbol, in the form that is asked for.
// The forms are hex, raw, strings, u64, ascii and disasm.
import type { Command } from 'commander';
import { hex } from '../../base/address.ts';
import { UsageError } from '../../base/errors.ts';
import type { LibrarySession } from '../../library/library-session.ts';
import type { Hole, MemoryView, Piece, VirtualView } from '../../library/memory-view.ts';
import { factNotes } from '../../report/answer.ts';
import type { MemoryFormat } from '../../report/memory-text.ts';
import { EXIT } from '../exit.ts';
import { withInquiry } from '../flags/asking.ts';
import { checkColor } from '../flags/settings.ts';
import type { Outcome } from '../outcome.ts';
import { complain, writeData } from '../terminal/output.ts';
import { styleFor } from '../terminal/show.ts';
import { asJson, type LookFlags, sayNotes, withLookFlags, withStrictFlag } from './look.ts';

type Flags = LookFlags & {
  readonly pid?: string;
  readonly physical?: true;
  readonly length: string;
  readonly format: string;
  readonly force?: true;
};

/** Bytes that a JSON document holds at most: it is made in one piece. */
const MAXIMUM_JSON_BYTES = 16 << 20;
/** Letters that are written in one go. */
const WRITTEN_AT_ONCE = 65_536;
/** Ranges that cannot be read and are told one by one; more are counted. */
const MAXIMUM_TOLD = 1000;

/** Adds `vestige read <snapshot> <address>`. */
export function addReadCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('read')
    .description('Show memory at an address or symbol: in hex, as words, texts, instructions, or as it is')
    .argument('<snapshot>')
    .argument('<address>', '0x… or decimal, or a symbol, or symbol+0x10')
    .option('--pid <pid>', "read this process's memory instead of the kernel's")
    .option('--physical', 'the address is a physical one')
    .option('--length <bytes>', 'how many bytes, in decimal or as 0x…', '256')
    .option('--format <format>', 'how to show them: hex, raw, strings, u64, ascii, disasm', 'hex')
    .option('--force', 'with --format raw: write to a terminal too')
    .addHelpText(
      'after',
      `
What cannot be read is said range by range, on stderr too; --format raw has zeros in its place.

Exit code: 0 something was read, 1 nothing was, or with --strict not all, 2 it could not be done.

Example:
  vestige read memory.raw init_task --length 64
  vestige read memory.raw do_exit --format disasm
  vestige read memory.raw 0x7ffd1000 --pid 1 --length 0x2000 --format strings
`,
    );
  withStrictFlag(withLookFlags(command)).action(async (path: string, asked: string, flags: Flags) => {
    checkColor(flags);
    const format = await formatOf(flags);
    const length = wholeNumber(flags.length, '--length');
    await withInquiry(path, flags, 'quick', async (inquiry) => {
      const { LibrarySession } = await import('../../library/library-session.ts');
      const session = new LibrarySession(await inquiry.session());
      await sayNotes(session.facts);
      const view = viewOf(session, flags);
      if (flags.physical === true && !/^\d/.test(asked))
        throw new UsageError(`${asked} is no physical address: a symbol has a virtual one`);
      const address = session.symbols.resolve(asked);
      const holes = new Holes(length);
      const parts = holes.counted(view.pieces(address, length));
      if (flags.json === true) writeData(await jsonOf({ asked, address, view, length }, parts));
      else await write({ session, view, parts, format, flags });
      holes.say();
      const notes = session.drainNotes();
      for (const note of notes) complain(note);
      const lacks = holes.missing + notes.length + factNotes(session.facts).length > 0;
      const isLacking = lacks && flags.strict === true;
      if (length > 0 && (holes.read === 0 || isLacking)) outcome.code = EXIT.findings;
    });
  });
}

/** Counts what is read and what is not, and tells it at the end. */
class Holes {
  readonly #length: number;
  readonly #lines: string[] = [];
  #ranges = 0;
  read = 0;
  missing = 0;

  constructor(length: number) {
    this.#length = length;
  }

  *counted(parts: Iterable<Piece | Hole>): Generator<Piece | Hole> {
    for (const part of parts) {
      if ('missing' in part) {
        this.missing += part.missing;
        this.#ranges++;
        const { address, missing, why } = part;
        if (this.#lines.length < MAXIMUM_TOLD)
          this.#lines.push(`${hex(address)} to ${hex(address + BigInt(missing - 1))} cannot be read: ${why}`);
      } else this.read += part.bytes.length;
      yield part;
    }
  }

  say(): void {
    for (const line of this.#lines) complain(line);
    if (this.#ranges > this.#lines.length)
      complain(`${this.#ranges - this.#lines.length} further ranges cannot be read`);
    const beyond = this.#length - this.read - this.missing;
    if (beyond > 0) complain(`${beyond} bytes would be past the end of all addresses`);
  }
}

/** The space that is asked about. @throws UsageError */
function viewOf(session: LibrarySession, { pid, physical }: Flags): MemoryView {
  if (pid !== undefined && physical === true)
    throw new UsageError('--physical contradicts --pid: physical memory is of no process');
  return physical === true ? session.physical : virtualView(session, pid);
}

/** The kernel's memory, or that of the process that `--pid` names. @throws UsageError */
export const virtualView = (session: LibrarySession, pid: string | undefined): VirtualView =>
  pid === undefined ? session.memory : session.memoryOf(wholeNumber(pid, '--pid'));

async function write(request: {
  readonly session: LibrarySession;
  readonly view: MemoryView;
  readonly parts: Iterable<Piece | Hole>;
  readonly format: MemoryFormat;
  readonly flags: Flags;
}): Promise<void> {
  const { parts, format, session, flags } = request;
  const text = await import('../../report/memory-text.ts');
  const style = await styleFor(flags);
  const nameOf = (address: bigint): string | null => session.nameOf(address);
  switch (format) {
    case 'raw':
      for (const part of parts) writeData('missing' in part ? new Uint8Array(part.missing) : part.bytes);
      return;
    case 'hex':
      return writeLines(text.hexText(parts, style));
    case 'ascii':
      return writeLines(text.asciiText(parts, style));
    case 'strings':
      return writeLines(text.stringsText(parts, style));
    case 'u64':
      return writeLines(text.wordText(parts, style, nameOf));
    case 'disasm': {
      const { Disassembler } = await import('../../disassembly/disassembler.ts');
      const disassembler = await Disassembler.load(session.profile.architecture);
      return writeLines(text.codeText(parts, style, nameOf, disassembler));
    }
  }
}

function writeLines(lines: Iterable<string>): void {
  let waiting = '';
  for (const line of lines) {
    waiting += `${line}\n`;
    if (waiting.length < WRITTEN_AT_ONCE) continue;
    writeData(waiting);
    waiting = '';
  }
  writeData(waiting);
}

async function jsonOf(
  asked: { asked: string; address: bigint; view: MemoryView; length: number },
  parts: Iterable<Piece | Hole>,
): Promise<string> {
  const { address, view, length } = asked;
  if (length > MAXIMUM_JSON_BYTES)
    throw new UsageError(`--json holds at most ${MAXIMUM_JSON_BYTES} bytes; --format raw has no such limit`);
  const read: unknown[] = [];
  const missing: unknown[] = [];
  for (const part of parts) {
    if ('missing' in part) {
      const { address: at, missing: bytes, code, why } = part;
      missing.push({ address: hex(at), length: bytes, absent: code, why });
    } else read.push({ address: hex(part.address), bytes: Buffer.from(part.bytes).toString('hex') });
  }
  const memory = { asked: asked.asked, address: hex(address), space: view.name, length, read, missing };
  return asJson({ memory });
}

/** @throws UsageError */
async function formatOf({ format, force, json }: Flags): Promise<MemoryFormat> {
  const { MEMORY_FORMATS } = await import('../../report/memory-text.ts');
  const known = MEMORY_FORMATS.find((name) => name === format);
  if (known === undefined)
    throw new UsageError(`there is no format ${format}; there are ${MEMORY_FORMATS.join(', ')}`);
  if (known === 'raw' && force !== true && json !== true && process.stdout.isTTY)
    throw new UsageError(
      'raw memory is not written to a terminal: send it to a file or pipe, or add --force',
    );
  return known;
}

/** @throws UsageError */
function wholeNumber(word: string, flag: string): number {
  const number = /^(?:0x[0-9a-f]+|\d+)$/i.test(word) ? Number(word) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new UsageError(`${flag} wants a whole number, not ${word}`);
  return number;
}
