import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/store/connection.ts';
import { signatureOf } from '../../src/watch/webhook.ts';
import { Random } from '../support/random.ts';
import { atBench, type Bench, draw, machine } from './drawn.ts';

const SCANNER = join(process.cwd(), 'dist/test/watch/scanner.js');
const KILLS = 200;
/** Steps of a scan (a question, a record, a report), and milliseconds after the last, that it lives to see at most. */
const MOST_STEPS = 7;
const MOST_REST_MS = 20;
/** Scans at once: they wait for each other, and are killed while they wait too. */
const SCANS = 2;

/** Takes messages, and answers after a moment: time enough to kill who waits for the answer. */
class Receiver {
  /** Bodies by the message's name, each time that it came. */
  readonly messages = new Map<string, string[]>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const body = Buffer.concat(parts).toString();
        const {
          'vestige-id': id,
          'vestige-timestamp': time,
          'vestige-signature': signature,
        } = request.headers;
        const sound = signature === signatureOf('secret', String(time), body);
        const came = this.messages.get(String(id)) ?? [];
        this.messages.set(String(id), [...came, sound ? body : 'forged']);
        setTimeout(() => response.writeHead(204).end(), 5);
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** How long a scan lives: so many steps, however long a busy machine takes for them, and a moment. */
interface Life {
  readonly steps: number;
  readonly restMs: number;
}

/** Runs a scan, and kills it where its life ends before. @returns what it said, and whether it came to its end */
function run(bench: Bench, url: string, life?: Life): Promise<{ said: string; ended: boolean }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [SCANNER, snapshots(bench), bench.cache, url, reports(bench)]);
    let said = '';
    let timer: NodeJS.Timeout | undefined;
    child.stdout.on('data', (data: Buffer) => {
      said += data.toString();
      // Its life begins when node has started, which takes longest and is of no interest here.
      const steps = said.split('\n').length - 2;
      if (life !== undefined && steps >= life.steps)
        timer ??= setTimeout(() => child.kill('SIGKILL'), life.restMs);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ said: said.replace(/^(?:up|step)\n/gm, ''), ended: code !== null });
    });
  });
}

const snapshots = (bench: Bench): string => join(bench.folder, 'snapshots');
const reports = (bench: Bench): string => join(bench.folder, 'reports');

describe('a scan that is killed', () => {
  it(
    'has recorded each snapshot whole or not at all, tells everything that is new, and reports on all',
    { timeout: 900_000 },
    () =>
      atBench(async (bench) => {
        mkdirSync(snapshots(bench));
        mkdirSync(reports(bench));
        const receiver = new Receiver();
        const url = await receiver.listen();
        const random = new Random(7);
        const said: string[] = [];
        let drawn = 0;
        let kills = 0;
        let midst = 0;
        const one = async (): Promise<void> => {
          while (kills < KILLS) {
            for (let count = random.below(3); count > 0; count--) {
              const number = drawn++;
              const names = Array.from({ length: 1 + (number >> 1) }, (_, index) => `process ${index}`);
              // As whole as a dumper leaves it: the other scan is at work meanwhile.
              const path = draw(join(bench.folder, `${number}`), {
                names,
                kernel: machine(number % 2 === 0 ? 'web' : 'db', number),
              });
              renameSync(path, join(snapshots(bench), `${number}`));
            }
            const life = { steps: random.below(MOST_STEPS), restMs: random.below(MOST_REST_MS) };
            const { said: words, ended } = await run(bench, url, life);
            said.push(words);
            if (ended) continue;
            kills++;
            if (words !== '') midst++;
          }
        };
        await Promise.all(Array.from({ length: SCANS }, one));
        const last = await run(bench, url);
        const again = await run(bench, url);
        receiver.close();
        expect({ ended: last.ended, again: again.said }).toEqual({ ended: true, again: '' });
        expect(said.join('').match(/trouble.*/g)).toBe(null);
        expect(midst).toBeGreaterThan(KILLS / 20); // or they were killed before they got anywhere

        const database = connect(bench.cache, { readonly: true });
        const get = (sql: string): unknown => database.prepare(sql).pluck().get();
        const all = (sql: string): unknown[] => database.prepare(sql).pluck().all();
        expect(get('pragma integrity_check')).toBe('ok');
        expect(all('pragma foreign_key_check')).toEqual([]);
        const files = readdirSync(snapshots(bench)).length;
        expect(files).toBe(drawn);
        expect({
          recorded: get(
            "select count(*) from scanned where outcome = 'recorded' and snapshot_id is not null",
          ),
          snapshots: get('select count(*) from snapshot'),
          runs: get('select count(*) from run'),
          torn: get(
            "select count(*) from run where row_count <> (select count(*) from rows_pslist_1 where run_id = run.id) and plugin = 'pslist'",
          ),
          waiting: get('select count(*) from outbox where ended is null'),
          queued: get('select count(*) from outbox'),
          judged: get('select count(*) from verdict'),
          findings: get('select count(*) from finding'),
          new: get('select count(*) from finding where is_new'),
          things: get(
            'select count(distinct machine || fingerprint) from finding f join verdict v on v.id = f.verdict_id join snapshot s on s.id = v.snapshot_id',
          ),
          owed: get('select count(*) from owed_report'),
        }).toEqual({
          recorded: files,
          snapshots: files,
          runs: 2 * files,
          torn: 0,
          waiting: 0,
          queued: files,
          judged: files,
          findings: get("select sum(row_count) from run where plugin = 'pslist'"),
          new: files,
          things: files,
          owed: 0,
        });
        expect(readdirSync(reports(bench)).sort()).toEqual(readdirSync(snapshots(bench)).sort());

        // Each snapshot has one process more than the one before: told at least once, and under one name.
        const told = [...receiver.messages.values()];
        expect([...receiver.messages.keys()].sort()).toEqual(all('select id from outbox order by id'));
        expect(told.filter((bodies) => new Set(bodies).size > 1)).toEqual([]);
        expect(new Set(told.map(([body]) => body!.split(':')[0])).size).toBe(files);
        const sentences = told.map(([body]) => body!.split('; ').at(-1)!);
        const wanted = Array.from({ length: files }, (_, number) => `process ${number >> 1} runs`);
        expect(sentences.sort()).toEqual(wanted.sort());
        expect(told.flat()).not.toContain('forged');
        database.close();
      }),
  );
});
