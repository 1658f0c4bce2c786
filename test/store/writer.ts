/**
 * A process of its own that writes answers to a cache: `node writer.js CACHE FIRST COUNT ROWS`. Tells of every
 * answer that it kept, so that a test knows what must be there after the process was killed.
 */
import { Store } from '../../src/store/store.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { identity, plugin, ROWS } from './scratch.ts';

const [path, first, count, rowCount] = process.argv.slice(2) as [string, string, string, string];
try {
  const store = Store.open(path, '1');
  for (let n = Number(first); n < Number(first) + Number(count); n++) {
    const rows = Array.from({ length: Number(rowCount) }, (_, at) => ROWS[at % ROWS.length]!);
    store.keep(identity(n), fakeFacts(), plugin(), '{}', { rows, notes: [`written by ${first}`] });
    process.stdout.write(`${n}\n`);
  }
  store.close();
} catch (error) {
  process.stdout.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
