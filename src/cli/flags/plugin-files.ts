// Loads plugins that `--plugin FILE` names, before commander sees the command line.
// Their names may not be those of commands.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { plugins as own } from '../../../plugins/index.ts';
import { UsageError } from '../../base/errors.ts';
import { walkers } from '../../kernel/linux/walkers.ts';
import { withContainer } from '../../plugin/container-column.ts';
import { type AnyPlugin, KINDS, LISTINGS, listOf } from '../../plugin/contract.ts';
import { flawInReferences } from '../../plugin/references.ts';

/** The program's own plugins and those that `--plugin FILE` names, and the words that are left. @throws UsageError */
export async function loadPlugins(
  words: readonly string[],
): Promise<{ plugins: readonly AnyPlugin[]; rest: readonly string[] }> {
  const plugins = [...own];
  const brought: (readonly [path: string, plugin: AnyPlugin])[] = [];
  const rest: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (word !== '--plugin' && !word.startsWith('--plugin=')) {
      rest.push(word);
      continue;
    }
    const path = word === '--plugin' ? words[++index] : word.slice('--plugin='.length);
    if (path === undefined || path === '') throw new UsageError('--plugin wants the file of a plugin');
    const plugin = await loadPlugin(path);
    if (plugins.some(({ name }) => name === plugin.name))
      throw new UsageError(`${path}: there is a plugin ${plugin.name} already`);
    const other = plugin.lists === undefined ? undefined : listOf(plugins, plugin.lists);
    if (other !== undefined) throw new UsageError(`${path}: ${other.name} lists the ${plugin.lists} already`);
    plugins.push(plugin);
    brought.push([path, plugin]);
  }
  for (const [path, plugin] of brought) {
    const flaw = flawInReferences(plugin, plugins);
    if (flaw !== undefined) throw new UsageError(`${path} exports no plugin: ${flaw}`);
  }
  return { plugins, rest };
}

/** The files of plugins that are not the program's own. */
const files = new Map<AnyPlugin, string>();

/** The file that a plugin was loaded from; undefined where it is the program's own. */
export const fileOf = (plugin: AnyPlugin): string | undefined => files.get(plugin);

async function loadPlugin(path: string): Promise<AnyPlugin> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false)
    throw new UsageError(`cannot load plugin ${path}: it is no regular file`);
  let loaded: { default?: unknown };
  try {
    loaded = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
  } catch (error) {
    throw new UsageError(`cannot load plugin ${path}: ${(error as Error).message}`);
  }
  const flaw = flawIn(loaded.default);
  if (flaw !== undefined) throw new UsageError(`${path} exports no plugin: ${flaw}`);
  const plugin = withContainer(loaded.default as AnyPlugin);
  files.set(plugin, resolve(path));
  return plugin;
}

/** Words that are commands of the program: a plugin of such a name could not be asked. */
const COMMANDS =
  'run triage info explain read type shell dump convert diff timeline report check integrity policy scan watch acquire sql plugins profile cache completion help'.split(
    ' ',
  );

/** Whether a word is a command of the program, or one of the plugins. */
export const isCommand = (word: string, plugins: readonly AnyPlugin[]): boolean =>
  COMMANDS.includes(word) || plugins.some(({ name }) => name === word);

/** Flags of every plugin: an option or a filter of such a name could not be told from them. */
const FLAGS =
  'columns sort limit where format json vertical header no-header color strict base map profile cache no-cache plugin help'.split(
    ' ',
  );
/** Views of the cache that are about no plugin: one of such a name would take their place. */
const VIEWS = ['snapshots', 'answers', 'notes', 'findings', 'verdicts'];
/** Keys that stand beside the columns in JSON lines and in the cache. */
const TAKEN_COLUMNS = ['snapshot', 'snapshot_id', 'plugin', 'note', 'error', 'run_id', 'ordinal', 'absent'];

const isFunction = (value: unknown): boolean => typeof value === 'function';

const isListOfTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((word) => typeof word === 'string');

