// `vestige recoverfs`: the trees of cached file systems as one tar, with a manifest beside it that tells what is missing.
// `src/extract` writes the archive: whole or not there, never over what is there.
import type { Command } from 'commander';
import { Budget, BudgetExceeded } from '../../base/budget.ts';
import { EvidenceFault } from '../../base/errors.ts';
import type { TarArchive } from '../../extract/tar-archive.ts';
import { refuseTaken, WholeFile } from '../../files/whole-file.ts';
import type { Session } from '../../session/session.ts';
import { EXIT } from '../exit.ts';
import { withInquiry } from '../flags/asking.ts';
import { checkColor } from '../flags/settings.ts';
import { collected } from '../flags/words.ts';
import type { Outcome } from '../outcome.ts';
import { complain, writeData } from '../terminal/output.ts';
import { asJson, type LookFlags, sayNotes, withLookFlags, withStrictFlag } from './look.ts';
import type { Recovered } from './recovered-trees.ts';
import { savingBudget, savingBytes } from './saving.ts';

type Flags = LookFlags & {
  readonly output: string;
  readonly type?: readonly string[];
  readonly path?: string;
};

/** Adds `vestige recoverfs <snapshot> --output <file>`. */
export function addRecoverCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('recoverfs')
    .description('Save the cached files of file systems as a tar: owners, rights, times, links, holes')
    .argument('<snapshot>')
    .requiredOption('--output <file.tar>', 'the archive, which is not there yet')
    .option('--type <type>', 'file systems of this type: tmpfs; repeatable, or a,b', collected)
    .option('--path <folder>', 'what is below this folder, as the first mount namespace sees it')
    .addHelpText(
      'after',
      `
The first folder in the archive is the file system: its type, device and UUID. Without --type,
file systems whose files the kernel makes by itself (proc, sysfs, …) are left out. What of a file
is not cached is a hole; FILE.tar.manifest.jsonl tells of each file its bytes, the missing ones by
reason, and the SHA-256 of what is unpacked. Files without a name are in the folder \\nameless.
Names that would act on a terminal or lead elsewhere are spelled: \\x1b, \\x2f.

Exit code: 0 it was saved, 1 with --strict if bytes are missing, 2 it could not be done.

Example:
  vestige recoverfs memory.raw --output files.tar
  vestige recoverfs memory.raw --output shm.tar --type tmpfs
  vestige recoverfs memory.raw --output home.tar --path /home/alice
`,
    );
  withStrictFlag(withLookFlags(command)).action(async (path: string, flags: Flags) => {
    checkColor(flags);
    await withInquiry(path, flags, 'quick', async (inquiry) => {
      const session = await inquiry.session();
      await sayNotes(session.facts);
      const recovered = await recover(session, flags);
      const notes = session.kernel.notes.drain();
      const { counts } = recovered;
      if (flags.json === true)
        writeData(
          await asJson({ archive: flags.output, manifest: manifestOf(flags.output), ...counts, notes }),
        );
      else writeData(`${flags.output}\n`);
      for (const note of notes) complain(note);
      if (counts.missingBytes > 0)
        complain(
          `${counts.missingBytes} bytes of ${counts.gapped} files are nowhere in memory: ${manifestOf(flags.output)} tells`,
        );
      if (flags.strict === true && counts.missingBytes > 0) outcome.code = EXIT.findings;
    });
  });
}

const manifestOf = (output: string): string => `${output}.manifest.jsonl`;

async function recover(session: Session, { output, type = [], path }: Flags): Promise<Recovered> {
  const { TarArchive } = await import('../../extract/tar-archive.ts');
  const { RecoveredTrees } = await import('./recovered-trees.ts');
  const { kernel } = session;
  const { memory } = kernel.space;
  refuseTaken(output);
  refuseTaken(manifestOf(output));
  const archive = new TarArchive(output);
  const manifest = opened(output, archive);
  memory.chargeTo(new Budget(savingBudget(memory.limits)));
  try {
    let length = 0;
    const tell = (line: object): void => {
      const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
      manifest.write(bytes, length);
      length += bytes.length;
    };
    const spend = savingBytes(session.facts.snapshot.memoryBytes);
    const trees = new RecoveredTrees(kernel, archive, tell, spend);
    try {
      await trees.save(
        type.flatMap((word) => word.split(',')),
        path,
      );
    } catch (error) {
      if (!(error instanceof BudgetExceeded || error instanceof EvidenceFault)) throw error;
      kernel.note(`no more is saved: ${error.message}`);
    }
    await archive.end();
    manifest.finish();
    return trees;
  } catch (error) {
    archive.abandon();
    manifest.discard();
    throw error;
  } finally {
    memory.chargeTo(null);
  }
}

/** The manifest; where it cannot be written, there is no archive either. @throws CannotSave */
function opened(output: string, archive: TarArchive): WholeFile {
  try {
    return new WholeFile(manifestOf(output));
  } catch (error) {
    archive.abandon();
    throw error;
  }
}
