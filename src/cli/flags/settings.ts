// The flags that say how a snapshot is opened and how answers are shown.
// Most commands share them.
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import type { OpenSettings } from '../../inquiry/settings.ts';
import type { ColorChoice } from '../../report/style.ts';
import { type BudgetFlags, budgetFrom } from './budget.ts';
import { kernelChosen, withKernelFlag } from './kernel.ts';
import { MAP_HELP, mapFrom } from './map.ts';

/** Flags of every command that opens snapshots, as commander gives them. */
export interface OpenFlags extends BudgetFlags {
  readonly base?: string;
  readonly map?: string;
  readonly profile?: string;
  readonly kernel?: string;
  /** A path, `false` for `--no-cache`, `true` where no flag says. */
  readonly cache: string | boolean;
}

/** Flags of every command that shows something. */
export interface ShowFlags {
  readonly format?: string;
  readonly json?: true;
  /** Rows of tables as records, one below the other. */
  readonly vertical?: true;
  /** How tables look. */
  readonly style?: string;
  readonly header: boolean;
  readonly color: ColorChoice;
  readonly strict?: true;
}

export const FORMATS = ['table', 'json', 'jsonl', 'csv'] as const;
export type FormatName = (typeof FORMATS)[number];

/** How tables may look. */
const STYLES = ['plain', 'box'] as const;
export const STYLE_HELP = 'how tables look: plain, or box for rules around the cells of up to 300 rows';

/** Whoever wants no cache gets none, in whichever order the flags stand. */
const unlessNone = (path: string, before: string | boolean | undefined): string | false =>
  before === false ? false : path;

/** Adds the flags that say how a snapshot is opened. */
export const withOpenFlags = (command: Command): Command =>
  withKernelFlag(command)
    .option('--base <address>', 'physical address of the first byte of a raw snapshot')
    .option('--map <pieces>', MAP_HELP)
    .option(
      '--profile <file>',
      'use this profile or symbol table instead of what the snapshot says of itself; of a folder, the one that fits',
    )
    .option('--cache <file>', 'remember answers in this file instead of the usual one', unlessNone)
    .option('--no-cache', 'do not read the cache, and do not write to it');

/** Adds the flags that say how answers are shown. */
export const withShowFlags = (command: Command): Command =>
  command
    .option('--format <format>', `how to print: ${FORMATS.join(', ')}`)
    .option('--json', 'the same as --format json')
    .option('--vertical', 'each row as a record: a line for each column')
    .option('--style <style>', STYLE_HELP)
    .option('--no-header', 'leave out the line of column names')
    .option('--color <when>', 'auto, always or never', 'auto')
    .option('--strict', 'exit with 1 if anything could not be read');

/**
 * How snapshots are opened: as flags say, and as closely searched for kernels as the command wants it.
 * @throws UsageError, UnreadableFile, BadProfile
 */
export async function openSettings(
  { base, map, profile, kernel, ...budget }: OpenFlags,
  search: OpenSettings['search'],
): Promise<OpenSettings> {
  const chosen = kernelChosen(kernel);
  return {
    search,
    ...(chosen === undefined ? {} : { kernel: chosen }),
    ...(base === undefined ? {} : { base: addressFrom(base) }),
    ...(map === undefined ? {} : { map: mapFrom(map, base) }),
    ...(profile === undefined ? {} : await profileSettings(profile)),
    ...budgetSettings(budget),
  };
}

/** Nothing where no flag is given: then the snapshot alone decides, and what it answers may be remembered. */
function budgetSettings(flags: BudgetFlags): Pick<OpenSettings, 'limits'> {
  const limits = budgetFrom(flags);
  return Object.keys(limits).length === 0 ? {} : { limits };
}

/** A file is read at once; a folder is only asked for a kernel that does not describe itself. */
async function profileSettings(path: string): Promise<Pick<OpenSettings, 'profile' | 'profileFolder'>> {
  const { isFolder } = await import('../../files/make-folder.ts');
  const { bytesOf } = await import('../../inquiry/profile-file.ts');
  if (isFolder(path)) return { profileFolder: path };
  const { readTable } = await import('../../profile/isf-file.ts');
  const { required } = await import('../../session/linux/required-members.ts');
  return { profile: readTable(bytesOf(path), required, path) };
}

/** @throws UsageError */
export function formatFrom(flags: ShowFlags): FormatName {
  const { format, json } = flags;
  const word = json === true ? 'json' : (format ?? 'table');
  const known = FORMATS.find((name) => name === word);
  if (known === undefined)
    throw new UsageError(`there is no format ${word}; there are ${FORMATS.join(', ')}`);
  if (json === true && format !== undefined && format !== 'json')
    throw new UsageError('--json contradicts --format');
  checkVertical(flags, known);
  checkStyle(flags, known);
  return known;
}

/** Records are a form of tables, and no other format has them. @throws UsageError */
export function checkVertical({ vertical }: Pick<ShowFlags, 'vertical'>, format: string): void {
  if (vertical === true && format !== 'table')
    throw new UsageError(`--vertical is a form of tables, and the format is ${format}`);
}

/** @throws UsageError */
function checkStyle({ style, vertical }: Pick<ShowFlags, 'style' | 'vertical'>, format: string): void {
  if (style === undefined) return;
  if (!STYLES.some((known) => known === style))
    throw new UsageError(`there is no style ${style}; there are ${STYLES.join(', ')}`);
  if (format !== 'table') throw new UsageError(`--style is of tables, and the format is ${format}`);
  if (style === 'box' && vertical === true)
    throw new UsageError('--style box contradicts --vertical: records have no box');
}

/** @throws UsageError */
export function checkColor({ color }: Pick<ShowFlags, 'color'>): void {
  if (!['auto', 'always', 'never'].includes(color))
    throw new UsageError(`--color wants auto, always or never, not ${color}`);
}

function addressFrom(word: string): number {
  const address = /^(0x[0-9a-f]+|\d+)$/i.test(word) ? Number(word) : Number.NaN;
  if (!Number.isSafeInteger(address) || address % 4096 !== 0) {
    throw new UsageError(`--base wants an address that is a multiple of 4096, not ${word}`);
  }
  return address;
}