function flawInFinder({ walker, subjects, scans = {} }: Record<string, unknown>): string | undefined {
  if (typeof scans !== 'object' || scans === null || !Object.values(scans).every(isFunction))
    return 'scans must be functions that give scanners';
  if (Object.keys(scans).length > 0 && subjects === undefined)
    return 'scans are of no use without subjects, which are given what is found';
  if (subjects !== undefined) return isFunction(subjects) ? undefined : 'subjects must be a function';
  if (walker === undefined) return 'it has neither a walker nor subjects';
  return Object.hasOwn(walkers, walker as string)
    ? undefined
    : `walker must be one of ${Object.keys(walkers).join(', ')}`;
}

function flawInOption(option: Record<string, unknown> | null): string | undefined {
  if (option === null || typeof option !== 'object' || typeof option['help'] !== 'string')
    return 'must be an object with help';
  if (option['switch'] === true) return undefined;
  const { choices, parse, default: usual } = option;
  if (choices === undefined)
    return typeof parse === 'function' ? undefined : 'must be a switch, or have choices or parse';
  if (!isListOfTexts(choices) || (choices as string[]).length === 0) return 'must have texts as choices';
  return usual === undefined || (choices as unknown[]).includes(usual)
    ? undefined
    : 'must have one of its choices as default';
}

/** What keeps a value from being a plugin, in words; the compiler has not seen modules that users bring. */
function flawIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'its default export is no object';
  const { name, summary, example, version, columns, identity } = value as Record<string, unknown>;
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]*$/.test(name)) return 'name must be a lowercase word';
  if (COMMANDS.includes(name)) return `${name} is a command already`;
  if (VIEWS.includes(name)) return `${name} is a view of the cache already`;
  if (typeof summary !== 'string' || typeof example !== 'string') return 'summary and example must be texts';
  if (!Number.isSafeInteger(version)) return 'version must be a whole number';
  const flaw = flawInFinder(value as Record<string, unknown>);
  if (flaw !== undefined) return flaw;
  if (typeof columns !== 'object' || columns === null || Object.keys(columns).length === 0)
    return 'columns are missing';
  for (const [column, reader] of Object.entries(columns as Record<string, Record<string, unknown>>)) {
    const kind = KINDS.find((key) => Object.hasOwn(reader ?? {}, key));
    const read = kind === undefined ? undefined : reader[kind];
    if (TAKEN_COLUMNS.includes(column)) return `no column may be called ${column}`;
    if (typeof read !== 'function')
      return `column ${column} must be one of ${KINDS.join(', ')} with a function`;
    if (reader?.['secret'] !== undefined && kind !== 'text') return `column ${column} is secret and no text`;
  }
  const { lists, process, processName, references = {} } = value as Record<string, unknown>;
  if (lists !== undefined && !LISTINGS.some((listing) => listing === lists))
    return `lists must be one of ${LISTINGS.join(', ')}`;
  if (typeof references !== 'object' || !isListOfTexts(Object.values(references ?? {})))
    return "references must be texts: 'question.column'";
  const { filters = [], dispensable = [], tree, options = {}, words = {} } = value as Record<string, unknown>;
  if (typeof words !== 'object' || words === null || !Object.values(words).every(isListOfTexts))
    return 'words must be lists of texts';
  const named = {
    identity,
    filters,
    dispensable,
    process: process === undefined ? [] : [process],
    processName: processName === undefined ? [] : [processName],
    words: Object.keys(words),
    tree: tree === undefined ? [] : Object.values(tree as object),
  };
  for (const [key, names] of Object.entries(named)) {
    if (!Array.isArray(names) || names.some((column) => !Object.hasOwn(columns, column as string)))
      return `${key} must name columns`;
  }
  if (typeof options !== 'object' || options === null) return 'options must be an object';
  for (const [option, declared] of Object.entries(options as Record<string, Record<string, unknown>>)) {
    const flaw = flawInOption(declared);
    if (flaw !== undefined) return `option ${option} ${flaw}`;
  }
  const flag = [...(filters as string[]), ...Object.keys(options)].find((word) => FLAGS.includes(word));
  return flag === undefined ? undefined : `--${flag} is a flag already`;
}
