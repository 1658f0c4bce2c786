// `vestige dump`: the short way to the bytes of one process. A core file, one mapping, its program, files without a name.
// `src/extract` writes the files: each as a whole or not at all, never over what is there.
import { join } from 'node:path';
import type { Command } from 'commander';
import { Budget } from '../../base/budget.ts';
import { UsageError } from '../../base/errors.ts';
import type { SavedBytes } from '../../extract/artefact-file.ts';
import { isFolder, makeFolder } from '../../files/make-folder.ts';
import { attempt, refuseTaken } from '../../files/whole-file.ts';
import type { Wanted } from '../../kernel/linux/coredump/process-bytes.ts';
import type { NamedBytes } from '../../kernel/linux/memory/pieces.ts';
import type { LibrarySession } from '../../library/library-session.ts';
import type { Process } from '../../library/process.ts';
import { EXIT } from '../exit.ts';
import { withInquiry } from '../flags/asking.ts';
import { checkColor } from '../flags/settings.ts';
import { wordOf } from '../flags/words.ts';
import type { Outcome } from '../outcome.ts';
import { complain, writeData } from '../terminal/output.ts';
import { asJson, type LookFlags, sayNotes, withLookFlags, withStrictFlag } from './look.ts';
import { savingBudget, savingBytes } from './saving.ts';

/** What can be wanted of a process. */
export const WHAT = ['core', 'map', 'exe', 'deleted', 'memfd'] as const;
type What = (typeof WHAT)[number];

const OWNERS_FOLDER = 0o700;

type Flags = LookFlags & {
  readonly pid: string;
  readonly output?: string;
  readonly what?: What;
  readonly address?: string;
};

/** A file that was written. */
type Dumped = SavedBytes & { readonly path: string };

/** Adds `vestige dump <snapshot> --pid <pid>`. */
export function addDumpCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('dump')
    .description('Save the memory of one process: a core file, a mapping, its program, files without a name')
    .argument('<snapshot>')
    .requiredOption('--pid <pid>', 'the process')
    .option('--what <what>', `what of it: ${WHAT.join(', ')}; without it core`, wordOf(WHAT, '--what'))
    .option('--address <address>', 'the mapping that has this address, in decimal or as 0x…')
    .option(
      '--output <path>',
      'a file that is not there yet, a folder, or new-folder/; without it the folder at hand',
    )
    .addHelpText(
      'after',
      `
core is a core file that gdb opens; map the mapping at --address; exe the file that it runs;
deleted its files without a name; memfd those of them that are memory alone. Programs and files
come from the page cache. What is nowhere in memory is a hole, which is told with its reason.
Files are their owner's alone (0600), whole or not there, and nothing is overwritten.

Exit code: 0 it was saved, 1 with --strict if bytes are missing, 2 it could not be done.

Example:
  vestige dump memory.raw --pid 812
  vestige dump memory.raw --pid 812 --what exe --output suspect.elf
  vestige dump memory.raw --pid 812 --what memfd --output recovered/
  vestige dump memory.raw --pid 812 --address 0x7f3a5c000000
`,
    );
  withStrictFlag(withLookFlags(command)).action(async (path: string, flags: Flags) => {
    checkColor(flags);
    const pid = wholeNumber(flags.pid, '--pid');
    const wanted = wantedBy(flags);
    const { output } = flags;
    if (output?.endsWith('/')) attempt(output, () => makeFolder(output, OWNERS_FOLDER));
    if (output !== undefined && !isFolder(output)) refuseTaken(output);
    await withInquiry(path, flags, 'quick', async (inquiry) => {
      const { LibrarySession } = await import('../../library/library-session.ts');
      const session = new LibrarySession(await inquiry.session());
      await sayNotes(session.facts);
      const dumped = await dump(session, pid, wanted, flags);
      const notes = session.drainNotes();
      const process = { pid, what: flags.what ?? (flags.address === undefined ? 'core' : 'map') };
      if (flags.json === true) writeData(await asJson({ dump: { ...process, files: dumped, notes } }));
      else for (const file of dumped) tell(file);
      for (const note of notes) complain(note);
      if (flags.strict === true && dumped.some(({ missingBytes }) => missingBytes > 0))
        outcome.code = EXIT.findings;
    });
  });
}

