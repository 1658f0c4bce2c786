/**
 * A process of its own that scans drawn snapshots, judges them and writes reports: `node scanner.js FOLDER CACHE URL
 * REPORTS`. It is killed while it does, and what it has recorded must be whole.
 */
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Judge } from '../../src/judging/judge.ts';
import type { Row } from '../../src/plugin/cell.ts';
import type { RuleFacts, RuleVerdict } from '../../src/policy/verdict.ts';
import { Store } from '../../src/store/store.ts';
import { scan } from '../../src/watch/scan.ts';
import { surroundings } from '../../src/watch/settling.ts';
import { waitForLock } from '../../src/watch/wait-for-lock.ts';
import { webhook } from '../../src/watch/webhook.ts';
import { choice, failureMessageOf, messageOf, openDrawn, other, plugin } from './drawn.ts';

const [folder, cache, url, reports] = process.argv.slice(2) as [string, string, string, string];

/** Objects to every process. It is no policy, since reading one takes longer than all the rest. */
const judge: Judge = {
  policy: 'drawn',
  digest: 'd',
  questions: [plugin],
  compared: [],
  verdictOn: ({ answers }) => ({
    policy: 'drawn',
    rules: [verdictOn(answers.get('pslist')!.rows)],
    notes: [],
  }),
  remarksOn: () => [],
  rowText: ({ row }) => JSON.stringify(row),
};

const RULE: RuleFacts = {
  ...{ id: 'nothing-runs', title: 'Something runs', severity: 'high', description: null, plugin: 'pslist' },
  ...{ change: null, attack: [], references: [], tags: [], source: { file: 'drawn', line: 1 } },
};

const verdictOn = (rows: readonly Row[]): RuleVerdict => ({
  ...{ rule: RULE, outcome: 'failed', unread: [] },
  findings: rows.map((row) => ({
    ...{ rule: RULE.id, severity: RULE.severity, message: `${row['name']} runs`, plugin: 'pslist' },
    ...{ row, before: null, fingerprint: String(row['name']), suppression: null },
  })),
});

process.stdout.write('up\n');
try {
  const store = Store.open(cache, '1');
  const around = surroundings();
  const lock = await waitForLock(cache, 20_000, around.wait);
  if (lock === undefined) throw new Error('another scan is at work');
  await scan(choice([folder], { plugins: [plugin, other] }), {
    store,
    open: openDrawn(() => {
      process.stdout.write('step\n');
      return sleep(2);
    }),
    channels: [webhook(new URL(url), 'secret')],
    judge,
    reporter: {
      folder: reports,
      nameOf: () => 'web',
      async write({ path }) {
        process.stdout.write('step\n');
        const report = join(reports, basename(path));
        appendFileSync(report, 'written\n');
        return report;
      },
    },
    messageOf: (recorded, channel) => ({
      id: `${channel}-${randomUUID()}`,
      body: `${messageOf(recorded).body}; ${recorded.judgement!.fresh.map(({ message }) => message).join(', ')}`,
    }),
    failureMessageOf,
    surroundings: around,
    tell: (event) => {
      if (event.kind === 'recorded') process.stdout.write(`recorded ${event.recorded.path}\n`);
      if ('why' in event && ['failed', 'unreported', 'undelivered'].includes(event.kind))
        process.stdout.write(`trouble ${event.why}\n`);
    },
  });
  lock.release();
  store.close();
} catch (error) {
  process.stdout.write(`trouble ${(error as Error).message}\n`);
  process.exitCode = 2;
}
