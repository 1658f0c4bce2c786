// `vestige completion`: scripts that complete commands, flags and words in bash, zsh and fish.
// They are generated from the commands that commander knows.

import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import { optionsOf } from '../../plugin/options.ts';
import { MEMORY_FORMATS } from '../../report/memory-text.ts';
import { CHECK_CHOICES } from '../flags/check.ts';
import { flagOf } from '../flags/column-names.ts';
import { SCAN_CHOICES } from '../flags/scan.ts';
import { FORMATS } from '../flags/settings.ts';
import { writeData } from '../terminal/output.ts';
import { TARGET_WORDS } from './convert.ts';
import { WHAT } from './dump.ts';

/** Flags of commands whose values are words, by command. */
const CHOICES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  check: CHECK_CHOICES,
  convert: { '--to': TARGET_WORDS },
  dump: { '--what': WHAT },
  integrity: CHECK_CHOICES,
  read: { '--format': MEMORY_FORMATS },
  scan: SCAN_CHOICES,
  watch: SCAN_CHOICES,
};

/** A command's words for a shell to offer. */
interface Offer {
  /** `profile export`; empty for the program itself. */
  readonly path: string;
  readonly summary: string;
  readonly subcommands: readonly string[];
  readonly flags: readonly string[];
  /** The plugin's columns, for `--columns` and `--sort`. */
  readonly columns: readonly string[];
  /** The values of flags that have one of some. */
  readonly choices: Readonly<Record<string, readonly string[]>>;
  /** What the first operand may be, joined by commas, where it is no file. */
  readonly operands: readonly string[];
}

const SHELLS = ['bash', 'zsh', 'fish'] as const;
const COLORS = ['auto', 'always', 'never'];

/** Flags that want a value of their own. */
const VALUED = [
  ...['--plugin', '--profile', '--cache', '--output', '--base', '--map', '--limit'],
  ...['--policy', '--since', '--baseline', '--write-baseline', '--where'],
  ...['--pid', '--length', '--address'],
];

/** Adds `vestige completion bash|zsh|fish`. */
export function addCompletionCommand(program: Command, plugins: readonly AnyPlugin[]): void {
  program
    .command('completion')
    .description('Print a script that completes commands, flags and files in bash, zsh or fish')
    .argument('<shell>', SHELLS.join(', '))
    .addHelpText(
      'after',
      '\nExample:\n  vestige completion bash > ~/.local/share/bash-completion/completions/vestige\n',
    )
    .action((shell: string) => {
      const known = SHELLS.find((name) => name === shell);
      if (known === undefined)
        throw new UsageError(`there is no completion for ${shell}; there is one for ${SHELLS.join(', ')}`);
      writeData({ bash: bashScript, zsh: zshScript, fish: fishScript }[known](offersIn(program, plugins)));
    });
}

function offersIn(program: Command, plugins: readonly AnyPlugin[]): Offer[] {
  const operands = new Map<string, readonly string[]>([
    ['run', plugins.map(({ name }) => name)],
    ['completion', SHELLS],
  ]);
  const visit = (command: Command, path: string): Offer[] => [
    {
      path,
      summary: command.description(),
      subcommands: command.commands.map((sub) => sub.name()),
      flags: [...command.options.flatMap(({ long, hidden }) => (hidden ? [] : (long ?? []))), '--help'],
      columns: Object.keys(plugins.find(({ name }) => name === path)?.columns ?? {}),
      choices: { ...CHOICES[path], ...wordsOf(plugins.find(({ name }) => name === path)) },
      operands: operands.get(path) ?? [],
    },
    ...command.commands.flatMap((sub) => visit(sub, `${path} ${sub.name()}`.trim())),
  ];
  return visit(program, '');
}

/** The words of a plugin's columns and options after their flags. */
const wordsOf = (plugin: AnyPlugin | undefined): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries([
    ...(plugin?.filters ?? []).flatMap((column) => {
      const words = plugin?.words?.[column];
      return words === undefined ? [] : [[flagOf(column), words] as const];
    }),
    ...Object.entries(plugin === undefined ? {} : optionsOf(plugin)).flatMap(([name, option]) =>
      'choices' in option ? [[flagOf(name), option.choices] as const] : [],
    ),
  ]);

/** Words that stand in scripts between single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Assigns a command's words in a `case` of bash or zsh. */
const caseLine = ({ path, subcommands, flags, columns, operands }: Offer): string => {
  const words = { subcommands, flags, columns, operands };
  const assignments = Object.entries(words).map(([name, list]) => `${name}=${quoted(list.join(' '))}`);
  return `      ${quoted(path)}) ${assignments.join(' ')}; break ;;`;
};

/** Finds the command in the words so far: the same lines in bash and zsh but for `words` and the first index. */
const findCommand = (offers: readonly Offer[], words: string, first: number, current: string): string =>
  `  for ((i = ${first}; i < ${current} && i <= ${first + 1}; i++)); do
    case "\${${words}[i]}" in -*|*/*|*.*) break ;; esac
    command="\${command:+$command }\${${words}[i]}"
  done
  while :; do
    case "$command" in
${offers.map(caseLine).join('\n')}
      *' '*) command="\${command% *}" ;;
      *) command='' ;;
    esac
  done`;

