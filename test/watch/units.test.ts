import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addScanCommand } from '../../src/cli/commands/scan.ts';

const unit = (name: string): string => readFileSync(join(process.cwd(), 'systemd', name), 'utf8');

/** A command line as our own parser takes it: places and flags, or its complaint. */
async function parsed(words: readonly string[]): Promise<unknown> {
  const program = new Command('vestige').exitOverride().configureOutput({ writeErr: () => undefined });
  addScanCommand(program, [], { code: 0 });
  let taken: unknown;
  for (const command of program.commands)
    command.exitOverride().action((places: string[], flags: Record<string, unknown>) => {
      const { keep, ifFree, syslog, report, policy, history } = flags;
      taken = { places, keep, ifFree, syslog, report, policy, history };
    });
  await program.parseAsync([...words], { from: 'user' });
  return taken;
}

const TAKEN = {
  places: ['/var/lib/vestige/snapshots'],
  keep: '336',
  ifFree: true,
  syslog: true,
  report: '/var/lib/vestige/reports',
  policy: ['cloud-linux'],
  history: '/var/lib/vestige/history.sqlite',
};

/** What cron gives to the shell as the user vestige. */
const cronLine = (): string => /^\*\/10 \* \* \* \* vestige (.*)$/m.exec(unit('vestige.cron'))![1]!;

describe('what is shipped for schedules', () => {
  it('runs a command line that the program takes', async () => {
    const [, line] = /^ExecStart=\/usr\/bin\/vestige (.*)$/m.exec(unit('vestige-scan.service')) ?? [];
    const [, policy] = /^Environment=VESTIGE_POLICY=(.*)$/m.exec(unit('vestige-scan.service')) ?? [];
    expect(await parsed(line!.replace(/\$\{VESTIGE_POLICY\}/, policy!).split(' '))).toEqual(TAKEN);
    const [, words] = / vestige (scan .*)$/.exec(cronLine()) ?? [];
    const policed = words!.replace(/"\$\{VESTIGE_POLICY:-(.*)\}"/, '$1');
    expect(await parsed(policed.split(' '))).toEqual(TAKEN);
    await expect(parsed([...line!.split(' '), '--no-such-flag'])).rejects.toThrow('unknown option');
  });

  it('takes news for success, and hides what the scan has no need of', () => {
    const service = unit('vestige-scan.service');
    for (const line of [
      'SuccessExitStatus=1',
      'ProtectSystem=strict',
      'NoNewPrivileges=yes',
      'PrivateTmp=yes',
    ])
      expect(service.split('\n')).toContain(line);
  });

  it.runIf(spawnSync('ionice', ['true']).status === 0)('is by cron what it is by systemd', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vestige-cron-'));
    try {
      writeFileSync(join(folder, 'vestige'), '#!/bin/sh\numask; echo "$4" "$VESTIGE_WEBHOOK_SECRET"\n', {
        mode: 0o755,
      });
      const line = cronLine().replaceAll('/var/lib/vestige', folder).replaceAll('/etc/vestige', folder);
      const run = (): string =>
        spawnSync('/bin/sh', ['-c', line], {
          encoding: 'utf8',
          env: { PATH: `${folder}:${process.env['PATH']}` },
        }).stdout;
      expect(run()).toBe(''); // there are no snapshots, and nothing is the matter
      mkdirSync(join(folder, 'snapshots'));
      expect(run()).toBe('0077\ncloud-linux \n');
      writeFileSync(join(folder, 'scan.env'), 'VESTIGE_POLICY=/ours.yaml\nVESTIGE_WEBHOOK_SECRET=key\n');
      expect(run()).toBe('0077\n/ours.yaml key\n');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.runIf(spawnSync('systemd-analyze', ['--version']).status === 0)('pleases systemd', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vestige-units-'));
    try {
      // The program need not be installed where this is tested.
      const service = unit('vestige-scan.service').replace('/usr/bin/vestige', '/bin/true');
      writeFileSync(join(folder, 'vestige-scan.service'), service);
      writeFileSync(join(folder, 'vestige-scan.timer'), unit('vestige-scan.timer'));
      const { stderr } = spawnSync(
        'systemd-analyze',
        ['verify', '--man=no', 'vestige-scan.service', 'vestige-scan.timer'].map((word) =>
          word.includes('.') ? join(folder, word) : word,
        ),
        { encoding: 'utf8' },
      );
      expect(stderr.split('\n').filter((line) => line.includes('vestige-scan'))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
