// The commands that ask questions: one for each plugin, `run` for several, and `plugins` that lists them.
// Flags for filters and options follow from what each plugin declares.
import { type Command, Option as CommandOption } from 'commander';
import { ForensicError, UsageError } from '../../base/errors.ts';
import { hint } from '../../base/nearest.ts';
import {
  type AnyPlugin,
  type Column,
  type ColumnKind,
  kindOf,
  kindText,
  type Option,
} from '../../plugin/contract.ts';
import { optionHelp, optionsOf, optionValue, usualValue } from '../../plugin/options.ts';
import { wrap } from '../../report/width.ts';
import { withBudgetFlags } from '../flags/budget.ts';
import { flagOf, kebabCase } from '../flags/column-names.ts';
import { kernelFilter } from '../flags/kernel.ts';
import { type SelectionWords, selectFor } from '../flags/selection.ts';
import {
  formatFrom,
  type OpenFlags,
  type ShowFlags,
  withOpenFlags,
  withShowFlags,
} from '../flags/settings.ts';
import { whereTest } from '../flags/where.ts';
import type { Outcome } from '../outcome.ts';
import { showList } from '../terminal/list.ts';
import { complain, pageWidth, writeData } from '../terminal/output.ts';
import type { Question } from '../terminal/selected-answer.ts';
import { showAnswers } from '../terminal/show.ts';
import type { Saving } from './saving.ts';

type Flags = OpenFlags & ShowFlags & Readonly<Record<string, unknown>>;

/** Adds `vestige pslist <snapshot…>` and its like. */
export function addPluginCommands(program: Command, plugins: readonly AnyPlugin[], outcome: Outcome): void {
  for (const plugin of plugins) {
    const command = program
      .command(plugin.name)
      .description(plugin.summary)
      .argument('<snapshot...>', 'memory snapshots, of any known format')
      .addHelpText('after', () => columnsHelp(plugin));
    addFilterFlags(command, [plugin]);
    addOwnFlags(command, [plugin]);
    command
      .option(
        '--columns <list>',
        'show these columns in this order; +a,-b: the usual ones with a, without b; all',
        joined,
      )
      .option('--sort <list>', 'sort by these columns; -column for descending', joined)
      .option('--limit <rows>', 'show no more rows than this');
    if (plugin.artefact !== undefined)
      command.option(
        '--save <folder>',
        'write the bytes behind the rows that are shown into this new folder',
      );
    withShowFlags(withBudgetFlags(withOpenFlags(command))).action(async (paths: string[], flags: Flags) => {
      const question = await questionOf(plugin, flags);
      const saving = await savingInto(flags['save']);
      try {
        outcome.code = await showAnswers(paths, [{ ...question, ...(saving && { saving }) }], flags);
      } finally {
        saving?.end();
      }
    });
  }
}

async function savingInto(folder: unknown): Promise<Saving | undefined> {
  if (typeof folder !== 'string') return undefined;
  const { Saving } = await import('./saving.ts');
  return new Saving(folder);
}

/** A flag that is given twice holds both lists. */
const joined = (value: string, before: string | undefined): string =>
  before === undefined ? value : `${before},${value}`;

/** A flag for every column that any of the plugins filters by, and one for all else. */
function addFilterFlags(command: Command, plugins: readonly AnyPlugin[]): void {
  const columns = new Map<string, { kind: ColumnKind; words: readonly string[] }>();
  for (const { filters = [], columns: all, words = {} } of plugins) {
    for (const column of filters) {
      const known = columns.get(column)?.words ?? [];
      const more = words[column] ?? [];
      columns.set(column, { kind: kindOf(all[column]!), words: [...new Set([...known, ...more])] });
    }
  }
  for (const [column, { kind, words }] of columns)
    addFlag(command, column, '<list>', `only rows with one of these: ${wordsHelp(kind, words)}`, joined);
  command.option(
    '--where <expression>',
    'only rows that fulfil this: \'pid > 100 && name.startsWith("ssh")\'',
  );
}

/** Words that are told in `--help`; more would fill the screen. */
const TOLD_WORDS = 12;

function wordsHelp(kind: ColumnKind, words: readonly string[]): string {
  if (words.length > 0 && words.length <= TOLD_WORDS) return words.join(', ');
  return {
    text: 'a,b,!c (* and ? match)',
    flag: 'yes or no',
    int: '7,100..200,>1000',
    address: '0x1000,0x2000..0x3000',
    time: '2026-01-02,>2026-01-02T10:00',
    seconds: '1.5,10..20,>60',
  }[kind];
}

