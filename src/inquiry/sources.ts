// Where the answers of a report come from: a file that is read as far as nothing is remembered of it, or the past.
// Who compares snapshots need not know which.
import type { ForensicError } from '../base/errors.ts';
import type { Identified } from '../diff/relation.ts';
import type { Side } from '../diff/tables.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { Facts } from '../report/answer.ts';
import { acquiredName, fileWrittenAt } from '../store/host-time.ts';
import type { PastSnapshot } from '../store/interface.ts';
import { provenanceOf } from '../store/provenance.ts';
import { type Asking, Inquiry } from './inquiry.ts';
import type { Recall } from './recall.ts';
import { bindingKey } from './settings.ts';

/** A snapshot that a report tells of, wherever its answers come from. */
export interface Source {
  readonly facts: Facts;
  /** Its number in the store; undefined where that knows nothing of it. */
  readonly id: number | undefined;
  /** When its file was written, ISO 8601 and by the host, and which machine it is of as the store and the operator call it. */
  readonly place: Pick<PastSnapshot, 'machine' | 'name' | 'digest'> & { readonly written: string | null };
  /** Whole answers, by plugin; those that can no more be had are missing. */
  answers(plugins: readonly AnyPlugin[]): Promise<Map<string, Side>>;
  close(): void;
}

/** A source as comparisons of snapshots know it. */
export const identified = ({ facts: { kernel }, place: { written, name } }: Source): Identified => ({
  ...{ kernel, written, name },
});

/** How files are asked. */
export interface Gathering extends Asking {
  /** Told of every question that failed. */
  readonly failed: (error: ForensicError) => void;
}

/** A snapshot that is read now, as far as nothing is remembered of it. */
export class FileSource implements Source {
  readonly facts: Facts;
  readonly #path: string;
  readonly #asking: Gathering;
  readonly #answers = new Map<string, Side>();
  #inquiry: Inquiry | undefined;

  private constructor(path: string, asking: Gathering, facts: Facts, inquiry: Inquiry) {
    this.facts = facts;
    const name = acquiredName(path)?.machine ?? null;
    this.#place = { written: fileWrittenAt(path), machine: provenanceOf(facts).machine, name, digest: '' };
    this.#path = path;
    this.#asking = asking;
    this.#inquiry = inquiry;
  }

  /** @throws SnapshotError, ProfileError, UsageError */
  static async open(path: string, asking: Gathering): Promise<FileSource> {
    const inquiry = await Inquiry.begin(path, asking);
    try {
      return new FileSource(path, asking, await inquiry.facts(), inquiry);
    } catch (error) {
      inquiry.close();
      throw error;
    }
  }

  get id(): number | undefined {
    return this.#id;
  }

  get place(): Source['place'] {
    return this.#place;
  }

  /** Asks under which number the store knows the file by now. */
  async identify(): Promise<void> {
    const { recall, settings } = this.#asking;
    const identity = await recall.identify(this.#path, bindingKey(settings));
    if (identity === undefined) return;
    this.#id = recall.past((history) => history.find(identity));
    const machine =
      recall.past((history) => history.machineOf(this.#path, this.facts)) ?? this.#place.machine;
    this.#place = { ...this.#place, machine, digest: identity.key.digest };
    const known = this.#id === undefined ? undefined : recall.past((history) => history.snapshot(this.#id!));
    if (known !== undefined) this.#place = known;
  }

  async answers(plugins: readonly AnyPlugin[]): Promise<Map<string, Side>> {
    const { listener, failed } = this.#asking;
    const unasked = plugins.filter(({ name }) => !this.#answers.has(name));
    if (unasked.length > 0) this.#inquiry ??= await Inquiry.begin(this.#path, this.#asking);
    for (const [name, { failure, ...answer }] of (await this.#inquiry?.answers(unasked)) ?? []) {
      if (failure !== undefined) {
        listener.warn(`${name}: ${failure.message}`);
        failed(failure);
      }
      this.#answers.set(name, answer);
    }
    return new Map(plugins.map(({ name }) => [name, this.#answers.get(name)!]));
  }

  /** Lets go of the file. A later question opens it again. */
  close(): void {
    this.#inquiry?.close();
    this.#inquiry = undefined;
  }

  #id: number | undefined;
  #place: Source['place'];
}

/** A snapshot of the past: its file may be gone. */
export class PastSource implements Source {
  readonly id: number;
  readonly place: PastSnapshot;
  readonly facts: Facts;
  readonly #recall: Recall;

  constructor(place: PastSnapshot, facts: Facts, recall: Recall) {
    this.id = place.id;
    this.place = place;
    this.facts = facts;
    this.#recall = recall;
  }

  async answers(plugins: readonly AnyPlugin[]): Promise<Map<string, Side>> {
    const answers = new Map<string, Side>();
    for (const plugin of plugins) {
      const answer = this.#recall.past((history) => history.answer(this.id, plugin));
      if (answer !== undefined) answers.set(plugin.name, answer);
    }
    return answers;
  }

  close(): void {
    // nothing is open
  }
}
