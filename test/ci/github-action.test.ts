import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AFTER, BEFORE, CHECKOUT, type Ran, runScript, workFolder, yamlOf } from './steps.ts';

interface Step {
  readonly id?: string;
  readonly shell: string;
  readonly run: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly required?: boolean; readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

const action = yamlOf('action.yml') as Action;
const [build, check] = action.runs.steps as [Step, Step];

/** GitHub's files, and what its runner puts into every step's environment. */
const runner = (folder: string): Record<string, string> => ({
  GITHUB_ACTION_PATH: CHECKOUT,
  GITHUB_OUTPUT: join(folder, 'output'),
  GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
});

/** Runs the step that judges, as a runner would: `bash --noprofile --norc -eo pipefail`, expressions replaced in `env` only. */
function runCheck(given: Readonly<Record<string, string>>, folder = workFolder()): Ran {
  const inputs = (name: string): string => given[name] ?? action.inputs[name]?.default ?? '';
  const env = Object.fromEntries(
    Object.entries(check.env!).map(([key, value]) => [
      key,
      value.replace(/^\$\{\{ inputs\.([\w-]+) \}\}$/, (_, name: string) => inputs(name)),
    ]),
  );
  return runScript(['bash', '--noprofile', '--norc', '-eo', 'pipefail'], check.run, folder, {
    ...runner(folder),
    ...env,
  });
}

/** The lines that a runner takes for commands: those that stand where it does not look away. */
function commandsIn(stdout: string): string[] {
  let until: string | undefined;
  return stdout.split('\n').filter((line) => {
    const stop = /^::stop-commands::(.+)$/.exec(line)?.[1];
    if (until !== undefined) {
      if (line === `::${until}::`) until = undefined;
      return false;
    }
    until = stop;
    return stop === undefined && line.startsWith('::');
  });
}

describe('the action of GitHub', () => {
  it('pastes nothing into its scripts: every input goes through the environment of the step that wants it', () => {
    expect(action.runs.using).toBe('composite');
    expect(action.runs.steps.map(({ run }) => run).filter((run) => run.includes('${{'))).toEqual([]);
    const wanted = Object.keys(action.inputs).map((name) => `\${{ inputs.${name} }}`);
    expect(Object.values(check.env!).sort()).toEqual(wanted.sort());
    const steps = new Set(action.runs.steps.map(({ id }) => id));
    for (const { value } of Object.values(action.outputs)) {
      const [, step] = /^\$\{\{ steps\.(\w+)\.outputs\.\w+ \}\}$/.exec(value)!;
      expect(steps).toContain(step);
    }
  });

  it('builds what is in its own folder', () => {
    const folder = workFolder();
    const npm = join(folder, 'npm');
    writeFileSync(npm, '#!/bin/sh\nfor word; do echo "$word"; done\n');
    chmodSync(npm, 0o755);
    const { stdout, code } = runScript(['bash', '-eo', 'pipefail'], build.run, folder, {
      ...runner(folder),
      PATH: `${folder}:${process.env['PATH']}`,
    });
    expect({ code, words: stdout.trim().split('\n') }).toEqual({
      code: 0,
      words: ['ci', '--include=dev', '--no-audit', '--no-fund', '--prefix', CHECKOUT],
    });
  });

  it('tells the story of the samples: an alert, an annotation and a line of the summary for each finding', () => {
    const { code, stdout, stderr, file } = runCheck({ snapshots: `  ${BEFORE}\n\n${AFTER}\n` });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(file('output')).toBe('findings=25\nsarif=vestige.sarif\n');
    const [run] = JSON.parse(file('vestige.sarif')).runs;
    expect(run.results).toHaveLength(25);
    expect(run.results[0].message.text).toBe(
      'kworker/u3:1 (201), of user 0, runs /memfd:libc-cache (deleted)',
    );
    const commands = commandsIn(stdout);
    expect(commands.filter((line) => line.startsWith('::error '))).toHaveLength(10);
    expect(commands.filter((line) => line.startsWith('::notice '))).toHaveLength(9);
    expect(file('summary.md')).toContain('## web&#45;1: nothing found');
    expect(file('summary.md')).toContain('## web&#45;1: 25 findings (4 critical, 6 high, 6 medium, 9 low)');
  });

  it('passes where nothing is as grave as what fails, and takes patterns for the files that they match', () => {
    const folder = workFolder();
    mkdirSync(join(folder, 'snapshots'));
    symlinkSync(BEFORE, join(folder, 'snapshots', 'with a space.kdump'));
    const { code, file } = runCheck(
      { snapshots: 'snapshots/*.kdump', 'fail-on': 'high', sarif: 'out.sarif' },
      folder,
    );
    expect(code).toBe(0);
    expect(file('output')).toBe('findings=0\nsarif=out.sarif\n');
    const [run] = JSON.parse(file('out.sarif')).runs;
    expect(run.artifacts[0].location.uri).toBe('snapshots/with%20a%20space.kdump');
  });

  it('leaves out of the SARIF what a baseline knows, for code scanning would open an alert for it', () => {
    const folder = workFolder();
    const written = runScript(
      ['bash', '-e'],
      'node "$GITHUB_ACTION_PATH/dist/bin/vestige.js" check "$SNAPSHOT" --write-baseline known.json --output text',
      folder,
      { ...runner(folder), SNAPSHOT: AFTER },
    );
    expect({ code: written.code, stderr: written.stderr }).toEqual({ code: 0, stderr: '' });
    const { code, file } = runCheck({ snapshots: AFTER, baseline: 'known.json' }, folder);
    expect(code).toBe(0);
    expect(file('output')).toBe('findings=0\nsarif=vestige.sarif\n');
    expect(JSON.parse(file('vestige.sarif')).runs[0].results).toEqual([]);
  });

  it('offers no SARIF where a snapshot could not be read, for its alerts would be closed, and says so everywhere', () => {
    for (const unevaluated of ['fail', 'pass']) {
      const { code, stdout, file } = runCheck({ snapshots: `gone.kdump\n${AFTER}`, unevaluated });
      expect(code).toBe(2);
      expect(file('output')).toBe('findings=15\n');
      const [run] = JSON.parse(file('vestige.sarif')).runs;
      expect(run.invocations[0].executionSuccessful).toBe(false);
      expect(commandsIn(stdout)[0]).toMatch(
        /^::error file=gone\.kdump,title=the snapshot could not be read::cannot open gone\.kdump: no such file/,
      );
      expect(commandsIn(stdout).at(-1)).toMatch(/^::warning title=vestige::.* it would close alerts$/);
      expect(file('summary.md')).toMatch(/^## 1 snapshot could not be read\n\n- cannot open gone&#46;kdump/);
      expect(file('summary.md')).toContain('## web&#45;1: 15 findings');
    }
  });

  it('offers no SARIF where a rule could not be evaluated, unless that may pass', () => {
    const folder = workFolder();
    writeFileSync(
      join(folder, 'blind.yaml'),
      'version: 1\nname: blind\nrules:\n  - id: blind\n    title: Nobody can tell\n    severity: low\n    plugin: pslist\n    where: 1 / (row.pid - row.pid) > 0\n    message: told\n',
    );
    const given = { snapshots: AFTER, policy: './blind.yaml' };
    expect(runCheck(given, folder).file('output')).toBe('findings=0\n');
    const passed = runCheck({ ...given, unevaluated: 'pass' }, folder);
    expect(passed.file('output')).toContain('findings=0\nsarif=vestige.sarif\n');
    expect(passed.code).toBe(0);
  });

  it.each([
    '$(touch pwned)`touch pwned`"; touch pwned; "\'; touch pwned; \'',
    '--output=pwned',
    '*; touch pwned',
  ])('runs nothing of an input that is %s', (word) => {
    const folder = workFolder();
    const inputs = {
      snapshots: word,
      policy: word,
      baseline: word,
      since: word,
      'fail-on': word,
      sarif: word,
    };
    const { code, stdout } = runCheck(inputs, folder);
    expect(code).toBe(2);
    expect(existsSync(join(folder, 'pwned'))).toBe(false);
    expect(readdirSync(folder)).toEqual(['script.sh']);
    expect(commandsIn(stdout)).toEqual([]);
  });

  it('says that there is no snapshot to judge', () => {
    const { code, stdout } = runCheck({ snapshots: ' \n' });
    expect({ code, stdout }).toEqual({
      code: 2,
      stdout: '::error title=vestige::the input snapshots names none\n',
    });
  });
});
