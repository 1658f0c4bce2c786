import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';

const VESTIGE = join(process.cwd(), 'dist/bin/vestige.js');
const folder = mkdtempSync(join(tmpdir(), 'vestige-completion-'));
const isInstalled = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;
const script = (shell: string): string => join(folder, `vestige.${shell}`);

beforeAll(() => {
  for (const shell of ['bash', 'zsh', 'fish'])
    writeFileSync(script(shell), execFileSync(process.execPath, [VESTIGE, 'completion', shell]));
  writeFileSync(join(folder, 'a snapshot.raw'), '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Asks each shell what it would offer for a command line whose last word is being typed. */
const OFFERED: Readonly<Record<string, (words: readonly string[]) => string[]>> = {
  bash: (words) =>
    runShell(
      'bash',
      `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vestige; printf '%s\\n' "\${COMPREPLY[@]}"`,
      words,
    ),
  zsh: (words) =>
    runShell(
      'zsh',
      `compdef() { :; }; _files() { ls; }
       compadd() { local word; while [[ $1 != -- ]]; do shift; done; shift
         for word in "$@"; do [[ $PREFIX$word == \${words[CURRENT]}* ]] && print -r -- "$PREFIX$word"; done }
       source "$0"; words=("$@"); CURRENT=$#; PREFIX=; [[ $words[CURRENT] == *,* ]] && PREFIX=\${words[CURRENT]%,*},
       compset() { :; }; _vestige`,
      words,
    ),
  fish: (words) => runShell('fish', `source $argv[1]; complete -C "$argv[2..]"`, words),
};

function runShell(shell: string, code: string, words: readonly string[]): string[] {
  const { stdout, stderr, status, error } = spawnSync(shell, ['-c', code, script(shell), ...words], {
    encoding: 'utf8',
    cwd: folder,
    timeout: 20_000,
  });
  expect({ error, stderr: stderr.replace(/.*compopt.*\n/g, ''), shell }).toEqual({
    error: undefined,
    stderr: '',
    shell,
  });
  expect(status).not.toBeNull();
  return stdout
    .split('\n')
    .map((line) => line.split('\t')[0]!)
    .filter((word) => word !== '');
}

describe.each(['bash', 'zsh', 'fish'].filter(isInstalled))('completion in %s', (shell) => {
  const offered = (...words: string[]): string[] => OFFERED[shell]!(['vestige', ...words]);

  it('is a script that the shell accepts', () => {
    expect(spawnSync(shell, ['-n', script(shell)], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it('offers every command and plugin', () => {
    const words = offered('');
    for (const name of [...plugins.map((plugin) => plugin.name), 'run', 'triage', 'cache'])
      expect(words).toContain(name);
  });

  it.each([
    [['pstr'], ['pstree']],
    [['cache', 'pr'], ['prune']],
    [['pslist', 'x', '--columns', 'pid,na'], ['pid,name']],
    [
      ['pslist', 'x', '--format', 'j'],
      ['json', 'jsonl'],
    ],
    [['run', 'pslist,pst'], ['pslist,pstree']],
    [['check', 'x', '--format', 'sar'], ['sarif']],
    [['check', 'x', '--fail-on', 'cri'], ['critical']],
    [['sockets', 'x', '--state', 'LIS'], ['LISTEN']],
    [['sockets', 'x', '--local-po'], ['--local-port']],
    [['check', 'x', '--policy', 'a'], ['a snapshot.raw']],
    [['policy', 'val'], ['validate']],
    [['pslist', '--limi'], ['--limit']],
    [['pslist', 'a'], ['a snapshot.raw']],
  ])('offers for %j %j', (words, offers) => {
    expect(offered(...words)).toEqual(expect.arrayContaining(offers));
  });

  it('does not hang at a word that it does not know', () => {
    expect(offered('foo', '')).toEqual(expect.any(Array));
  });
});
