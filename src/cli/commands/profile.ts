// `vestige profile`: exports, shows and lists profiles.
// `profile-build.ts` and `profile-import.ts` add the other subcommands.
import type { Command } from 'commander';
import { PUBLIC_MODE, replaceFile } from '../../files/replace-file.ts';
import { version } from '../../files/version.ts';
import { storePaths } from '../../inquiry/store-paths.ts';
import { writeProfile } from '../../profile/profile.ts';
import { escapeText } from '../../report/escape.ts';
import { wrap } from '../../report/width.ts';
import { EXIT } from '../exit.ts';
import { withInquiry } from '../flags/asking.ts';
import { type OpenFlags, withOpenFlags } from '../flags/settings.ts';
import type { Outcome } from '../outcome.ts';
import { showList } from '../terminal/list.ts';
import { complain, terminalWidth, writeData } from '../terminal/output.ts';
import { addProfileBuildCommand } from './profile-build.ts';
import { addProfileImportCommand } from './profile-import.ts';

/** What stands where the build ID is not known: symbol tables do not tell it. */
const NO_BUILD_ID = '-'.padEnd(40);

/** Adds `vestige profile export|build|import|show|list`. */
export function addProfileCommand(program: Command, outcome: Outcome): void {
  const profile = program
    .command('profile')
    .description('Export, build, import, show or list profiles: what is known of one kernel build');
  withOpenFlags(
    profile
      .command('export')
      .description(
        "Write the profile of a snapshot's kernel, for snapshots of the same build that cannot describe themselves",
      )
      .argument('<snapshot>')
      .option('--output <file>', 'write to this file instead of stdout')
      .option(
        '--isf',
        'write all types and symbols, as a symbol table (ISF) for Volatility 3; .gz compresses it',
      )
      .addHelpText(
        'after',
        '\nExample:\n  vestige profile export memory.raw --output profiles/mine.json\n' +
          '  vestige profile export memory.raw --isf --output volatility3/symbols/linux/mine.json.gz\n',
      ),
  ).action(async (path: string, flags: OpenFlags & { output?: string; isf?: true }) => {
    const { checkIsfName, isfOf } = await import('./profile-isf.ts');
    if (flags.isf === true) checkIsfName(flags.output);
    await withInquiry(path, flags, 'quick', async (inquiry) => {
      const session = await inquiry.session();
      const data =
        flags.isf === true ? isfOf(session, flags.output, complain) : writeProfile(session.profile);
      if (flags.output === undefined) writeData(data);
      else replaceFile(flags.output, data, PUBLIC_MODE);
    });
    outcome.code = EXIT.done;
  });
  addProfileBuildCommand(profile, outcome);
  addProfileImportCommand(profile, outcome);
  profile
    .command('show')
    .description('Show what a profile or symbol table is of')
    .argument('<file>')
    .action(async (path: string) => {
      const { bytesOf } = await import('../../inquiry/profile-file.ts');
      const { readTable } = await import('../../profile/isf-file.ts');
      const { required } = await import('../../session/linux/required-members.ts');
      const { banner, release, buildId, architecture, source, symbols, types } = readTable(
        bytesOf(path),
        required,
        path,
      );
      const members = Object.values(types).reduce((sum, type) => sum + Object.keys(type.members).length, 0);
      const lines = [
        ['banner', banner],
        ['release', release],
        ['build ID', buildId ?? 'not known'],
        ['architecture', architecture],
        ['source', source],
        ['symbols', String(Object.keys(symbols).length)],
        ['members', `${members} of ${Object.keys(types).length} structs`],
      ];
      writeData(lines.map(([key, value]) => `${key!.padEnd(13)} ${escapeText(value!)}\n`).join(''));
    });
  withOpenFlags(
    profile
      .command('list')
      .description('List the profiles that are remembered: from earlier snapshots, and imported ones'),
  ).action(async (flags: OpenFlags) => {
    const path = storePaths(flags)?.cache;
    if (path === undefined) return complain('there is no cache to list');
    const { Store } = await import('../../store/store.ts');
    const store = Store.open(path, version());
    const profiles = store.profiles.all();
    store.close();
    const lineOf = ({ buildId, release, made, origin }: (typeof profiles)[number]): string => {
      const from = origin === null ? '' : `  from ${origin}`;
      const line = `${buildId === '' ? NO_BUILD_ID : buildId}  ${made}  ${escapeText(release + from)}`;
      return `${wrap(line, terminalWidth() - 2).join('\n  ')}\n`;
    };
    return showList(
      () => ({
        titles: ['build ID', 'made', 'kernel'],
        rows: profiles.map(({ buildId, release, made, origin }) => [
          buildId === '' ? 'not known' : buildId,
          made,
          origin === null ? release : [release, `from ${origin}`],
        ]),
      }),
      () => profiles.map(lineOf).join(''),
    );
  });
}