/** A flag as `--help` shows it, and in the spelling that the column or option itself has. */
function addFlag(
  command: Command,
  name: string,
  value: string,
  help: string,
  parse?: (value: string, before: string | undefined) => string,
): void {
  const spellings = [...new Set([kebabCase(name), name])];
  for (const spelling of spellings) {
    const option = new CommandOption(`--${spelling} ${value}`.trim(), help);
    if (parse !== undefined) option.argParser(parse);
    command.addOption(spelling === spellings[0] ? option : option.hideHelp());
  }
}

/** A flag for every option that any of the plugins declares. */
function addOwnFlags(command: Command, plugins: readonly AnyPlugin[]): void {
  const options = new Map(plugins.flatMap((plugin) => Object.entries(optionsOf(plugin))));
  for (const [name, option] of options) {
    if ('switch' in option) addFlag(command, name, '', option.help);
    else addFlag(command, name, `<${option.value}>`, optionHelp(option), option.list ? joined : undefined);
  }
}

async function questionOf(plugin: AnyPlugin, flags: Flags): Promise<Question> {
  const word = (name: string): string | undefined =>
    typeof flags[name] === 'string' ? flags[name] : undefined;
  const filters = new Map(
    (plugin.filters ?? []).flatMap((column) => {
      const value = filterWords(flags, column);
      return value === undefined ? [] : [[column, value] as const];
    }),
  );
  const words: { -readonly [K in keyof SelectionWords]: SelectionWords[K] } = { filters };
  for (const name of ['columns', 'sort', 'limit'] as const) {
    const value = word(name);
    if (value !== undefined) words[name] = value;
  }
  const options = Object.fromEntries(
    Object.entries(optionsOf(plugin)).map(([name, option]) => [name, chosen(name, option, flags[name])]),
  );
  const where = word('where');
  const test = where === undefined ? undefined : await whereTest(where, plugin);
  return { plugin, options, selection: selectFor(plugin, words, test) };
}

/** What a flag says about a column; of `--kernel` what does not choose a kernel. */
function filterWords(flags: Flags, column: string): string | undefined {
  const value = flags[column];
  if (typeof value !== 'string') return undefined;
  return column === 'kernel' ? kernelFilter(value) : value;
}

function chosen(name: string, option: Option, value: unknown): unknown {
  const given =
    'switch' in option
      ? value === true
      : optionValue(kebabCase(name), option, typeof value === 'string' ? value : undefined);
  return given ?? usualValue(option);
}

/** What is told of a column has at least so many letters in a line, however narrow the terminal is. */
const MIN_HELP_WIDTH = 20;

function columnsHelp(plugin: AnyPlugin): string {
  const columns = Object.entries(plugin.columns).map(
    ([name, column]) => [name, kindText(column), column.help ?? ''] as const,
  );
  const [names, kinds] = [0, 1].map((at) => Math.max(...columns.map((column) => column[at]!.length)));
  const indent = names! + kinds! + 6;
  const lines = columns.flatMap(([name, kind, help]) =>
    wrap(help, Math.max(MIN_HELP_WIDTH, pageWidth() - indent)).map((line, index) =>
      (index === 0
        ? `  ${name.padEnd(names!)}  ${kind.padEnd(kinds!)}  ${line}`
        : ' '.repeat(indent) + line
      ).trimEnd(),
    ),
  );
  return `\nColumns:\n${lines.join('\n')}\n\nExample:\n  vestige ${plugin.name} memory.raw ${plugin.example}\n`;
}

/** Adds `vestige run <plugin,plugin> <snapshot…>`. */
export function addRunCommand(program: Command, plugins: readonly AnyPlugin[], outcome: Outcome): void {
  const command = program
    .command('run')
    .description('Ask several questions of a snapshot in one go')
    .usage('[options] <plugins> <snapshot...>')
    .argument('[words...]', 'plugins joined by commas, then snapshots; with --all only snapshots')
    .option('--all', 'ask every plugin')
    .option('--limit <rows>', 'show no more rows of each than this')
    .addHelpText('after', '\nExample:\n  vestige run pslist,sockets,files memory.raw --pid 812\n');
  addFilterFlags(command, plugins);
  addOwnFlags(command, plugins);
  withShowFlags(withBudgetFlags(withOpenFlags(command))).action(
    async (words: string[], flags: Flags & { all?: true; limit?: string }) => {
      const paths = flags.all === true ? words : words.slice(1);
      if (paths.length === 0)
        throw new UsageError(
          'run wants plugins and at least one snapshot: vestige run pslist,sockets memory.raw',
        );
      const chosenPlugins = flags.all === true ? plugins : pluginsNamed(words[0]!, plugins);
      if (formatFrom(flags) === 'csv' && chosenPlugins.length > 1)
        throw new UsageError('csv holds one table: ask one plugin at a time, or use --format jsonl');
      sayUnfiltered(chosenPlugins, plugins, flags);
      const questions: Question[] = [];
      const where = await withWhere(chosenPlugins, flags);
      for (const plugin of chosenPlugins) {
        const narrowed = where.has(plugin) ? flags : { ...flags, where: undefined };
        questions.push(await questionOf(plugin, { ...narrowed, columns: undefined }));
      }
      outcome.code = await showAnswers(paths, questions, flags);
    },
  );
}

