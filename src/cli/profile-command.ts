import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { UnreadableFile } from '../base/errors.ts';
import { readProfile, writeProfile } from '../profile/profile.ts';
import { escapeText } from '../report/escape.ts';
import { EXIT } from './exit.ts';
import type { Outcome } from './main.ts';
import { complain, writeData } from './output.ts';
import { addProfileBuildCommand } from './profile-build-command.ts';
import { cachePath, type OpenFlags, openSettings, textOf, withOpenFlags } from './settings.ts';
import { version } from './version.ts';

/** Adds `vestige profile export|build|show|list`. */
export function addProfileCommand(program: Command, outcome: Outcome): void {
  const profile = program
    .command('profile')
    .description('Export, show or list profiles: what is known of one kernel build');
  withOpenFlags(
    profile
      .command('export')
      .description(
        "Write the profile of a snapshot's kernel, for snapshots of the same build that cannot describe themselves",
      )
      .argument('<snapshot>')
      .option('--output <file>', 'write to this file instead of stdout')
      .addHelpText('after', '\nExample:\n  vestige profile export memory.raw --output profiles/mine.json\n'),
  ).action(async (path: string, flags: OpenFlags & { output?: string }) => {
    const { openSession } = await import('../session/session.ts');
    const session = openSession(path, openSettings(flags));
    try {
      const text = writeProfile(session.profile);
      if (flags.output === undefined) writeData(text);
      else save(flags.output, text);
    } finally {
      session.close();
    }
    outcome.code = EXIT.done;
  });
  addProfileBuildCommand(profile, outcome);
  profile
    .command('show')
    .description('Show what a profile file is of')
    .argument('<file>')
    .action((path: string) => {
      const { banner, release, buildId, architecture, source, symbols, types } = readProfile(
        textOf(path),
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
    profile.command('list').description('List the profiles that are remembered from earlier snapshots'),
  ).action(async (flags: OpenFlags) => {
    const path = cachePath(flags);
    if (path === undefined) return complain('there is no cache to list');
    const { Store } = await import('../store/store.ts');
    const store = Store.open(path, version());
    const lines = store
      .profiles()
      .map(({ buildId, release, made }) => `${buildId}  ${made}  ${escapeText(release)}\n`);
    store.close();
    return writeData(lines.join(''));
  });
}

function save(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UnreadableFile(
      `cannot write ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
    );
  }
}
