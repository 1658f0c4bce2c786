import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { plugins as all } from '../../plugins/index.ts';
import { ForensicError } from '../../src/base/errors.ts';
import { Asker } from '../../src/inquiry/take-over.ts';
import type { TracedAnswer } from '../../src/inquiry/traced-answer.ts';
import { tasks } from '../../src/kernel/linux/process/processes.ts';
import { ReadRecord } from '../../src/memory/reads.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import { runPlugin } from '../../src/plugin/run.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { startSession } from '../../src/session/session.ts';
import { type Readable, traced } from '../../src/session/traced.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { connect } from '../../src/store/connection.ts';
import type { KeptReads } from '../../src/store/extents.ts';
import type { RememberedAnswer } from '../../src/store/remembered.ts';
import { NEVER_TAKEN_OVER } from '../support/never-taken-over.ts';
import { Overlay } from '../support/overlay.ts';
import { Random } from '../support/random.ts';

/** Every question that does not sweep. */
const plugins = all.filter(({ name }) => name !== 'keys');

/** What scans left: the answers to one snapshot, and what they were read from. */
class Past {
  readonly #answers = new Map<string, TracedAnswer>();

  keep(plugin: AnyPlugin, answer: TracedAnswer): void {
    this.#answers.set(plugin.name, answer);
  }

  answer(plugin: AnyPlugin): TracedAnswer {
    return this.#answers.get(plugin.name)!;
  }

  readsFor(basis: string, { name }: AnyPlugin): KeptReads | undefined {
    const { rows, notes, trace } = this.#answers.get(name) ?? {};
    if (rows === undefined || trace?.basis !== basis) return undefined;
    const kept = { run: '1', snapshotId: 1, count: rows.length, all: rows, lacking: () => 0 };
    return { rows: kept, notes: notes!, reads: trace.reads };
  }
}

const askerOf = (session: Readable, past: Past): Asker => new Asker(session, past);

/** What a question is answered by a kernel of its own that knows nothing of the past. */
async function fresh(session: Readable, plugin: AnyPlugin): Promise<RememberedAnswer> {
  const { result } = await traced(session, async (kernel) => {
    const rows = [];
    for await (const row of runPlugin(plugin, kernel, { options: {} })) rows.push(row);
    return { rows, notes: kernel.notes.drain() };
  });
  return result;
}

/** The words of eight bytes that a question reads, each by its address. */
async function wordsRead(session: Readable, plugin: AnyPlugin): Promise<Set<number>> {
  const words = new Set<number>();
  class Spy extends ReadRecord {
    override add(at: number, length: number): void {
      for (let word = at - (at % 8); word < at + length; word += 8) words.add(word);
    }
  }
  const { memory } = session.kernel.space;
  await traced(session, async (kernel) => {
    memory.recordIn(new Spy());
    for await (const _ of runPlugin(plugin, kernel, { options: {} }));
    memory.recordIn(null);
  });
  return words;
}

let snapshot: Snapshot;
let overlay: Overlay;
let profile: Profile;

const open = (): Readable => startSession({ ...snapshot, memory: overlay.memory() }, { profile });

/** Changes one word, or takes its page away. */
function change(word: number, random: Random): void {
  const at = word - (word % 4096);
  const page = overlay.page(at);
  page[(word % 4096) + random.below(8)]! ^= 1 + random.below(255);
  overlay.damage(at, random.below(8) === 0 ? null : page);
}

beforeAll(() => {
  snapshot = openSnapshot('samples/web-1/after.kdump');
  overlay = new Overlay(snapshot.contents.source);
  ({ profile } = startSession({ ...snapshot, memory: overlay.memory() }));
});
afterEach(() => overlay.mend());

