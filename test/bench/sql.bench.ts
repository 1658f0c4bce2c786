import { statSync } from 'node:fs';
import { join } from 'node:path';
import { drawMonth } from '../store/month.ts';
import { type Bench, median } from './bench.ts';
import { bareNode, takeTurns, vestige } from './processes.ts';

/** A question over everything must come back before its asker's thoughts wander. */
const MOST_MS = 1_000;

/** Questions over all of a month; what docs/guide/sql-and-cache.md documents, and what an index could not help. */
const QUERIES: Readonly<Record<string, string>> = {
  'seen on one machine only': `select name, min(hostname), min(taken), max(taken)
    from pslist group by name having count(distinct machine) = 1 order by 3`,
  'first and last time of each name':
    'select name, min(taken), max(taken) from pslist group by name order by 2',
  'new listeners': `with latest as (select machine, max(taken) as now from snapshots group by machine)
    select hostname, process, localPort, min(taken) as first
    from sockets join latest using (machine) where state = 'LISTEN' group by machine, process, localPort
    having first > strftime('%Y-%m-%dT%H:%M:%fZ', now, '-1 day')`,
  'modules that differ': `select s.release, m.name, group_concat(distinct m.buildId)
    from modules m join snapshots s on s.id = m.snapshot_id group by 1, 2 having count(distinct m.buildId) > 1`,
  'first time of a file': `select f.path, f.hostname, min(f.taken), p.name
    from files f left join pslist p using (snapshot_id, pid) where f.path glob '/tmp/*' group by f.path, f.machine`,
  'all rows of one machine': `select count(*), max(args) from pslist where hostname = 'web-1'`,
};

/** Whole processes of `vestige sql` over a month of hourly snapshots: the slowest question counts. */
export const sqlMonth: Bench = {
  name: 'sql',
  measures: `vestige sql over 720 drawn snapshots of 60 processes each, the slowest of ${Object.keys(QUERIES).length} questions`,
  target: `≤ ${MOST_MS} ms`,
  run: async ({ scratch, rounds }) => {
    const store = join(scratch, 'month.sqlite');
    drawMonth(store);
    const commands = Object.values(QUERIES).map((query) => () => [vestige, 'sql', '--cache', store, query]);
    const times = takeTurns([bareNode, ...commands], Math.min(rounds, 5)).map(median);
    const [bare, ...asked] = times as [number, ...number[]];
    const slowest = Math.max(...asked);
    const name = Object.keys(QUERIES)[asked.indexOf(slowest)]!;
    return {
      figure: `${slowest.toFixed(0)} ms (${name})`,
      baseline: `node -e 0: ${bare.toFixed(0)} ms; store of ${(statSync(store).size / 2 ** 20).toFixed(0)} MiB`,
      ratio: slowest / bare,
      met: slowest <= MOST_MS,
    };
  },
};
