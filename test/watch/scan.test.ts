import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/base/errors.ts';
import { connect } from '../../src/store/connection.ts';
import { Undelivered } from '../../src/watch/channel.ts';
import { at, atBench, draw, machine, openDrawn, other, plugin } from './drawn.ts';

describe('a scan', () => {
  it('reads new snapshots in the order in which they were written, each compared with the one before', () =>
    atBench(async (bench) => {
      bench.draw('a', { names: ['init', 'sshd', 'evil'], kernel: machine('web', 20) }, 3600);
      bench.draw('b', { names: ['init', 'sshd'], kernel: machine('web', 10) }, 4200);
      expect(await bench.scan()).toEqual(['web b: first', 'web a: 1 process new!']);
      bench.draw('c', { names: ['init'], kernel: machine('web', 30) });
      expect(await bench.scan()).toEqual([
        'a: seen: seen before',
        'b: seen: seen before',
        'web c: 2 processes gone!',
      ]);
    }));

  it('opens nothing where nothing is new', () =>
    atBench(async (bench) => {
      for (let n = 0; n < 20; n++) bench.draw(`s${n}`, { kernel: machine('web', n) });
      bench.draw('damaged', { fails: 'no-kernel' });
      writeFileSync(join(bench.folder, 'notes.txt'), 'dear diary\n'.repeat(10_000));
      await bench.scan({ tries: 1 });
      bench.opened.length = 0;
      const told = await bench.scan({ tries: 1 });
      expect({ opened: bench.opened, told: told.length }).toEqual({ opened: [], told: 22 });
    }));

  it('keeps machines apart, and compares a late snapshot with the one that was written before it', () =>
    atBench(async (bench) => {
      bench.draw('db1', { names: ['init', 'db'], kernel: machine('db', 1) }, 7500);
      bench.draw('web1', { names: ['init', 'httpd'], kernel: machine('web', 2) }, 7400);
      bench.draw('db2', { names: ['init', 'db'], kernel: machine('db', 3) });
      bench.draw('web3', { names: ['init', 'httpd', 'a', 'b'], kernel: machine('web', 4) });
      expect(await bench.scan()).toEqual([
        'db db1: first',
        'web web1: first',
        'db db2: nothing new',
        'web web3: 2 processes new!',
      ]);
      bench.draw('web2', { names: ['init', 'httpd', 'a'], kernel: machine('web', 3) }, 7200);
      expect((await bench.scan()).at(-1)).toBe('web web2: 1 process new!');
    }));

  it('tells what came after a snapshot that is older than all that were read before', () =>
    atBench(async (bench) => {
      bench.draw('second', { names: ['init', 'evil'], kernel: machine('web', 2) });
      expect(await bench.scan()).toEqual(['web second: first']);
      bench.draw(
        'first',
        { names: ['init'], kernel: machine('db', 1, { bootId: 'boot-web', machineId: 'id-web' }) },
        7200,
      );
      expect((await bench.scan()).at(-1)).toBe(
        'db first: first; it called itself db before and calls itself web now, in the same boot; its file is older than any ' +
          'that was read of it before; up to second: 1 process new; medium: it called itself db before and calls itself web ' +
          'now, in the same boot!',
      );
    }));

  it('says that the machine was rebooted', () =>
    atBench(async (bench) => {
      bench.draw('old', { kernel: machine('web', 50) }, 9000);
      await bench.scan();
      bench.draw('boot', { kernel: machine('web', 60, { bootId: 'other', uptimeSeconds: 60 }) });
      expect((await bench.scan()).at(-1)).toBe('web boot: nothing new; rebooted!');
    }));

  it('knows a snapshot again in another file, and under another name', () =>
    atBench(async (bench) => {
      const path = bench.draw('a', { kernel: machine('web', 1) });
      copyFileSync(path, join(bench.folder, 'copy'));
      bench.draw('sized', { kernel: machine('web', 1), bytes: 80_000 });
      expect(await bench.scan()).toEqual(['web a: first', 'web sized: nothing new', 'copy: again a']);
      draw(path, { kernel: machine('web', 1) }, 50);
      expect((await bench.scan()).at(-1)).toBe('a: again a');
      expect(bench.inStore((store) => store.history.snapshots().length)).toBe(2);
    }));

  it('takes nothing for a copy that answers otherwise, whatever moment the guest says it is of', () =>
    atBench(async (bench) => {
      const still = machine('web', 1);
      bench.draw('a', { names: ['init'], kernel: still }, 3600);
      // Of the same size and moment, and with the same samples: only what the samples do not see differs.
      const hidden = bench.draw('b', { names: ['init'], kernel: still }, 1800);
      const open = openDrawn();
      const told = await bench.scan(
        {},
        {
          open: async (path) => {
            const reading = await open(path);
            if (path !== hidden) return reading;
            return {
              ...reading,
              facts: reading.facts,
              troubles: [],
              answer: async () => ({
                rows: [
                  { pid: 1, name: 'init' },
                  { pid: 2, name: 'evil' },
                ],
                notes: [],
              }),
              close: () => reading.close(),
            };
          },
        },
      );
      expect(told).toEqual([
        'web a: first',
        expect.stringMatching(/^web b: 1 process new; the guest’s clock and its uptime stand .*!$/),
      ]);
    }));

  it('puts files that were copied in another order where their uptime says', () =>
    atBench(async (bench) => {
      bench.draw('after', { names: ['init', 'x'], kernel: machine('web', 20) }, 3601);
      bench.draw('before', { names: ['init'], kernel: machine('web', 10) }, 3600);
      expect(await bench.scan()).toEqual(['web before: first', 'web after: 1 process new!']);
      bench.draw('last', { names: ['init', 'x', 'y'], kernel: machine('web', 30) }, 3602);
      expect((await bench.scan()).at(-1)).toBe('web last: 1 process new!');
    }));

  it('compares with nothing where nothing tells the machine', () =>
    atBench(async (bench) => {
      for (const n of [1, 2])
        bench.draw(`s${n}`, { names: ['init'].slice(0, n - 1), kernel: { hostname: null, time: at(n) } });
      expect(await bench.scan()).toEqual(['null s1: first', 'null s2: first']);
    }));

  it('takes from the store what was asked before, and asks no older version’s answers again', () =>
    atBench(async (bench) => {
      bench.draw('a', { names: ['init'], kernel: machine('web', 1) });
      await bench.scan({ plugins: [plugin, other] });
      bench.upgrade();
      bench.draw('b', { names: ['init', 'x'], kernel: machine('web', 2) });
      bench.opened.length = 0;
      expect((await bench.scan()).at(-1)).toBe('web b: 1 process new!');
      expect(bench.opened.map((path) => path.slice(-1))).toEqual(['b']);
      bench.draw('c', { names: ['init', 'x'], kernel: machine('web', 3) });
      expect((await bench.scan({ plugins: [plugin, other] })).at(-1)).toBe(
        'web c: nothing new; b was not asked for things',
      );
    }));

  it('tells what is new but for the gaps of the answer before, and not what is gone in gaps', () =>
    atBench(async (bench) => {
      bench.draw('a', { names: ['init'], kernel: machine('web', 1), notes: ['the list breaks'] });
      bench.draw('b', { names: ['init', 'x'], kernel: machine('web', 2) });
      bench.draw('c', { names: ['init'], kernel: machine('web', 3), notes: ['the list breaks'] });
      expect(await bench.scan()).toEqual([
        'web a: first',
        'web b: 1 process perhaps new!',
        'web c: 1 process perhaps gone',
      ]);
    }));
});

