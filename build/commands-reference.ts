// The reference of commands: docs/reference/commands.md as text, made of the declarations that `--help` shows.
// Flags that several commands have in the same words stand once, in a table of their own.
import { Command, type Option } from 'commander';
import { plugins } from '../plugins/index.ts';
import { addCommands } from '../src/cli/commands.ts';

/** A flag is common where so many commands or more have it in the same words. */
const COMMON = 4;

const HEAD = `# Commands

This page is made of the program's own declarations: \`npm run reference\` writes it, and a test compares it with the program.
\`vestige COMMAND --help\` shows the same, with examples. [Exit codes](exit-codes.md) and [JSON](json.md) have pages of their own.

`;

/** Markdown: questions, every other command with its flags, then the flags that many have. */
export function commandsReference(): string {
  const program = new Command('vestige');
  addCommands(program, plugins, { code: 0 });
  const commands = program.commands.flatMap((command) => leaves(command, command.name()));
  const common = commonFlags(commands);
  const isCommon = (option: Option): boolean => common.some((other) => textOf(other) === textOf(option));
  const isQuestion = ({ path }: Leaf): boolean => plugins.some(({ name }) => name === path);
  const own = ({ command }: Leaf): Option[] =>
    shown(command).filter((option) => !isCommon(option) && !isFilter(option));
  const shared = ({ command }: Leaf): Option[] =>
    shown(command).filter((option) => isCommon(option) && !isFilter(option));
  const questions = commands.filter(isQuestion);
  const ofAll = shown(questions[0]!.command).filter(
    (option) =>
      !isFilter(option) &&
      questions.every(({ command }) => shown(command).some((other) => textOf(other) === textOf(option))),
  );
  return [
    HEAD,
    '## Questions\n\n',
    table(
      ['command', 'what it does'],
      questions.map(({ path, command }) => [`\`vestige ${path}${usage(command)}\``, command.description()]),
    ),
    `\nAll have ${names(ofAll)}, and a flag for each column that can be filtered by.\nSome have flags of their own:\n\n`,
    table(
      ['question', 'flag', 'what it does'],
      questions.flatMap((leaf) =>
        own(leaf)
          .filter(({ long }) => !ofAll.some((other) => other.long === long))
          .map((option) => [`\`${leaf.path}\``, `\`${option.flags}\``, meaningOf(option)]),
      ),
    ),
    ...commands
      .filter((leaf) => !isQuestion(leaf))
      .map((leaf) => {
        const [rare, usual] = [own(leaf), shared(leaf)];
        return [
          `\n## ${leaf.path}\n\n\`vestige ${leaf.path}${usage(leaf.command)}\`\n\n${leaf.command.description()}.\n`,
          rare.length === 0 ? '' : `\n${flagTable(rare)}`,
          usual.length === 0 ? '' : `\n${rare.length === 0 ? 'Flags' : 'Also'}: ${names(usual)}.\n`,
        ].join('');
      }),
    `\n## Common flags\n\n${flagTable(common)}`,
  ].join('');
}

/** The flags that so many commands have in the same words: of one name only the words that most of them use. */
function commonFlags(commands: readonly Leaf[]): Option[] {
  const uses = new Map<string, Option[]>();
  for (const option of commands.flatMap(({ command }) => shown(command))) {
    const text = textOf(option);
    uses.set(text, [...(uses.get(text) ?? []), option]);
  }
  const known = new Set<string | undefined>();
  return [...uses.values()]
    .sort((a, b) => b.length - a.length)
    .flatMap(([option, ...others]) => {
      if (option === undefined || others.length + 1 < COMMON || isFilter(option) || known.has(option.long))
        return [];
      known.add(option.long);
      return [option];
    });
}

/** A flag that keeps rows by one column: each question has them for its own columns. */
const isFilter = ({ description }: Option): boolean =>
  description.startsWith('keep the rows with one of these');

interface Leaf {
  readonly path: string;
  readonly command: Command;
}

/** A command, or those below it. */
const leaves = (command: Command, path: string): Leaf[] =>
  command.commands.length === 0
    ? [{ path, command }]
    : command.commands.flatMap((sub) => leaves(sub, `${path} ${sub.name()}`));

const shown = ({ options }: Command): Option[] => options.filter(({ hidden }) => !hidden);
const textOf = ({ flags, description, defaultValue }: Option): string =>
  JSON.stringify([flags, description, defaultValue]);
const usage = (command: Command): string => {
  const words = command
    .usage()
    .replace(/\[options\] ?/, '')
    .replace('[command]', '')
    .trim();
  return words === '' ? '' : ` ${words}`;
};
const names = (options: readonly Option[]): string => options.map(({ long }) => `\`${long}\``).join(', ');

const flagTable = (options: readonly Option[]): string =>
  table(
    ['flag', 'what it does'],
    options.map((option) => [`\`${option.flags}\``, meaningOf(option)]),
  );

/** What a flag does, and what stands for it where it is left out. */
const meaningOf = ({ description, defaultValue }: Option): string =>
  defaultValue === undefined || typeof defaultValue === 'boolean'
    ? description
    : `${description} (default: \`${String(defaultValue)}\`)`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('');
