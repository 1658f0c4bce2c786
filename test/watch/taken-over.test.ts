import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Open } from '../../src/inquiry/reading.ts';
import type { TracedAnswer } from '../../src/inquiry/traced-answer.ts';
import type { Judge } from '../../src/judging/judge.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import type { RuleFacts } from '../../src/policy/verdict.ts';
import { connect } from '../../src/store/connection.ts';
import { ForgottenRows } from '../../src/store/forgotten.ts';
import { Store } from '../../src/store/store.ts';
import type { ScanEvent } from '../../src/watch/event.ts';
import { scan } from '../../src/watch/scan.ts';
import type { ScanParts } from '../../src/watch/scan-parts.ts';
import { identity } from '../store/scratch.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { Bench, choice, failureMessageOf, machine, messageOf, openDrawn, other, plugin } from './drawn.ts';

const RULE: RuleFacts = {
  ...{ id: 'nothing-runs', title: 'Something runs', severity: 'high', description: null, plugin: 'pslist' },
  ...{ change: null, attack: [], references: [], tags: [], source: { file: 'drawn', line: 1 } },
};

/** Scans of drawn snapshots in which every answer that is kept is taken over. */
class TakingOver {
  readonly bench = new Bench();
  readonly store = Store.open(this.bench.cache, '1');
  readonly database = connect(this.bench.cache);
  /** What was asked of snapshots. */
  readonly asked: string[] = [];
  /** Of which questions the rows that were taken over were wanted. */
  readonly wanted: string[] = [];
  events: ScanEvent[] = [];

  constructor() {
    this.database.pragma('foreign_keys = ON');
  }

  async scan(meanwhile: (plugin: AnyPlugin) => void = () => undefined, judge?: Judge): Promise<void> {
    this.events = [];
    const parts: ScanParts = {
      store: this.store,
      open: this.#opener(meanwhile),
      channels: [],
      messageOf,
      failureMessageOf,
      tell: (event) => this.events.push(event),
      surroundings: { now: () => Date.now(), wait: async () => undefined, stateOf: () => undefined },
      ...(judge === undefined ? {} : { judge }),
    };
    await scan(choice([this.bench.folder], { plugins: [plugin, other] }), parts);
  }

  /** As another process would. */
  forget(id: number): void {
    this.database.prepare('DELETE FROM snapshot WHERE id = ?').run(id);
  }

  /** Of each recorded snapshot: what it was compared with, and the names in its answers. */
  get recorded() {
    return this.events.flatMap((event) => {
      if (event.kind !== 'recorded') return [];
      const { path, previous, counts } = event.recorded;
      const id = this.database.prepare('SELECT id FROM snapshot WHERE path = ?').pluck().get(path) as number;
      const names = [plugin, other].map((asked) =>
        this.store.history.answer(id, asked)!.rows.map((row) => row['name']),
      );
      return [{ previous: previous?.path.split('/').at(-1), counts, names }];
    });
  }

  close(): void {
    this.database.close();
    this.store.close();
    this.bench.close();
  }

  #opener(meanwhile: (plugin: AnyPlugin) => void): Open {
    return async (path) => {
      const reading = await openDrawn()(path);
      return {
        facts: reading.facts,
        troubles: reading.troubles,
        answer: async (asked, ahead) => {
          const answer = await this.#answer(asked, () => reading.answer(asked, ahead));
          meanwhile(asked);
          return answer;
        },
        close: () => reading.close(),
      };
    };
  }

  async #answer(asked: AnyPlugin, ask: () => Promise<TracedAnswer>): Promise<TracedAnswer> {
    const { wanted } = this;
    const former = this.store.extents.readsFor('basis', asked, '{}');
    const trace = { basis: 'basis', reads: new Uint8Array(8) };
    if (former === undefined) {
      this.asked.push(asked.name);
      return { ...(await ask()), trace };
    }
    const { rows, notes } = former;
    return {
      get rows() {
        wanted.push(asked.name);
        return rows.all;
      },
      ...{ notes, kept: rows, trace },
    };
  }
}

const drawn = (minutes: number) => ({ names: ['init', 'sshd'], kernel: machine('web', minutes) });

let scans: TakingOver;

beforeEach(async () => {
  scans = new TakingOver();
  scans.bench.draw('1.raw', drawn(1));
  await scans.scan();
  expect(scans.asked).toEqual(['pslist', 'things']);
  scans.bench.draw('2.raw', drawn(2));
});
afterEach(() => scans.close());

const BOTH = [
  ['init', 'sshd'],
  ['init', 'sshd'],
];

describe('an answer that is taken over', () => {
  it('is recorded and compared without its rows, again and again', async () => {
    await scans.scan();
    expect(scans.recorded).toEqual([{ previous: '1.raw', counts: [], names: BOTH }]);
    scans.bench.draw('3.raw', drawn(3));
    await scans.scan();
    expect(scans.recorded).toEqual([{ previous: '2.raw', counts: [], names: BOTH }]);
    expect([scans.asked.length, scans.wanted]).toEqual([2, []]);
  });

  it('is asked for anew where its snapshot is forgotten meanwhile, and the snapshot is compared with no other', async () => {
    await scans.scan(({ name }) => {
      if (name === 'things') scans.forget(1);
    });
    expect(scans.recorded).toEqual([{ previous: undefined, counts: [], names: BOTH }]);
    expect(scans.asked).toEqual(['pslist', 'things', 'pslist', 'things']);
  });

  it('leaves no trace in a verdict of rows that were forgotten while a policy looked for them', async () => {
    const judge: Judge = {
      policy: 'drawn',
      digest: 'd',
      questions: [plugin],
      compared: [],
      // Policies go on where a part of the evidence cannot be read.
      verdictOn: ({ answers }) => {
        scans.forget(1);
        let names: unknown[] = [];
        try {
          names = answers.get('pslist')!.rows.map((row) => row['name']);
        } catch {}
        const findings = names.map((name) => ({
          ...{ rule: RULE.id, severity: RULE.severity, message: `${name} runs`, plugin: 'pslist' },
          ...{ row: {}, before: null, fingerprint: String(name), suppression: null },
        }));
        const outcome = names.length > 0 ? ('failed' as const) : ('passed' as const);
        return { policy: 'drawn', rules: [{ rule: RULE, outcome, unread: [], findings }], notes: [] };
      },
      remarksOn: () => [],
      rowText: () => null,
    };
    await scans.scan(undefined, judge);
    expect(scans.recorded).toEqual([{ previous: undefined, counts: [], names: BOTH }]);
    expect(scans.database.prepare('SELECT message FROM findings').pluck().all()).toEqual([
      'init runs',
      'sshd runs',
    ]);
  });

  it('ends the scan where it is forgotten each time, and the next one goes on', async () => {
    const { store } = scans;
    const another = identity(9);
    let tries = 0;
    const forgetful = scans.scan(({ name }) => {
      if (name !== 'things') return;
      scans.forget(store.history.find(another) ?? 1);
      if (tries++ > 0) return;
      // Somebody else leaves an answer for the second try to take over.
      store.keep(another, fakeFacts(), plugin, '{}', { rows: [], notes: [] });
      store.extents.keepReads(store.history.find(another)!, plugin, '{}', 'basis', new Uint8Array(8));
    });
    await expect(forgetful).rejects.toBeInstanceOf(ForgottenRows);
    expect(tries).toBe(2);
    expect(store.upkeep.snapshots()).toEqual([]);
    await scans.scan();
    expect(scans.recorded).toEqual([{ previous: undefined, counts: [], names: BOTH }]);
  });
});
