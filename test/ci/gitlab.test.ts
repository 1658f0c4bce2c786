import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AFTER, BEFORE, CHECKOUT, type Ran, runScript, workFolder, yamlOf } from './steps.ts';

interface Job {
  readonly variables: Readonly<Record<string, string>>;
  readonly before_script: readonly string[];
  readonly script: readonly string[];
  readonly artifacts: { readonly paths: readonly string[]; readonly reports: { readonly junit: string } };
}

const job = (yamlOf('ci/gitlab.yml') as Readonly<Record<string, Job>>)['.vestige']!;

/** Runs the job as a runner does: the lines of one script, in one shell, with the variables in its environment. */
function runJob(
  shell: readonly [string, ...string[]],
  lines: readonly string[],
  given: Readonly<Record<string, string>>,
  folder = workFolder(),
): Ran {
  const project = { CI_PROJECT_DIR: folder, CI_SERVER_URL: 'https://gitlab.example' };
  const expanded = Object.entries(job.variables).map(([name, value]) => [
    name,
    value.replace(/\$(\w+)/g, (_, of: string) => project[of as keyof typeof project]),
  ]);
  return runScript(shell, lines.join('\n'), folder, { ...Object.fromEntries(expanded), ...given });
}

/** A runner takes bash where the image has it, and sh elsewhere. What takes long is tried in the shell that can do less. */
const BASH = ['bash', '-eo', 'pipefail'] as const;
const SH = ['sh', '-e'] as const;

describe('the job of GitLab', () => {
  it('writes a test report and SARIF, and shows the findings in its log', () => {
    const { code, stdout, stderr, file } = runJob(SH, job.script, {
      VESTIGE_HOME: CHECKOUT,
      VESTIGE_SNAPSHOTS: `${BEFORE}\n${AFTER}`,
    });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(file(job.artifacts.reports.junit)).toMatch(
      /<testsuites name="vestige" tests="\d+" failures="17" errors="0" skipped="5" time="0">/,
    );
    expect(JSON.parse(file('vestige.sarif')).runs[0].results).toHaveLength(25);
    expect(stdout).toContain('bash (183), of user 33, is typed into from 203.0.113.66:4444');
  });

  it('has an error in its test report for a snapshot that could not be read', () => {
    const { code, stdout, file } = runJob(SH, job.script, {
      VESTIGE_HOME: CHECKOUT,
      VESTIGE_SNAPSHOTS: `gone.kdump\n${AFTER}`,
    });
    expect(code).toBe(2);
    expect(file(job.artifacts.reports.junit)).toContain(
      '<error type="unreadable-file" message="cannot open gone.kdump: no such file',
    );
    expect(JSON.parse(file('vestige.sarif')).runs[0].invocations[0].executionSuccessful).toBe(false);
    expect(stdout).toContain('gone.kdump\ncould not be read\n');
  });

  it.each([[BASH], [SH]])('runs nothing of its variables in %j', (shell) => {
    const folder = workFolder();
    const word = '$(touch pwned)`touch pwned`"; touch pwned; ';
    const { code } = runJob(
      shell,
      job.script,
      { VESTIGE_HOME: CHECKOUT, VESTIGE_SNAPSHOTS: word, VESTIGE_POLICY: word, VESTIGE_BASELINE: word },
      folder,
    );
    expect(code).toBe(2);
    expect(existsSync(join(folder, 'pwned'))).toBe(false);
  });

  it.each([[BASH], [SH]])('clones and builds where nothing is there yet in %j', (shell) => {
    const folder = workFolder();
    for (const tool of ['git', 'npm']) {
      writeFileSync(join(folder, tool), `#!/bin/sh\necho ${tool} "$@"\n`);
      chmodSync(join(folder, tool), 0o755);
    }
    const { code, stdout } = runJob(
      shell,
      job.before_script,
      { PATH: `${folder}:${process.env['PATH']}` },
      folder,
    );
    expect({ code, lines: stdout.split('\n') }).toEqual({
      code: 0,
      lines: [
        `git clone --quiet --depth 1 https://gitlab.example/your-group/vestige.git ${folder}/.vestige`,
        `npm ci --include=dev --no-audit --no-fund --prefix ${folder}/.vestige`,
        '',
      ],
    });
  });

  it('does neither where Vestige is built already', () => {
    const { code, stdout } = runJob(SH, job.before_script, { VESTIGE_HOME: CHECKOUT });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });
});
