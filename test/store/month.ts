import { plugins } from '../../plugins/index.ts';
import type { Row } from '../../src/plugin/cell.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import { Store } from '../../src/store/store.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { identity } from './scratch.ts';

/** One snapshot to be drawn: whose it is, and rows by plugin; columns that a row does not name are null. */
export interface DrawnSnapshot {
  readonly machine: string;
  /** ISO 8601. */
  readonly taken: string;
  readonly answers: Readonly<Record<string, readonly Row[]>>;
}

/** A plugin of the program, by its name. */
const known = (name: string): AnyPlugin => plugins.find((plugin) => plugin.name === name)!;

const whole = ({ columns }: AnyPlugin, row: Row): Row =>
  Object.fromEntries(Object.keys(columns).map((name) => [name, row[name] ?? null]));

/** Makes a store of these snapshots. */
export function drawStore(path: string, snapshots: readonly DrawnSnapshot[]): void {
  const store = Store.open(path, '1');
  snapshots.forEach(({ machine, taken, answers }, index) => {
    const { snapshot, kernel } = fakeFacts(`/snapshots/${index + 1}.raw`);
    const uptimeSeconds = (Date.parse(taken) - Date.parse(kernel.bootTime!)) / 1000;
    const own = { hostname: machine, machineId: `id of ${machine}`, time: taken, uptimeSeconds };
    const facts = { snapshot, kernel: { ...kernel, ...own } };
    for (const [name, rows] of Object.entries(answers)) {
      const plugin = known(name);
      const answer = { rows: rows.map((row) => whole(plugin, row)), notes: [] };
      store.keep(identity(index + 1, '', Date.parse(taken)), facts, plugin, '{}', answer);
    }
  });
  store.close();
}

const HOUR_MS = 3_600_000;
const HOURS = 720;
const MACHINES = ['web-1', 'web-2', 'db-1'];

const times = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));

/** A month of hourly snapshots, of these machines in turn: sixty processes each, and what belongs to them. */
export function drawMonth(path: string, machines: readonly string[] = MACHINES): void {
  const start = Date.parse('2026-01-01T00:00:00Z');
  drawStore(
    path,
    times(HOURS, (hour) => {
      const machine = machines[hour % machines.length]!;
      return {
        machine,
        taken: new Date(start + hour * HOUR_MS).toISOString(),
        answers: {
          pslist: times(60, (n) => ({
            pid: n + 1,
            ppid: 1,
            name: n < 55 ? `daemon-${n}` : `${machine}-${n}-${hour >> 5}`,
            uid: 0,
            started: new Date(start),
            args: `/usr/sbin/daemon-${n} --verbose`,
            task: 0xffff_8880_0000_1000n + BigInt(n * 8192),
          })),
          sockets: times(20, (n) => ({
            ...{ pid: n, process: `daemon-${n}`, protocol: 'tcp', state: n < 8 ? 'LISTEN' : 'ESTABLISHED' },
            ...{ localAddress: '0.0.0.0', localPort: n < 7 ? n + 1 : 30_000 + (hour >> 6) },
          })),
          modules: times(30, (n) => ({ name: `module_${n}`, buildId: `${n}${n === 7 ? machine : ''}` })),
          keys: times(3, (n) => ({ fingerprint: `${n === 0 ? 'shared' : machine}${n}`, size: 256 })),
          files: times(180, (n) => ({
            pid: n % 60,
            fd: n,
            path: n % 9 === 0 ? `/tmp/${n}-${hour >> 4}` : `/var/log/${n}.log`,
          })),
        },
      };
    }),
  );
}
