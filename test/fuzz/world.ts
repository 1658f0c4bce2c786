// A snapshot held in RAM, with all that questions read of it while it was whole.
// Damage is aimed at those words: elsewhere it would test nothing.

import { plugins } from '../../plugins/index.ts';
import { Linux } from '../../src/kernel/linux/linux.ts';
import type { PhysicalMemory } from '../../src/memory/physical.ts';
import { PAGE_BYTES, type ReadRecorder } from '../../src/memory/source.ts';
import { isAbsent, type Row } from '../../src/plugin/cell.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import { runPlugin } from '../../src/plugin/run.ts';
import { type Session, type SessionOptions, startSession } from '../../src/session/session.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { AddressSpace } from '../../src/translate/address-space.ts';
import { shippedProfiles } from '../guests/shipped-profiles.ts';
import { Overlay } from '../support/overlay.ts';
import { type BootWords, bootWords } from './boot.ts';

/** What a question answered. */
export interface Outcome {
  readonly rows: readonly Row[];
  /** How many of its cells are absent. */
  readonly absent: number;
  readonly notes: readonly string[];
  /** CPU time of this process, in milliseconds. */
  readonly cpuMs: number;
}

/** How a kernel is found: by the profile that is known of it, or by what memory says of it. */
export type Binding = 'by profile' | 'anew';

/** A question, what it answers of the whole snapshot, and where it reads. */
export interface Asked {
  readonly plugin: AnyPlugin;
  readonly clean: Outcome;
  /** Physical addresses of the words that it read, page tables included. */
  readonly words: readonly number[];
  readonly reads: ReadonlySet<number>;
}

/** Keys are found by a sweep, not by following structures: it has tests of its own. */
const walking = plugins.filter(({ name }) => name !== 'keys');

/** Notes the words that are read. */
class Words implements ReadRecorder {
  readonly all = new Set<number>();
  readonly #wordBytes: number;
  constructor(wordBytes: number) {
    this.#wordBytes = wordBytes;
  }
  add(at: number, length: number): void {
    const last = at + Math.max(1, length) - 1;
    for (let word = at - (at % this.#wordBytes); word <= last; word += this.#wordBytes) this.all.add(word);
  }
  addEverything(): void {
    // A sweep reads no structures.
  }
}

/** A snapshot to be damaged and mended again. */
export class World {
  readonly path: string;
  readonly overlay: Overlay;
  readonly session: Session;
  readonly asked: readonly Asked[];
  /** What finding the kernel reads. */
  readonly boot: BootWords;
  /** Pages that finding the kernel reads, by the profile that is known already. */
  readonly bindingPages: readonly number[];
  /** What finding the kernel costs, in milliseconds of CPU time. */
  readonly bindingMs: Readonly<Record<Binding, number>>;
  readonly #snapshot: Snapshot;

  private constructor(
    path: string,
    parts: Pick<World, 'overlay' | 'session' | 'asked' | 'boot' | 'bindingPages' | 'bindingMs'>,
    snapshot: Snapshot,
  ) {
    this.path = path;
    this.overlay = parts.overlay;
    this.session = parts.session;
    this.asked = parts.asked;
    this.boot = parts.boot;
    this.bindingPages = parts.bindingPages;
    this.bindingMs = parts.bindingMs;
    this.#snapshot = snapshot;
  }

  /** Reads a snapshot into RAM and asks it everything. @throws ForensicError */
  static async open(path: string): Promise<World> {
    const snapshot = openSnapshot(path);
    const overlay = new Overlay(snapshot.contents.source);
    const bind = (choice: SessionOptions): { session: Session; cpuMs: number } => {
      const began = process.cpuUsage();
      const session = startSession({ ...snapshot, memory: overlay.memory() }, choice);
      return { session, cpuMs: cpuSince(began) };
    };
    const anew = bind({ profileSource: shippedProfiles() });
    const { profile } = anew.session;
    const { pointerBytes } = profile;
    const boot = bootWords(overlay, pointerBytes, () => bind({ profileSource: shippedProfiles() }));
    overlay.touched.clear();
    const { session, cpuMs } = bind({ profile });
    const bindingPages = [...overlay.touched];
    const asked: Asked[] = [];
    for (const plugin of walking) {
      const words = new Words(pointerBytes);
      await answer(kernelOver(session, overlay.memory()), plugin); // what V8 compiles is no cost of the question
      const memory = overlay.memory();
      memory.recordIn(words);
      const clean = await answer(kernelOver(session, memory), plugin);
      memory.recordIn(null);
      asked.push({ plugin, clean, words: [...words.all], reads: words.all });
    }
    const bindingMs = { 'by profile': cpuMs, anew: anew.cpuMs };
    return new World(path, { overlay, session, asked, boot, bindingPages, bindingMs }, snapshot);
  }

  /** Bytes of a word that is damaged: a pointer, a page-table entry; on 64 bits also two counts. */
  get wordBytes(): 4 | 8 {
    return this.session.kernel.types.pointerBytes;
  }

  /** The kernel in the memory as it is now, taken to be where it was: several questions of one are asked as triage does. */
  kernel(): Linux {
    return kernelOver(this.session, this.overlay.lasting);
  }

  /** Finds the kernel of the memory as it is now, and asks. @throws ForensicError where none is found */
  async bindAndAsk(asked: readonly AnyPlugin[], binding: Binding = 'by profile'): Promise<Outcome[]> {
    const memory = this.overlay.lasting;
    const choice =
      binding === 'anew' ? { profileSource: shippedProfiles() } : { profile: this.session.profile };
    const { kernel } = startSession({ ...this.#snapshot, memory }, choice);
    const outcomes = [];
    for (const plugin of asked) outcomes.push(await answer(kernelOver({ kernel }, memory), plugin));
    return outcomes;
  }

  /** The questions that read any of these words. */
  readersOf(words: ReadonlySet<number>): readonly Asked[] {
    return this.asked.filter((asked) => [...words].some((word) => asked.reads.has(word)));
  }
}

const kernelOver = ({ kernel }: Pick<Session, 'kernel'>, memory: PhysicalMemory): Linux => {
  const { profile, slide, space, types } = kernel;
  return new Linux({ space: new AddressSpace(memory, space.paging), profile, slide, types, origin: null });
};

/** Asks a kernel. */
export async function answer(kernel: Linux, plugin: AnyPlugin): Promise<Outcome> {
  const began = process.cpuUsage();
  const rows: Row[] = [];
  let absent = 0;
  for await (const row of runPlugin(plugin, kernel, { options: {} })) {
    rows.push(row);
    for (const cell of Object.values(row)) {
      if (cell === undefined) throw new Error(`${plugin.name}: a cell is neither a value nor absent`);
      if (isAbsent(cell)) absent++;
    }
  }
  return { rows, absent, notes: kernel.notes.drain(), cpuMs: cpuSince(began) };
}

/** Milliseconds of CPU time since `began`. */
export function cpuSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

/** The page that a physical address is in. */
export const pageOf = (at: number): number => at - (at % PAGE_BYTES);
