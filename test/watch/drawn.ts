import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CutSnapshot, NoKernel } from '../../src/base/errors.ts';
import type { Open } from '../../src/inquiry/reading.ts';
import type { Row } from '../../src/plugin/cell.ts';
import type { KernelFacts } from '../../src/plugin/document.ts';
import { SnapshotFile } from '../../src/snapshot/file.ts';
import { piecesOf } from '../../src/snapshot/pieces.ts';
import { Store } from '../../src/store/store.ts';
import type { Message } from '../../src/watch/channel.ts';
import type { Failure, Recorded, ScanEvent, ScanResult } from '../../src/watch/event.ts';
import { scan } from '../../src/watch/scan.ts';
import type { ScanChoice, ScanParts } from '../../src/watch/scan-parts.ts';
import { countsText } from '../../src/watch/wording.ts';
import { drawnPlugin, fakeFacts } from '../support/fake-session.ts';

/** What a drawn snapshot file says: a scan reads it as if it were memory. */
export interface Drawn {
  /** Processes by name; the ID of each is its place, from 1 on. */
  readonly names?: readonly string[];
  readonly notes?: readonly string[];
  readonly kernel?: Partial<KernelFacts>;
  /** What comes of opening it: an error. */
  readonly fails?: 'cut' | 'no-kernel' | 'bug';
  readonly bytes?: number;
  /** Whether it holds all of a machine's memory though it is called like a piece. */
  readonly isWhole?: boolean;
}

/** The question that drawn snapshots answer. */
export const plugin = drawnPlugin({ pid: 'int', name: 'text' }, [], {
  name: 'pslist',
  identity: ['pid'],
  wording: { noun: ['process', 'processes'] },
});

/** Another. */
export const other = drawnPlugin({ pid: 'int', name: 'text' }, [], { name: 'things', identity: ['pid'] });

/** A moment of the drawn day, so many minutes after noon. */
export const at = (minutes: number): string =>
  new Date(Date.parse('2026-01-02T12:00:00Z') + minutes * 60_000).toISOString();

/** Minutes for which drawn machines had run at noon. */
const RAN_BEFORE_NOON = 600;

/** The facts of a machine at a moment. */
export const machine = (hostname: string, minutes: number, more: Partial<KernelFacts> = {}) => ({
  hostname,
  machineId: `id-${hostname}`,
  bootId: `boot-${hostname}`,
  bootTime: at(-RAN_BEFORE_NOON),
  time: at(minutes),
  uptimeSeconds: (RAN_BEFORE_NOON + minutes) * 60,
  ...more,
});

/** Writes a snapshot file that has settled long ago. It begins with no text, as memory does. */
export function draw(path: string, drawn: Drawn, ageSeconds = 3600): string {
  const bytes = Buffer.alloc(drawn.bytes ?? 70_000);
  bytes.write(JSON.stringify(drawn), 1);
  writeFileSync(path, bytes);
  const time = Date.now() / 1000 - ageSeconds;
  utimesSync(path, time, time);
  return path;
}

/** Opens drawn snapshots; `meanwhile` is called when one is asked. */
export const openDrawn =
  (meanwhile: (path: string) => void | Promise<void> = () => undefined): Open =>
  async (path) => {
    const file = new SnapshotFile(path);
    try {
      const text = readFileSync(path).toString('utf8', 1).replaceAll('\0', '');
      const drawn = JSON.parse(text) as Drawn;
      if (drawn.fails === 'cut') throw new CutSnapshot('the file is cut: 5 bytes of memory are missing');
      if (drawn.fails === 'no-kernel') throw new NoKernel('no Linux kernel found');
      if (drawn.fails === 'bug') throw new TypeError('undefined is not a function');
      const { snapshot, kernel } = fakeFacts(path);
      return {
        facts: {
          snapshot: { ...snapshot, pieceCount: drawn.isWhole === true ? 0 : piecesOf(path).length },
          kernel: { ...kernel, ...drawn.kernel },
        },
        get troubles() {
          return file.troubles;
        },
        async answer() {
          await meanwhile(path);
          file.read(0, Buffer.alloc(drawn.bytes ?? 70_000));
          const rows = (drawn.names ?? []).map((name, index): Row => ({ pid: index + 1, name }));
          return { rows, notes: drawn.notes ?? [] };
        },
        close: () => file.close(),
      };
    } catch (error) {
      file.close();
      throw error;
    }
  };

