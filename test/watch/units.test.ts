import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addScanCommand } from '../../src/cli/scan-command.ts';

const unit = (name: string): string => readFileSync(join(process.cwd(), 'systemd', name), 'utf8');

/** A command line as our own parser takes it: places and flags, or its complaint. */
async function parsed(words: readonly string[]): Promise<unknown> {
  const program = new Command('vestige').exitOverride().configureOutput({ writeErr: () => undefined });
  addScanCommand(program, [], { code: 0 });
  let taken: unknown;
  for (const command of program.commands)
    command.exitOverride().action((places: string[], flags: Record<string, unknown>) => {
      const { keep, ifFree, syslog, report, policy } = flags;
      taken = { places, keep, ifFree, syslog, report, policy };
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
};

describe('what is shipped for schedules', () => {
  it('runs a command line that the program takes', async () => {
    const [, line] = /^ExecStart=\/usr\/bin\/vestige (.*)$/m.exec(unit('vestige-scan.service')) ?? [];
    const [, policy] = /^Environment=VESTIGE_POLICY=(.*)$/m.exec(unit('vestige-scan.service')) ?? [];
    expect(await parsed(line!.replace(/\$\{VESTIGE_POLICY\}/, policy!).split(' '))).toEqual(TAKEN);
    const [, words] = /^\*\/10 \* \* \* \* vestige vestige (.*)$/m.exec(unit('vestige.cron')) ?? [];
    expect(await parsed(words!.split(' '))).toEqual(TAKEN);
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