/** The values that one command's flags may have, offered by what each shell offers words with. */
const choiceLines = (offers: readonly Offer[], offer: (words: string) => string): string =>
  `  case "$command $before" in
${offers
  .flatMap(({ path, choices }) =>
    Object.entries(choices).map(
      ([flag, words]) => `    ${quoted(`${path} ${flag}`)}) ${offer(words.join(' '))}; return ;;`,
    ),
  )
  .join('\n')}
  esac`;

const bashScript = (offers: readonly Offer[]): string => `# bash completion for vestige
_vestige() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  local command='' subcommands='' flags='' columns='' operands='' list='' i
${findCommand(offers, 'COMP_WORDS', 1, 'COMP_CWORD')}
${choiceLines(offers, (words) => `COMPREPLY=($(compgen -W '${words}' -- "$word"))`)}
  case "$before" in
    --format) COMPREPLY=($(compgen -W '${FORMATS.join(' ')}' -- "$word")); return ;;
    --color) COMPREPLY=($(compgen -W '${COLORS.join(' ')}' -- "$word")); return ;;
    --columns|--sort) list="$columns" ;;
    "$command") list="$operands" ;;
    ${VALUED.join('|')}) subcommands='' ;;
  esac
  if [[ -n $list ]]; then
    local head=''
    [[ $word == *,* ]] && head="\${word%,*},"
    COMPREPLY=($(compgen -P "$head" -W "$list" -- "\${word##*,}"))
    compopt -o nospace 2>/dev/null
  elif [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  elif [[ -n $subcommands ]]; then
    COMPREPLY=($(compgen -W "$subcommands" -- "$word"))
  else
    compopt -o filenames 2>/dev/null
    local IFS=$'\\n'
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -F _vestige vestige
`;

const zshScript = (offers: readonly Offer[]): string => `#compdef vestige
# zsh completion for vestige
_vestige() {
  local word="\${words[CURRENT]}" before="\${words[CURRENT-1]}"
  local command='' subcommands='' flags='' columns='' operands='' list='' i
${findCommand(offers, 'words', 2, 'CURRENT')}
${choiceLines(offers, (words) => `compadd -- ${words}`)}
  case "$before" in
    --format) compadd -- ${FORMATS.join(' ')}; return ;;
    --color) compadd -- ${COLORS.join(' ')}; return ;;
    --columns|--sort) list="$columns" ;;
    "$command") list="$operands" ;;
    ${VALUED.join('|')}) subcommands='' ;;
  esac
  if [[ -n $list ]]; then
    compset -P '*,'
    compadd -S '' -- \${=list}
  elif [[ $word == -* ]]; then
    compadd -- \${=flags}
  elif [[ -n $subcommands ]]; then
    compadd -- \${=subcommands}
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == _vestige ]]; then
  _vestige "$@"
else
  compdef _vestige vestige
fi
`;

function fishScript(offers: readonly Offer[]): string {
  const complete = (offer: Offer, rest: string): string =>
    `complete -c vestige -n ${quoted(fishCondition(offer))} ${rest}`;
  const summaries = new Map(offers.map(({ path, summary }) => [path, summary]));
  const lines = offers.flatMap((offer) => [
    ...offer.subcommands.map((name) => {
      const summary = summaries.get(`${offer.path} ${name}`.trim()) ?? '';
      return complete(offer, `-f -a ${name} -d ${quoted(summary)}`);
    }),
    ...(offer.operands.length === 0 ? [] : [complete(offer, `-a ${fishList(offer.operands)}`)]),
    ...offer.flags.map((flag) => complete(offer, `-l ${flag.slice(2)}${fishValues(flag, offer)}`)),
  ]);
  return `# fish completion for vestige
function __vestige_list
  set -l before (string match -r '.*,' -- (commandline -ct))
  for word in $argv
    echo "$before$word"
  end
end
${lines.join('\n')}
`;
}

const fishCondition = ({ path }: Offer): string =>
  path === ''
    ? '__fish_use_subcommand'
    : path
        .split(' ')
        .map((word) => `__fish_seen_subcommand_from ${word}`)
        .join('; and ');

function fishValues(flag: string, { columns, choices }: Offer): string {
  const own = choices[flag];
  if (own !== undefined) return ` -x -a ${quoted(own.join(' '))}`;
  if (flag === '--format') return ` -x -a ${quoted(FORMATS.join(' '))}`;
  if (flag === '--color') return ` -x -a ${quoted(COLORS.join(' '))}`;
  if (flag === '--columns' || flag === '--sort') return ` -x -a ${fishList(columns)}`;
  return VALUED.includes(flag) ? ' -r' : '';
}

const fishList = (words: readonly string[]): string => quoted(`(__vestige_list ${words.join(' ')})`);
