// What `--save FOLDER` does: the bytes behind the rows that are shown are written into a folder, after the rows.
// `src/extract` writes the files; this prints what was saved.
import { Budget, BudgetExceeded, type Limits } from '../../base/budget.ts';
import { EvidenceFault } from '../../base/errors.ts';
import { ArtefactFolder } from '../../extract/folder.ts';
import { CannotSave, TooLargeToSave } from '../../files/whole-file.ts';
import type { Artefact } from '../../plugin/artefact.ts';
import type { Row } from '../../plugin/cell.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import { rowWriter } from '../../report/json.ts';
import type { Session } from '../../session/session.ts';
import { writeAside } from '../terminal/output.ts';

/** Files may hold a page several times, and a small guest has mappings beside its memory; four times of all is somebody's trick. */
const TIMES_MEMORY = 4;
const BYTES_BESIDE = 2 ** 30;
/** Pages of processes lie scattered, and each is looked for and read: so many times what a question may take. */
const TIMES_WORK = 8;

/** What the work of saving may cost. */
export const savingBudget = (limits: Limits): Limits => ({ ...limits, reads: TIMES_WORK * limits.reads });

/** Counts what is written of a snapshot of so many bytes. @returns what is told of bytes, and throws CannotSave past the bound */
export function savingBytes(memoryBytes: number): (bytes: number) => void {
  let left = TIMES_MEMORY * memoryBytes + BYTES_BESIDE;
  return (bytes) => {
    left -= bytes;
    if (left < 0) throw new CannotSave('more is to be saved than the machine has memory');
  };
}

/** A folder for all that one command saves. */
export class Saving {
  readonly #folder: ArtefactFolder;
  /** Rows whose bytes could not be saved: their place is not told, or they are more than a file can have. */
  #failed = 0;
  #tooLarge = 0;

  /** @throws CannotSave */
  constructor(path: string) {
    this.#folder = new ArtefactFolder(path);
  }

  /**
   * Saves what these rows stand for. @returns notes of what was not saved
   * @param subjects what each row is about @throws CannotSave where the folder cannot be written any more
   */
  async save(
    plugin: AnyPlugin,
    session: Session,
    rows: readonly Row[],
    subjects: WeakMap<Row, unknown>,
  ): Promise<string[]> {
    const { memory } = session.kernel.space;
    const json = rowWriter({ plugin, columns: Object.keys(plugin.columns) });
    this.#folder.allow(TIMES_MEMORY * session.facts.snapshot.memoryBytes + BYTES_BESIDE);
    memory.chargeTo(new Budget(savingBudget(memory.limits)));
    const notes: string[] = [];
    try {
      for (const row of rows) {
        const artefact = await this.#artefactOf(plugin, subjects.get(row));
        if (artefact !== null)
          this.#write(
            { snapshot: session.snapshot.file.path, question: plugin.name, row: json(row) },
            artefact,
          );
      }
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error;
      notes.push(`${plugin.name} saved no more: ${error.message}`);
    } finally {
      memory.chargeTo(null);
    }
    if (this.#failed > 0)
      notes.push(
        `${this.#failed} rows of ${plugin.name} do not tell where their bytes are, and none is saved`,
      );
    if (this.#tooLarge > 0)
      notes.push(
        `${this.#tooLarge} rows of ${plugin.name} stand for more bytes than the file system takes in a file, and none is saved`,
      );
    [this.#failed, this.#tooLarge] = [0, 0];
    return notes;
  }

  /** Says what there is now. */
  end(): void {
    const { path, saved, gapped } = this.#folder;
    this.#folder.close();
    const gaps = gapped === 0 ? '' : `, ${gapped} of them with gaps (manifest.jsonl tells)`;
    writeAside(`${saved} ${saved === 1 ? 'file' : 'files'} saved in ${path}${gaps}\n`);
  }

  #write(what: Parameters<ArtefactFolder['save']>[0], artefact: Artefact): void {
    try {
      this.#folder.save(what, artefact);
    } catch (error) {
      if (!(error instanceof TooLargeToSave)) throw error;
      this.#tooLarge++;
    }
  }

  async #artefactOf(plugin: AnyPlugin, subject: unknown): Promise<Artefact | null> {
    try {
      return await plugin.artefact!(subject);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      this.#failed++;
      return null;
    }
  }
}
