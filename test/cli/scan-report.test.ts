import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reporterInto } from '../../src/cli/commands/scan-report.ts';
import type { PendingReport } from '../../src/store/pending-reports.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vestige-report-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const owed = (more: Partial<PendingReport>): PendingReport => ({
  snapshotId: 1,
  path: '/snapshots/1',
  machine: 'host:web-1',
  hostname: 'web-1',
  name: null,
  place: null,
  written: '2026-11-23T11:40:44.866Z',
  hasTwin: false,
  isLatest: true,
  tries: 0,
  ...more,
});

/** Writes a report where the machine's wanted folder is free. */
const reporter = (into = folder) => {
  const own = reporterInto(into, async ({ snapshotId }) => `page ${snapshotId}`);
  return { ...own, write: (of: PendingReport) => own.write(of, own.nameOf(of)) };
};

const filesIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8', withFileTypes: false }).sort();

describe('reports of scans', () => {
  it('stand in a folder of their machine, the one about its latest snapshot under a name that stays', async () => {
    const into = join(folder, 'made', 'here');
    const path = await reporter(into).write(owed({ snapshotId: 2 }));
    expect(path).toBe(join(into, 'web-1', '20261123T114044Z.html'));
    const late = owed({ snapshotId: 1, written: '2026-11-23T11:37:31.000Z', isLatest: false });
    await reporter(into).write(late);
    expect(filesIn(into)).toEqual([
      'web-1',
      'web-1/20261123T113731Z.html',
      'web-1/20261123T114044Z.html',
      'web-1/latest.html',
    ]);
    expect(readFileSync(join(into, 'web-1', 'latest.html'), 'utf8')).toBe('page 2');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(into, 'web-1')).mode & 0o777).toBe(0o700);
  });

  it('keep machines of one name apart by their IDs, and let no name lead out of the folder', async () => {
    const named = [
      { hostname: 'web', machine: '0123456789abcdef0123456789abcdef' },
      { hostname: 'web', machine: 'fedcba9876543210fedcba9876543210' },
      { hostname: '../../etc\x1b[2J', machine: 'host:../../etc\x1b[2J' },
      { hostname: '.hidden', machine: '../../../x' },
      { hostname: null, machine: 'boot:59a6d1dd' },
      { hostname: 'x'.repeat(300), machine: null },
      { hostname: 'web', machine: 'host:web', name: 'shop/../1' },
    ];
    for (const names of named) await reporter().write(owed({ ...names, isLatest: false }));
    expect(readdirSync(folder).sort()).toEqual(
      [
        '__.._etc_2J',
        '_hidden-.._.._..',
        'guest',
        'web-01234567',
        'web-fedcba98',
        'x'.repeat(180),
        'shop_.._1',
      ].sort(),
    );
  });

  it('say what the folder takes no report for, and leave nothing half written', async () => {
    writeFileSync(join(folder, 'file'), '');
    const inFile = reporter(join(folder, 'file')).write(owed({}));
    await expect(inFile).rejects.toThrow(`cannot make ${folder}/file/web-1: ENOTDIR`);
    mkdirSync(join(folder, 'web-1', 'latest.html'), { recursive: true });
    await expect(reporter().write(owed({}))).rejects.toThrow(
      `cannot write ${folder}/web-1/latest.html: EISDIR`,
    );
    expect(filesIn(folder)).toEqual(['file', 'web-1', 'web-1/20261123T114044Z.html', 'web-1/latest.html']);
  });
});
