// `vestige profile import`: reads symbol tables in Volatility 3's ISF and remembers them as profiles.
// Files are bounded and may be compressed.
import type { Command } from 'commander';
import { ForensicError, UsageError } from '../../base/errors.ts';
import { version } from '../../files/version.ts';
import { storePaths } from '../../inquiry/store-paths.ts';
import type { Profile } from '../../profile/profile.ts';
import { escapeText } from '../../report/escape.ts';
import type { Store } from '../../store/store.ts';
import { EXIT } from '../exit.ts';
import type { OpenFlags } from '../flags/settings.ts';
import type { Outcome } from '../outcome.ts';
import { complain, showProgress, writeData } from '../terminal/output.ts';

/** Adds `vestige profile import`. */
export function addProfileImportCommand(profile: Command, outcome: Outcome): void {
  profile
    .command('import')
    .description(
      'Remember profiles and symbol tables (ISF of Volatility 3), for kernels that cannot describe themselves',
    )
    .argument('<file...>', 'as it is or compressed with xz, gzip or zstd; of a folder, every table in it')
    .option('--cache <file>', 'remember them in this file instead of the usual one')
    .addHelpText('after', '\nExample:\n  vestige profile import ~/volatility3/symbols/linux/\n')
    .action(async (paths: string[], flags: Pick<OpenFlags, 'cache'>) => {
      outcome.code = await importAll(paths, { cache: flags.cache ?? true });
    });
}

/** @returns the exit code: of files that were named themselves, each must be a table */
async function importAll(paths: readonly string[], flags: OpenFlags): Promise<number> {
  const cache = storePaths(flags)?.cache;
  if (cache === undefined) throw new UsageError('there is no cache to import into');
  const { Store } = await import('../../store/store.ts');
  const { isFolder } = await import('../../files/make-folder.ts');
  const store = Store.open(cache, version());
  let code: number = EXIT.done;
  try {
    for (const path of paths) {
      if (isFolder(path)) await importFolder(path, store);
      else if (!(await importFile(path, store))) code = EXIT.failed;
    }
  } finally {
    store.close();
  }
  return code;
}

async function importFolder(folder: string, store: Store): Promise<void> {
  const { tableFiles } = await import('../../inquiry/profile-file.ts');
  const { tables, others } = tableFiles(folder);
  let imported = 0;
  for (const [index, { path }] of tables.entries()) {
    showProgress(`import ${folder}`, index, tables.length);
    if (await importFile(path, store)) imported++;
  }
  showProgress('', 1, 1);
  const passed =
    others === 0 ? '' : `; ${others} other ${others === 1 ? 'file is' : 'files are'} not called .json`;
  complain(`${folder}: ${imported} of ${tables.length} tables imported${passed}`);
}

/** Says of which kernel a file is, or why it is of none. @returns whether it was imported @throws StoreError */
async function importFile(path: string, store: Store): Promise<boolean> {
  const { bytesOf, tableFile } = await import('../../inquiry/profile-file.ts');
  const { readTable } = await import('../../profile/isf-file.ts');
  const { required } = await import('../../session/linux/required-members.ts');
  let profile: Profile;
  try {
    profile = readTable(bytesOf(path), required, path);
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
    complain(error.message);
    return false;
  }
  store.profiles.keep(profile, tableFile(path));
  const { release, architecture, source } = profile;
  writeData(`${[release, architecture, source, path].map(escapeText).join('  ')}\n`);
  return true;
}