/** The plugins that `--where` can be asked of; of the others it is said. @throws Flaws where it can be asked of none */
async function withWhere(plugins: readonly AnyPlugin[], flags: Flags): Promise<ReadonlySet<AnyPlugin>> {
  const { where } = flags;
  if (typeof where !== 'string') return new Set();
  const fit = new Set<AnyPlugin>();
  const flaws = new Map<AnyPlugin, ForensicError>();
  for (const plugin of plugins) {
    try {
      await whereTest(where, plugin);
      fit.add(plugin);
    } catch (error) {
      if (!(error instanceof ForensicError)) throw error;
      flaws.set(plugin, error);
    }
  }
  if (fit.size === 0) throw [...flaws.values()][0];
  for (const [{ name }, { message }] of flaws) complain(`--where does not narrow ${name}: ${message}`);
  return fit;
}

/** A filter that a plugin does not know leaves its rows as they are: better said than wondered about. */
function sayUnfiltered(
  chosenPlugins: readonly AnyPlugin[],
  plugins: readonly AnyPlugin[],
  flags: Flags,
): void {
  const columns = new Set(plugins.flatMap(({ filters = [] }) => filters));
  for (const column of columns) {
    if (filterWords(flags, column) === undefined) continue;
    const without = chosenPlugins.filter(({ filters = [] }) => !filters.includes(column));
    if (without.length === 0) continue;
    complain(`${flagOf(column)} does not narrow ${without.map(({ name }) => name).join(', ')}`);
  }
}

function pluginsNamed(list: string, plugins: readonly AnyPlugin[]): AnyPlugin[] {
  const names = plugins.map(({ name }) => name);
  return [
    ...new Set(
      list
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    ),
  ].map((word) => {
    const found = plugins.find(({ name }) => name === word);
    if (found === undefined)
      throw new UsageError(`there is no plugin ${word}${hint(word, names)}; there are ${names.join(', ')}`);
    return found;
  });
}

/** What is told of a column, for programs. */
const helpOf = (column: Column<never>): object => ({
  text: column.help ?? null,
  unit: ('unit' in column ? column.unit : undefined) ?? null,
  space: 'address' in column ? (column.space ?? 'virtual') : null,
});

/** Adds `vestige plugins`: what can be asked. */
export function addPluginsCommand(program: Command, plugins: readonly AnyPlugin[]): void {
  program
    .command('plugins')
    .description('List the questions that can be asked, with their columns')
    .option('--json', 'as JSON')
    .action(({ json }: { json?: true }) => {
      if (json === true) {
        const listed = plugins.map(
          ({ name, group, summary, version, columns, identity, filters, words }) => ({
            name,
            group: group ?? null,
            summary,
            version,
            columns: Object.fromEntries(
              Object.entries(columns).map(([column, reader]) => [column, kindOf(reader)]),
            ),
            help: Object.fromEntries(
              Object.entries(columns).map(([column, reader]) => [column, helpOf(reader)]),
            ),
            identity,
            filters: filters ?? [],
            words: words ?? {},
          }),
        );
        return writeData(`${JSON.stringify(listed, null, 2)}\n`);
      }
      return showList(
        () => ({
          titles: ['question', 'what it tells, and its columns'],
          rows: plugins.map(({ name, summary, columns }) => [
            name,
            [summary, Object.keys(columns).join(', ')],
          ]),
        }),
        () => questionLines(plugins),
      );
    });
}

/** The questions for a file or pipe. */
function questionLines(plugins: readonly AnyPlugin[]): string {
  const indent = 2 + Math.max(...plugins.map(({ name }) => name.length));
  const lines = plugins.flatMap(({ name, summary, columns }) => [
    ...wrap(summary, pageWidth() - indent).map(
      (line, index) => (index === 0 ? name : '').padEnd(indent) + line,
    ),
    ...wrap(Object.keys(columns).join(', '), pageWidth() - indent).map((line) => ' '.repeat(indent) + line),
  ]);
  return `${lines.join('\n')}\n`;
}