/** What a scan of drawn snapshots takes, unless a test has it otherwise. */
export const choice = (places: readonly string[], more: Partial<ScanChoice> = {}): ScanChoice => ({
  places,
  depth: 0,
  plugins: [plugin],
  binding: '',
  settleMs: 0,
  tries: 3,
  retry: false,
  deleteFiles: false,
  ...more,
});

let messages = 0;

/** A message that says which snapshot is news, and what. */
export const messageOf = ({ path, counts }: Recorded): Message => ({
  id: `${process.pid}-${Date.now()}-${messages++}`,
  body: `${path}: ${countsText(counts)}`,
});

/** A message about what could not be read. */
export const failureMessageOf = ({ path, why, of }: Failure): Message => ({
  id: JSON.stringify(of),
  body: `${path}: ${why}`,
});

/** A store, and folders of snapshots beside it, gone after `action`. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'vestige-watch-'));
  readonly cache: string;
  readonly events: ScanEvent[] = [];
  /** Snapshots that were opened. */
  readonly opened: string[] = [];
  /** What came of the last scan. */
  result: ScanResult | undefined;
  #program = '1';

  constructor(cache?: string) {
    this.cache = cache ?? join(this.folder, 'cache.sqlite');
  }

  /** Runs a scan of `<folder>` with a store of its own, as a process of its own would. @returns what was told, a line each */
  async scan(more: Partial<ScanChoice> = {}, parts: Partial<ScanParts> = {}): Promise<string[]> {
    const store = Store.open(this.cache, this.#program);
    this.events.length = 0;
    const open = parts.open ?? openDrawn();
    try {
      this.result = await scan(choice([this.folder], more), {
        store,
        channels: [],
        messageOf,
        failureMessageOf,
        surroundings: { now: () => Date.now(), wait: async () => undefined, stateOf: () => undefined },
        ...parts,
        open: (path) => {
          this.opened.push(path);
          return open(path);
        },
        tell: (event) => this.events.push(event),
      });
    } finally {
      store.close();
    }
    return this.events.map((event) => this.#text(event));
  }

  /** A newer version of the program runs from now on. */
  upgrade(): void {
    this.#program += '1';
  }

  draw(name: string, drawn: Drawn, ageSeconds?: number): string {
    return draw(join(this.folder, name), drawn, ageSeconds);
  }

  /** Looks into the store. */
  inStore<T>(action: (store: Store) => T): T {
    const store = Store.open(this.cache, this.#program);
    try {
      return action(store);
    } finally {
      store.close();
    }
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #text(event: ScanEvent): string {
    const short = (path: string): string => path.replace(`${this.folder}/`, '');
    switch (event.kind) {
      case 'recorded': {
        const { path, machine: name, comparison, counts, remarks, judgement, isNews } = event.recorded;
        const what = comparison === null ? 'first' : countsText(counts);
        const found = judgement?.fresh.map(({ severity, message }) => `${severity}: ${message}`) ?? [];
        const dark = judgement?.dark.map(({ rule }) => `${rule.id} in the dark`) ?? [];
        const gone = judgement === null || judgement.gone === 0 ? [] : [`${judgement.gone} findings gone`];
        const words = [what, ...remarks, ...found, ...gone, ...dark].join('; ');
        return `${name} ${short(path)}: ${words}${isNews ? '!' : ''}`;
      }
      case 'again':
        return `${short(event.path)}: again ${short(event.of)}`;
      case 'forgotten':
      case 'deleted':
        return `${short(event.path)}: ${event.kind}`;
      case 'reported':
        return `${short(event.path)}: reported ${short(event.report)}`;
      case 'undelivered':
        return `${event.count} ${event.kind} by ${event.channel}: ${event.why}`;
      default:
        return `${short(event.path)}: ${event.kind}: ${event.why.replaceAll(`${this.folder}/`, '')}`;
    }
  }
}

/** Runs `action` at a bench that is tidied up afterwards. */
export async function atBench(action: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = new Bench();
  try {
    await action(bench);
  } finally {
    bench.close();
  }
}