describe('an answer to the snapshot before', () => {
  it('stands where nothing has changed, with its notes', async () => {
    const [head] = [...tasks(open().kernel)];
    const broken = head!.raw.address; // somewhere in the list of tasks
    const at = open().kernel.space.translate(broken);
    overlay.damage(at - (at % 4096), null);
    const past = new Past();
    const [first, second] = [askerOf(open(), past), askerOf(open(), past)];
    let noted = 0;
    for (const plugin of plugins) {
      if (NEVER_TAKEN_OVER.has(plugin.name)) continue;
      const answer = await first.answer(plugin);
      past.keep(plugin, answer);
      noted += answer.notes.length;
      expect(answer.trace, plugin.name).toBeDefined();
      expect((await second.answer(plugin)).rows, plugin.name).toBe(answer.rows);
      expect((await second.answer(plugin)).notes, plugin.name).toEqual(answer.notes);
    }
    expect(noted).toBeGreaterThan(0);
  });

  it('is what asking anew gives, whatever has changed', { timeout: 300_000 }, async () => {
    const past = new Past();
    const read = new Map<AnyPlugin, Set<number>>();
    const session = open();
    for (const plugin of plugins) {
      past.keep(plugin, await askerOf(session, past).answer(plugin));
      read.set(plugin, await wordsRead(session, plugin));
    }
    const pages = [
      ...new Set([...read.values()].flatMap((words) => [...words].map((word) => word - (word % 4096)))),
    ];
    const random = new Random(11);
    const counts = { reused: 0, anew: 0, other: 0 };
    for (let run = 0; run < 24; run++) {
      const words = Array.from({ length: 1 + random.below(4) }, () =>
        random.below(2) === 0
          ? random.pick([...read.get(random.pick(plugins))!])
          : random.pick(pages) + 8 * random.below(512),
      );
      for (const word of words) change(word, random);
      let now: Readable;
      try {
        now = open();
      } catch (error) {
        if (!(error instanceof ForensicError)) throw error;
        overlay.mend();
        continue;
      }
      const asker = askerOf(now, past);
      for (const plugin of plugins) {
        const before = past.answer(plugin);
        const [answer, truth] = [await asker.answer(plugin), await fresh(now, plugin)];
        expect({ rows: answer.rows, notes: answer.notes }, `${plugin.name}, run ${run}`).toEqual(truth);
        const isReused = answer.rows === before.rows;
        counts[isReused ? 'reused' : 'anew']++;
        const hasRead = words.some((word) => read.get(plugin)!.has(word));
        if (hasRead) expect(isReused, `${plugin.name}, run ${run}`).toBe(false);
        try {
          expect(truth).toEqual({ rows: before.rows, notes: before.notes });
        } catch {
          counts.other++;
        }
      }
      overlay.mend();
    }
    expect(counts.reused).toBeGreaterThan(60);
    expect(counts.anew).toBeGreaterThan(15);
    expect(counts.other).toBeGreaterThan(4); // or the changes would have been of no interest
  });

  it.each(plugins.filter(({ name }) => !NEVER_TAKEN_OVER.has(name)))(
    '$name: one word that was read is enough, and one that was not is nothing',
    async (plugin) => {
      const past = new Past();
      const session = open();
      past.keep(plugin, await askerOf(session, past).answer(plugin));
      const read = await wordsRead(session, plugin);
      const pages = [...new Set([...read].map((word) => word - (word % 4096)))];
      const random = new Random(5);
      for (let run = 0; run < 6; run++) {
        // Binding reads too: what it needs is none of this test's business.
        const word = run % 2 === 0 ? random.pick([...read]) : unread(random.pick(pages), read, random);
        const page = overlay.page(word - (word % 4096));
        page[word % 4096]! ^= 0x40;
        overlay.damage(word - (word % 4096), page);
        const memory = overlay.memory();
        const { kernel, located } = session;
        const { AddressSpace } = await import('../../src/translate/address-space.ts');
        const { Linux } = await import('../../src/kernel/linux/linux.ts');
        const space = new AddressSpace(memory, kernel.space.paging);
        const now = { kernel: new Linux({ space, profile, slide: kernel.slide, origin: null }), located };
        const answer = await askerOf(now, past).answer(plugin);
        expect(answer.rows === past.answer(plugin).rows, `run ${run}`).toBe(run % 2 === 1);
        const { rows, notes } = answer;
        expect({ rows, notes }).toEqual(await fresh(now, plugin));
        overlay.mend();
      }
    },
  );

  it('is of another boot, build or binding no more than of another machine', async () => {
    const past = new Past();
    const session = open();
    const pslist = plugins[0]!;
    const answer = await askerOf(session, past).answer(pslist);
    past.keep(pslist, answer);
    const { kernel, located } = session;
    const others: Readable[] = [
      { kernel, located: { ...located, delta: located.delta + 4096n } },
      { kernel, located: { ...located, vmcoreinfo: null } },
      {
        kernel,
        located: {
          ...located,
          vmcoreinfo: { ...located.vmcoreinfo!, numbers: new Map([['KERNELPACMASK', 1n]]) },
        },
      },
      {
        kernel,
        located: { ...located, vmcoreinfo: { ...located.vmcoreinfo!, configs: new Set(['OTHER']) } },
      },
    ];
    for (const other of others)
      expect((await askerOf(other, past).answer(pslist)).rows).not.toBe(answer.rows);
    expect((await askerOf({ kernel, located }, past).answer(pslist)).rows).toBe(answer.rows);
  });

  it('is what asking anew gives, between the two samples', async () => {
    const past = new Past();
    const earlier = openSnapshot('samples/web-1/before.kdump');
    const before = startSession(earlier, { profile });
    for (const plugin of plugins) past.keep(plugin, await askerOf(before, past).answer(plugin));
    before.close();
    const now = open();
    for (const plugin of plugins) {
      const { rows, notes } = await askerOf(now, past).answer(plugin);
      expect({ rows, notes }, plugin.name).toEqual(await fresh(now, plugin));
    }
  });

  it('is never one to a sweep', async () => {
    const keys = all.find(({ name }) => name === 'keys')!;
    const answer = await askerOf(open(), new Past()).answer(keys);
    expect(answer.rows.length).toBeGreaterThan(0);
    expect(answer.trace).toBeUndefined();
  });
});

