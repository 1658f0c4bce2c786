import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { scratchFolder } from '../support/writers-scratch.ts';

/** The checkout: the samples and what is built are there. */
export const CHECKOUT = process.cwd();
export const [BEFORE, AFTER] = ['before', 'after'].map((name) =>
  join(CHECKOUT, `samples/web-1/${name}.kdump`),
) as [string, string];

/** A file of YAML in the checkout. */
export const yamlOf = (path: string): unknown => load(readFileSync(join(CHECKOUT, path), 'utf8'));

/** What a script did: in a folder of its own, with this environment and little else. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** A file that it left; empty where there is none. */
  readonly file: (name: string) => string;
}

const scratch = scratchFolder();
let folders = 0;

/** A folder for scripts, removed when the tests of the file are done. */
export function workFolder(): string {
  const folder = scratch.path(`job-${folders++}`);
  mkdirSync(folder);
  return folder;
}

/** Runs a script as a CI does. Answers of the samples are remembered between the tests of a file. */
export function runScript(
  shell: readonly [string, ...string[]],
  script: string,
  folder: string,
  env: Readonly<Record<string, string>>,
): Ran {
  const file = join(folder, 'script.sh');
  writeFileSync(file, script);
  const [program, ...words] = shell;
  const { status, stdout, stderr } = spawnSync(program, [...words, file], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      XDG_CACHE_HOME: scratch.path('cache'),
      XDG_STATE_HOME: scratch.path('state'),
      ...env,
    },
  });
  return {
    code: status,
    stdout,
    stderr,
    file: (name) => {
      try {
        return readFileSync(join(folder, name), 'utf8');
      } catch {
        return '';
      }
    },
  };
}