async function dump(
  session: LibrarySession,
  pid: number,
  wanted: Wanted,
  { output }: Flags,
): Promise<Dumped[]> {
  const { bytesOf } = await import('../../kernel/linux/coredump/process-bytes.ts');
  const { saveArtefact } = await import('../../extract/artefact-file.ts');
  const { freeName } = await import('../../extract/safe-name.ts');
  const { memory } = session.kernel.space;
  const process = session.process(pid);
  memory.chargeTo(new Budget(savingBudget(memory.limits)));
  try {
    const found = bytesOf(process.task, wanted);
    if (found.length === 0) throw new UsageError(whyNothing(process, wanted));
    const isInto = output === undefined || isFolder(output);
    if (!isInto && found.length > 1)
      throw new UsageError(`process ${pid} has ${found.length} such files: --output wants a folder`);
    const taken = new Set<string>();
    const places = found.map(({ name }) => (isInto ? join(output ?? '.', freeName(name, taken)) : output));
    for (const place of places) refuseTaken(place);
    const spend = savingBytes(session.facts.snapshot.memoryBytes);
    return found.map((bytes: NamedBytes, nth) => ({
      path: places[nth]!,
      ...saveArtefact(places[nth]!, bytes, spend),
    }));
  } finally {
    memory.chargeTo(null);
  }
}

/** @throws UsageError */
function wantedBy({ what, address }: Flags): Wanted {
  if (address === undefined && what === 'map')
    throw new UsageError('--what map wants --address: vestige maps lists the mappings');
  if (address === undefined) return what === undefined || what === 'map' ? 'core' : what;
  if (what !== undefined && what !== 'map')
    throw new UsageError(`--address is of a mapping, and --what ${what} is none`);
  const isAddress = /^(?:0x[0-9a-f]{1,16}|\d{1,20})$/i.test(address);
  if (!isAddress || BigInt(address) >= 1n << 64n)
    throw new UsageError(`--address wants an address like 0x7f3a5c000000, not ${address}`);
  return { at: BigInt(address) };
}

/** Why a process has nothing of what is wanted. */
function whyNothing({ pid, task }: Process, wanted: Wanted): string {
  if (task.memory === null && wanted !== 'deleted' && wanted !== 'memfd')
    return `process ${pid} has no memory of its own: it is a thread of the kernel, or has ended`;
  if (typeof wanted === 'object')
    return `process ${pid} has no mapping at 0x${wanted.at.toString(16)}: vestige maps lists those that it has`;
  switch (wanted) {
    case 'core':
      return `process ${pid} has no memory of its own`;
    case 'exe':
      return `nothing of the file that process ${pid} runs is cached: vestige elfs --save rebuilds what is mapped`;
    case 'deleted':
      return `process ${pid} has no file without a name of which anything is in memory`;
    case 'memfd':
      return `process ${pid} has no memory that passes for a file (memfd)`;
  }
}

function tell({ path, missingBytes, missing, remarks = [] }: Dumped): void {
  writeData(`${path}\n`);
  if (missingBytes > 0) {
    const reasons = Object.entries(missing).map(([why, count]) => `${why} ${count}`);
    complain(`${path}: ${missingBytes} bytes are nowhere in memory: ${reasons.join(', ')}`);
  }
  for (const remark of remarks) complain(remark);
}

/** @throws UsageError */
function wholeNumber(word: string, flag: string): number {
  if (!/^\d{1,10}$/.test(word)) throw new UsageError(`${flag} wants a whole number, not ${word}`);
  return Number(word);
}