describe('a scan', () => {
  it('takes over what is as it was, and forgets the snapshot that it was first read in', {
    timeout: 60_000,
  }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'vestige-reuse-'));
    const cache = join(folder, 'cache.sqlite');
    const scan = (name: string, bytes: Uint8Array): string => {
      writeFileSync(join(folder, name), bytes);
      const words = [
        'scan',
        join(folder, name),
        '--cache',
        cache,
        '--settle',
        '0',
        '--plugins',
        'pslist,modules',
      ];
      return spawnSync(process.execPath, ['dist/bin/vestige.js', ...words], { encoding: 'utf8' }).stdout;
    };
    try {
      const bytes = readFileSync('samples/web-1/after.kdump');
      expect(scan('1.kdump', bytes)).toMatch(/the first snapshot of this machine/);
      const database = connect(cache);
      const rowsOfModules = `rows_modules_${all.find(({ name }) => name === 'modules')!.version}`;
      database.exec(`UPDATE ${rowsOfModules} SET taints = 'remembered' WHERE name = 'loop'`);
      // The host name in the header means nothing, and makes it another file.
      bytes[8 + 4 + 65]! ^= 1;
      expect(scan('2.kdump', bytes)).toMatch(/: nothing new\n$/);
      const taints = database.prepare("SELECT taints FROM modules WHERE name = 'loop'").pluck();
      expect(taints.all()).toEqual(['remembered', 'remembered']);
      const owners = database
        .prepare('SELECT DISTINCT snapshot_id FROM reads JOIN run ON run.id = run_id')
        .pluck();
      expect(owners.all()).toEqual([2]);
      database.exec(
        `DELETE FROM snapshot WHERE id = 1; UPDATE ${rowsOfModules} SET taints = 'of the second'`,
      );
      bytes[8 + 4 + 65]! ^= 2;
      scan('3.kdump', bytes);
      expect(taints.all()).toEqual(['of the second', 'of the second']);
      database.exec("UPDATE run SET program = 'older'; UPDATE snapshot SET program = 'older'");
      bytes[8 + 4 + 65]! ^= 4;
      scan('4.kdump', bytes);
      expect(taints.all()).toEqual(['of the second', 'of the second', null]);
      database.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** A word of a page that nobody reads. */
function unread(page: number, read: ReadonlySet<number>, random: Random): number {
  const words = Array.from({ length: 512 }, (_, index) => page + 8 * index).filter((word) => !read.has(word));
  return words.length === 0 ? unread(page + 4096, read, random) : random.pick(words);
}
