/** What a program may rely on: compiling this file is the test, nothing of it is ever run. */
import { modules, pslist, sockets } from '../../plugins/index.ts';
import {
  type Absent,
  type Closable,
  type Comparison,
  compareSnapshots,
  definePlugin,
  type Hole,
  judgeSnapshot,
  type KernelType,
  type Layout,
  openSession,
  type Piece,
  type Process,
  plugins,
  type RowOf,
  readPolicy,
  type Session,
  type Settled,
  type Struct,
  type Task,
  type Translation,
  type Verdict,
} from '../../src/index.ts';

declare const session: Session;

export const opened: Session = openSession('memory.raw', { kernel: 1, base: 0x4000_0000 });
export const closing = (it: Closable): void => it.close();
closing(opened);

// Memory.
export const word: bigint = session.memory.u64(0n);
export const half: number = session.physical.u32(0n);
export const bytes: Uint8Array = session.memoryOf(1).bytes(0n, 16);
export const parts: Iterable<Piece | Hole> = session.memory.pieces(0n, 16);
export const walk: Translation = session.memory.walk(0n);
session.memory.readInto(0n, new Uint8Array(4));
// @ts-expect-error an address is a bigint
session.memory.u64(0);

// Symbols and types.
export const address: bigint = session.symbols.address('init_task');
export const near: string | undefined = session.symbols.nearest(0n)?.text;
export const type: KernelType = session.types.find('task_struct');
export const place: number = session.types.offsetOf('task_struct', 'se.vruntime');
export const layout: Layout = session.layout('task_struct');

// Structs, lists, processes.
export const struct: Struct = session.struct('task_struct', address);
export const entries: Iterable<Struct> = session.list(address, 'module', 'list');
export const settled: Settled = session.settle('task_struct', address);
for (const process of session.processes()) {
  const one: Process = process;
  const task: Task = one.task;
  const started: Date = task.started;
  const root: number | null = one.pageTableRoot;
  void [started, root];
}
// @ts-expect-error evidence is never written
struct.$address = 0n;

// Questions: each cell has the type of its column.
export async function ask(): Promise<void> {
  const { rows } = await session.ask(pslist, { columns: ['pid', 'name'] });
  for (const { pid, name, started, task, hidden } of rows) {
    const cells: [number | Absent, string | Absent, Date | Absent, bigint | Absent, boolean | Absent] = [
      ...([pid, name, started, task, hidden] as const),
    ];
    void cells;
    // @ts-expect-error a cell may be absent
    const certain: number = pid;
    void certain;
  }
  // Every question of processes has the container of them, though none declares it.
  const inside: (string | null | Absent)[] = (await session.ask(sockets)).rows.map(
    ({ container }) => container,
  );
  void inside;
  // @ts-expect-error rows of modules are of no process
  (await session.ask(modules)).rows.map(({ container }) => container);
  // @ts-expect-error no such column
  await session.ask(pslist, { columns: ['nope'] });
  // @ts-expect-error no such column
  (await session.ask(sockets)).rows.map(({ nope }) => nope);
  for (const plugin of plugins) for (const row of (await session.ask(plugin)).rows) void row['pid'];
}
export const row: RowOf<typeof pslist> | undefined = undefined;

const own = definePlugin({
  name: 'own',
  summary: 'List names',
  example: '--limit 1',
  version: 1,
  subjects: () => [{ name: 'x', size: 1n }],
  columns: { name: { text: (one) => one.name }, size: { int: (one) => one.size } },
  identity: ['name'],
});
export async function askOwn(): Promise<readonly (string | Absent)[]> {
  const { rows } = await session.ask(own);
  const sizes: (bigint | number | Absent)[] = rows.map(({ size }) => size);
  void sizes;
  return rows.map(({ name }) => name);
}

export async function judgeAll(): Promise<[Comparison, Verdict]> {
  const policy = await readPolicy(['cloud-linux'], plugins);
  return [
    await compareSnapshots(session, opened, plugins, { all: true }),
    await judgeSnapshot(session, policy, plugins, { since: opened }),
  ];
}
