// The reference of all questions as Markdown, from what they declare: `docs/reference/questions.md` is written so, and a test
// holds it against the questions.
import { type AnyPlugin, GROUPS, kindText, type Options } from '../plugin/contract.ts';
import { optionHelp, optionsOf } from '../plugin/options.ts';
import { type Reference, referencesOf } from '../plugin/references.ts';
import { pluralOf } from '../plugin/wording.ts';

/** The whole document. */
export function questionsReference(plugins: readonly AnyPlugin[]): string {
  const groups = GROUPS.map((group) => [group, plugins.filter((plugin) => plugin.group === group)] as const);
  return [
    '# Questions',
    '',
    'Made from the questions themselves by `npm run reference`. A cell is a value, `null` where it does not apply, or absent with a reason.',
    ...groups.flatMap(([group, members]) =>
      members.length === 0
        ? []
        : [
            '',
            `## ${group[0]!.toUpperCase()}${group.slice(1)}`,
            ...members.flatMap((plugin) => sectionOf(plugin, plugins)),
          ],
    ),
    '',
  ].join('\n');
}

function sectionOf(plugin: AnyPlugin, plugins: readonly AnyPlugin[]): string[] {
  const { name, summary, example, columns, filters = [], words = {}, aliases = [] } = plugin;
  return [
    ...['', `### ${name}`, '', `${summary}. Its rows are ${pluralOf(plugin)}.`, ''],
    ...['```', `vestige ${name} memory.raw ${example}`, '```', ''],
    ...['| column | kind | what it says | filter |', '| --- | --- | --- | --- |'],
    ...Object.entries(columns).map(([column, reader]) => {
      const known = words[column] === undefined ? '' : `: ${words[column].join(', ')}`;
      return row([
        `\`${column}\``,
        kindText(reader),
        reader.help ?? '',
        filters.includes(column) ? `yes${known}` : '',
      ]);
    }),
    ...joinLines(referencesOf(plugin, plugins)),
    ...optionLines(optionsOf(plugin)),
    ...(plugin.artefact === undefined
      ? []
      : ['', '`--save FOLDER` writes the bytes behind the rows that are shown into a new folder.']),
    ...(plugin.onRequest === true
      ? [
          '',
          '`diff`, `scan`, `watch` and `report` do not ask it by themselves: name it in `--plugins`, or let a rule need it.',
        ]
      : []),
    ...(aliases.length === 0
      ? []
      : ['', `Other names: ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`]),
  ];
}

/** With what its rows can be joined, in SQL and elsewhere. */
const joinLines = (references: readonly Reference[]): string[] =>
  references.length === 0
    ? []
    : [
        '',
        `Joins: ${references.map(({ column, question, of }) => `\`${column}\` is \`${question}.${of}\``).join(', ')}.`,
      ];

function optionLines(options: Options): string[] {
  const entries = Object.entries(options);
  if (entries.length === 0) return [];
  return [
    ...['', '| option | what it does |', '| --- | --- |'],
    ...entries.map(([option, declared]) =>
      row([
        'switch' in declared ? `\`--${option}\`` : `\`--${option} <${declared.value}>\``,
        optionHelp(declared),
      ]),
    ),
  ];
}

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