describe('files that are not what they should be', () => {
  it('are said, counted and given up, and the rest goes on', () =>
    atBench(async (bench) => {
      bench.draw('bug', { fails: 'bug' });
      bench.draw('cut', { fails: 'cut' });
      bench.draw('none', { fails: 'no-kernel' });
      bench.draw('ok', { kernel: machine('web', 1) });
      const cut = 'still being written, or cut: the file is cut: 5 bytes of memory are missing';
      const first = await bench.scan({ tries: 2 });
      expect(first[0]).toMatch(
        /^bug: failed: a bug in vestige, please report it: undefined is not a function \(at /,
      );
      expect(first.slice(1)).toEqual([
        `cut: unsettled: ${cut}; looked at 1 of 2 times`,
        'none: failed: no Linux kernel found',
        'web ok: first',
      ]);
      const isFinal = (): unknown[] =>
        bench.events.flatMap((event) => (event.kind === 'failed' ? [event.isFinal] : []));
      expect(isFinal()).toEqual([false, false]);
      expect((await bench.scan({ tries: 2 }))[2]).toBe(
        'cut: failed: damaged: the file is cut: 5 bytes of memory are missing',
      );
      expect(isFinal()).toEqual([true, true, true]);
      bench.opened.length = 0;
      expect((await bench.scan({ tries: 2 }))[2]).toBe('none: seen: given up: no Linux kernel found');
      expect(bench.opened).toEqual([]);
      await bench.scan({ tries: 2, retry: true });
      expect(bench.opened.length).toBe(3);
      bench.upgrade();
      bench.opened.length = 0;
      await bench.scan({ tries: 2 });
      expect(bench.opened.length).toBe(3);
    }));

  it('may vanish or change while they are read', () =>
    atBench(async (bench) => {
      bench.draw('gone', { kernel: machine('web', 1) });
      bench.draw('grows', { kernel: machine('web', 2) });
      bench.draw('shrinks', { kernel: machine('web', 3) });
      const open = openDrawn((path) => {
        if (path.endsWith('gone')) rmSync(path);
        if (path.endsWith('grows')) appendFileSync(path, '\0');
        if (path.endsWith('shrinks')) writeFileSync(path, 'x');
      });
      expect(await bench.scan({}, { open })).toEqual([
        'gone: failed: it has vanished',
        'grows: failed: it was changed while it was read',
        'shrinks: failed: it was changed while it was read',
      ]);
      expect(bench.inStore((store) => store.history.snapshots())).toEqual([]);
      expect(await bench.scan()).toEqual(['shrinks: other: too small to be a snapshot', 'web grows: first']);
    }));

  it('wait until nobody writes to them any more', () =>
    atBench(async (bench) => {
      const path = bench.draw('new', { kernel: machine('web', 1) });
      const told = await bench.scan({ settleMs: 60_000 });
      expect(told).toEqual(['new: unsettled: it is still being written']);
      expect(bench.opened).toEqual([]);
      expect(existsSync(path)).toBe(true);
    }));

  it.runIf(process.getuid?.() === 0)('may be somebody else’s', () =>
    atBench(async (bench) => {
      const path = bench.draw('secret', { kernel: machine('web', 1) });
      chmodSync(path, 0o000);
      chmodSync(bench.folder, 0o777);
      mkdirSync(join(bench.folder, 'closed'), { mode: 0o700 });
      bench.draw('open', { kernel: machine('web', 2) });
      process.seteuid!(65534);
      try {
        expect(await bench.scan({ depth: 1 })).toEqual([
          'closed: failed: permission denied',
          'secret: failed: cannot open secret: permission denied',
          'web open: first',
        ]);
        expect(await bench.scan()).toContain('secret: failed: cannot open secret: permission denied');
      } finally {
        process.seteuid!(0);
      }
    }),
  );

  it('are no snapshots while a program writes them through a mapping', () =>
    atBench(async (bench) => {
      const database = connect(join(bench.folder, 'guest'));
      try {
        database.pragma('journal_mode = WAL'); // SQLite maps its index of the log
        database.exec('CREATE TABLE a (b)');
        expect(await bench.scan({ places: [join(bench.folder, 'guest-shm')] })).toEqual([
          'guest-shm: failed: a running program writes it through a mapping; vestige acquire takes snapshots of guests',
        ]);
        expect(bench.opened).toEqual([]);
        expect(bench.result).toEqual({ hasNews: false, hasTrouble: true });
      } finally {
        database.close();
      }
    }));

  it('do not lead out of the folder', () =>
    atBench(async (bench) => {
      symlinkSync('/etc', join(bench.folder, 'etc'));
      symlinkSync('/etc/passwd', join(bench.folder, 'link'));
      expect(await bench.scan({ depth: 3 })).toEqual([
        'etc: other: links are not followed',
        'link: other: links are not followed',
      ]);
      expect(await bench.scan({ places: [join(bench.folder, 'nothing')] })).toEqual([
        'nothing: failed: no such file',
      ]);
    }));
});

describe('retention', () => {
  it('forgets the oldest of each machine and never its newest, and deletes no file by itself', () =>
    atBench(async (bench) => {
      // What the guest's clock says decides nothing.
      for (const [n, days] of [
        [1, 4],
        [2, 3],
        [3, 2],
      ] as const)
        bench.draw(`w${n}`, { kernel: machine('web', n * 1440) }, days * 86_400);
      bench.draw('d1', { kernel: machine('db', 0) }, 9 * 86_400);
      const told = await bench.scan({ keep: 2 });
      expect(told.slice(4)).toEqual(['w1: forgotten']);
      expect(existsSync(join(bench.folder, 'w1'))).toBe(true);
      expect((await bench.scan({ keepDays: 1 })).slice(4)).toEqual(['w2: forgotten']);
      expect(bench.inStore((store) => store.history.snapshots().map(({ path }) => path.slice(-2)))).toEqual([
        'd1',
        'w3',
      ]);
      expect(await bench.scan()).toEqual(
        ['d1', 'w1', 'w2', 'w3'].map((name) => `${name}: seen: seen before`),
      );
    }));

  it('goes by the host’s time, however a guest sets its clock, and deletes nothing that is new', () =>
    atBench(async (bench) => {
      bench.draw('w1', { kernel: machine('web', 10) }, 3600);
      await bench.scan({ keep: 1, deleteFiles: true });
      const set = { time: at(-14_400), bootTime: at(-15_010) };
      bench.draw('w2', { kernel: machine('web', 20, set) }, 3000);
      const told = await bench.scan({ keep: 1, deleteFiles: true });
      expect(told).toEqual([
        'w1: seen: seen before',
        expect.stringMatching(
          /^web w2: nothing new; the guest’s clock was set back by 10 d .*; high: the guest’s clock .*!$/,
        ),
        'w1: forgotten',
        'w1: deleted',
      ]);
      expect(bench.result).toEqual({ hasNews: true, hasTrouble: false });
      // Two that are new at once: none of them goes before another scan has found it there.
      bench.draw('w3', { kernel: machine('web', 30) }, 2400);
      bench.draw('w4', { kernel: machine('web', 40) }, 1800);
      expect(await bench.scan({ keep: 1, deleteFiles: true })).toEqual([
        'w2: seen: seen before',
        expect.stringMatching(/^web w3: .*clock was set forward by 10 d/),
        'web w4: nothing new',
        'w2: forgotten',
        'w2: deleted',
      ]);
      expect(await bench.scan({ keep: 1, deleteFiles: true })).toContain('w3: deleted');
      expect(existsSync(join(bench.folder, 'w4'))).toBe(true);
    }));

  it('waits until everybody has been told', () =>
    atBench(async (bench) => {
      let isDown = true;
      const deliver = async (): Promise<void> => {
        if (isDown) throw new Undelivered('nobody there', false);
      };
      const parts = { channels: [{ name: 'test', deliver }] };
      bench.draw('w1', { kernel: machine('web', 1) }, 3600);
      bench.draw('w2', { names: ['x'], kernel: machine('web', 2) }, 3500);
      bench.draw('w3', { names: ['x'], kernel: machine('web', 3) }, 3400);
      await bench.scan({}, parts);
      expect((await bench.scan({ keep: 1 }, parts)).filter((line) => line.includes('forgotten'))).toEqual([
        'w1: forgotten',
      ]);
      isDown = false;
      expect((await bench.scan({ keep: 1 }, parts)).at(-1)).toBe('w2: forgotten');
    }));

  it('deletes the files of what it forgets where it is told to, copies too, and goes on with that after a crash', () =>
    atBench(async (bench) => {
      const path = bench.draw('w1', { kernel: machine('web', 1) });
      copyFileSync(path, join(bench.folder, 'w1-copy'));
      for (const n of [2, 3]) bench.draw(`w${n}`, { kernel: machine('web', n) });
      await bench.scan();
      const left = (): string[] =>
        ['w1', 'w1-copy', 'w2', 'w3'].filter((name) => existsSync(join(bench.folder, name)));
      // As if the process had ended between forgetting and deleting.
      bench.inStore((store) => {
        const { id } = store.scans.recorded()[0]!;
        store.scans.doom(id);
        store.history.forget([id]);
      });
      await bench.scan({ keep: 5 });
      expect(left()).toEqual(['w1', 'w1-copy', 'w2', 'w3']);
      expect((await bench.scan({ keep: 1, deleteFiles: true })).slice(4)).toEqual([
        'w2: forgotten',
        'w1: deleted',
        'w1-copy: deleted',
        'w2: deleted',
      ]);
      expect(left()).toEqual(['w3']);
    }));

  it('deletes no file that has taken the place of another, and none outside of its places', () =>
    atBench(async (bench) => {
      const inside = join(bench.folder, 'in');
      mkdirSync(inside);
      draw(join(inside, 'w1'), { kernel: machine('web', 1) });
      bench.draw('w2', { kernel: machine('web', 2) });
      bench.draw('w3', { kernel: machine('web', 3) });
      await bench.scan({ depth: 1 });
      draw(join(inside, 'w1'), { kernel: machine('web', 9), bytes: 75_000 });
      await bench.scan({ places: [inside], keep: 1, deleteFiles: true });
      expect(['in/w1', 'w2', 'w3'].filter((name) => existsSync(join(bench.folder, name)))).toEqual([
        'in/w1',
        'w2',
        'w3',
      ]);
    }));
});

describe('messages', () => {
  it('are told of news only, once, and wait where nobody takes them', () =>
    atBench(async (bench) => {
      const took: string[] = [];
      let isDown = true;
      const channel = {
        name: 'test',
        deliver: async ({ body }: { body: string }) => {
          if (isDown) throw new Undelivered('nobody there', true);
          took.push(body.replace(/^.*\//, ''));
        },
      };
      const parts = { channels: [channel] };
      bench.draw('a', { names: ['init'], kernel: machine('web', 1) });
      bench.draw('b', { names: ['init', 'x'], kernel: machine('web', 2) });
      expect((await bench.scan({}, parts)).at(-1)).toBe('1 undelivered by test: nobody there');
      isDown = false;
      bench.draw('c', { names: ['init', 'x', 'y'], kernel: machine('web', 3) });
      await bench.scan({}, parts);
      await bench.scan({}, parts);
      expect(took).toEqual(['b: 1 process new', 'c: 1 process new']);
    }));

  it('tell of snapshots that could not be read too, once for as long as the file is as it is', () =>
    atBench(async (bench) => {
      const took: string[] = [];
      const channel = {
        name: 'test',
        deliver: async ({ body }: { body: string }) => void took.push(body.replace(/^.*\//, '')),
      };
      const parts = { channels: [channel] };
      bench.draw('cut', { fails: 'cut' });
      bench.draw('none', { fails: 'no-kernel' });
      await bench.scan({ tries: 2 }, parts);
      expect(took.splice(0)).toEqual(['none: no Linux kernel found']);
      await bench.scan({ tries: 2 }, parts);
      await bench.scan({ tries: 2 }, parts);
      expect(took.splice(0)).toEqual(['cut: damaged: the file is cut: 5 bytes of memory are missing']);
      bench.draw('none', { fails: 'no-kernel', names: ['other bytes'] }, 100);
      await bench.scan({ tries: 2 }, parts);
      expect(took.splice(0)).toEqual(['none: no Linux kernel found']);
      await bench.scan({ places: [join(bench.folder, 'gone')] }, parts);
      await bench.scan({ places: [join(bench.folder, 'gone')] }, parts);
      expect(took.splice(0)).toEqual(['gone: no such file']);
    }));

  it('are given up after a week', () =>
    atBench(async (bench) => {
      bench.inStore((store) => store.outbox.queue({ id: '1', channel: 'test', body: '' }));
      const later = Date.now() + 8 * 86_400_000;
      const told = bench.inStore((store) => [
        store.outbox.giveUp(at(0)),
        store.outbox.giveUp(new Date(later).toISOString()),
        store.outbox.giveUp(new Date(later).toISOString()),
      ]);
      expect(told).toEqual([[], [{ channel: 'test', count: 1, why: null }], []]);
    }));
});

describe('a store that takes nothing', () => {
  it('ends the scan, and the next one goes on where it ended', () =>
    atBench(async (bench) => {
      for (const n of [1, 2, 3])
        bench.draw(`s${n}`, { names: Array.from({ length: n }, () => 'x'), kernel: machine('web', n) });
      let asked = 0;
      const open = openDrawn(() => {
        if (++asked === 2) throw new StoreError('the disk is full');
      });
      await expect(bench.scan({}, { open })).rejects.toThrow('the disk is full');
      expect(await bench.scan()).toEqual([
        's1: seen: seen before',
        'web s2: 1 process new!',
        'web s3: 1 process new!',
      ]);
    }));

  it('stops between two questions where it is told to', () =>
    atBench(async (bench) => {
      for (const n of [1, 2]) bench.draw(`s${n}`, { kernel: machine('web', n) });
      const end = new AbortController();
      const told = await bench.scan(
        { plugins: [plugin, other] },
        { signal: end.signal, open: openDrawn(() => end.abort()) },
      );
      expect(told).toEqual([]);
      expect(await bench.scan()).toEqual(['web s1: first', 'web s2: nothing new']);
    }));
});
