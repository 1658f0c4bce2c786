import type { Command } from 'commander';
import { UsageError } from '../base/errors.ts';
import { writeData } from './output.ts';

/** A command's words for a shell to offer. */
interface Offer {
  readonly path: string;
  readonly summary: string;
  readonly subcommands: readonly string[];
  readonly flags: readonly string[];
}

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** Adds `vestige completion bash|zsh|fish`. */
export function addCompletionCommand(program: Command): void {
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
      writeData({ bash: bashScript, zsh: zshScript, fish: fishScript }[known](offersIn(program)));
    });
}

function offersIn(program: Command): Offer[] {
  const visit = (command: Command, path: string): Offer[] => [
    {
      path,
      summary: command.description(),
      subcommands: command.commands.map((sub) => sub.name()),
      flags: [...command.options.flatMap(({ long }) => long ?? []), '--help'],
    },
    ...command.commands.flatMap((sub) => visit(sub, `${path} ${sub.name()}`.trim())),
  ];
  return visit(program, '');
}

/** Words that stand in scripts between single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function bashScript(offers: readonly Offer[]): string {
  const cases = offers.map(
    ({ path, subcommands, flags }) =>
      `    ${quoted(path)}) subcommands=${quoted(subcommands.join(' '))}; flags=${quoted(flags.join(' '))} ;;`,
  );
  return `# bash completion for vestige
_vestige() {
  local word=\${COMP_WORDS[COMP_CWORD]} path= subcommands= flags= i
  for ((i = 1; i < COMP_CWORD && i <= 2; i++)); do
    case \${COMP_WORDS[i]} in -*|*/*|*.*) break ;; esac
    path="\${path:+$path }\${COMP_WORDS[i]}"
  done
  while :; do
    case $path in
${cases.map((line) => `  ${line}`).join('\n')}
      *) path=\${path% *}; continue ;;
    esac
    break
  done
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  elif [[ -n $subcommands ]]; then
    COMPREPLY=($(compgen -W "$subcommands" -- "$word"))
  else
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -F _vestige vestige
`;
}

function zshScript(offers: readonly Offer[]): string {
  const cases = offers.map(
    ({ path, subcommands, flags }) =>
      `    ${quoted(path)}) subcommands=(${subcommands.join(' ')}); flags=(${flags.join(' ')}) ;;`,
  );
  return `#compdef vestige
# zsh completion for vestige
_vestige() {
  local path_words= i
  local -a subcommands flags
  for ((i = 2; i < CURRENT && i <= 3; i++)); do
    case $words[i] in -*|*/*|*.*) break ;; esac
    path_words="\${path_words:+$path_words }$words[i]"
  done
  while :; do
    case $path_words in
${cases.map((line) => `  ${line}`).join('\n')}
      *) path_words=\${path_words% *}; continue ;;
    esac
    break
  done
  if [[ $words[CURRENT] == -* ]]; then
    compadd -- $flags
  elif (( $#subcommands )); then
    compadd -- $subcommands
  else
    _files
  fi
}
compdef _vestige vestige
`;
}

function fishScript(offers: readonly Offer[]): string {
  const lines = offers.flatMap(({ path, subcommands, flags, summary }) => {
    const words = path.split(' ').filter((word) => word !== '');
    const condition =
      words.length === 0
        ? '__fish_use_subcommand'
        : words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    return [
      ...(summary === '' ? [] : [`# ${path || 'vestige'}: ${summary}`]),
      ...subcommands.map((name) => `complete -c vestige -n ${quoted(condition)} -f -a ${name}`),
      ...flags.map((flag) => `complete -c vestige -n ${quoted(condition)} -l ${flag.slice(2)}`),
    ];
  });
  return `# fish completion for vestige\n${lines.join('\n')}\n`;
}
