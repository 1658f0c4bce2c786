/**
 * A process of its own that scans drawn snapshots: `node scanner.js FOLDER CACHE URL`. It is killed while it does,
 * and what it has recorded must be whole.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Store } from '../../src/store/store.ts';
import { scan } from '../../src/watch/scan.ts';
import { surroundings } from '../../src/watch/settling.ts';
import { takeTurn } from '../../src/watch/turn.ts';
import { webhook } from '../../src/watch/webhook.ts';
import { choice, messageOf, openDrawn, other, plugin } from './drawn.ts';

const [folder, cache, url] = process.argv.slice(2) as [string, string, string];
process.stdout.write('up\n');
try {
  const store = Store.open(cache, '1');
  const around = surroundings();
  const lock = await takeTurn(cache, 20_000, around.wait);
  if (lock === undefined) throw new Error('another scan is at work');
  await scan(choice([folder], { plugins: [plugin, other] }), {
    store,
    open: openDrawn(() => sleep(2)),
    judges: [],
    channels: [webhook(new URL(url), 'secret')],
    messageOf: (recorded, channel) => ({ ...messageOf(recorded), id: `${channel}-${randomUUID()}` }),
    surroundings: around,
    tell: (event) => {
      if (event.kind === 'recorded') process.stdout.write(`recorded ${event.recorded.path}\n`);
      if (event.kind === 'failed' || event.kind === 'undelivered')
        process.stdout.write(`trouble ${event.why}\n`);
    },
  });
  lock.release();
  store.close();
} catch (error) {
  process.stdout.write(`trouble ${(error as Error).message}\n`);
  process.exitCode = 2;
}
