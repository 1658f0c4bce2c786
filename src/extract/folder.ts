// A folder into which artefacts are written, each as a whole or not at all, with a list of what they are.
// Names come from the evidence: none of them leaves the folder, and nothing in it is ever overwritten.

import { closeSync, lstatSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder as makeAll } from '../files/make-folder.ts';
import { attempt, CannotSave, OWNERS_MODE } from '../files/whole-file.ts';
import type { Artefact } from '../plugin/artefact.ts';
import { type SavedBytes, saveArtefact } from './artefact-file.ts';
import { freeName } from './safe-name.ts';

/** What became of one artefact: a line of `manifest.jsonl`. Plain data. */
export interface Saved extends SavedBytes {
  readonly snapshot: string;
  /** The question, and the row of it. */
  readonly question: string;
  readonly row: unknown;
  /** The file's name in the folder. */
  readonly name: string;
}

const MANIFEST = 'manifest.jsonl';
const OWNERS_FOLDER = 0o700;

/** A folder that is being filled. */
export class ArtefactFolder {
  readonly path: string;
  /** How many artefacts are in it, and how many of those lack bytes. */
  saved = 0;
  gapped = 0;
  readonly #taken = new Set([MANIFEST]);
  readonly #manifest: number;
  /** What was saved of what several rows stand for. */
  readonly #shared = new Map<string, SavedBytes & Pick<Saved, 'name'>>();
  #bytesLeft = 0;

  /**
   * Makes the folder, or takes one that is there and empty: nothing in it is ever overwritten. @throws CannotSave
   */
  constructor(path: string) {
    this.path = path;
    this.#manifest = attempt(path, () => {
      makeFolder(path);
      return openSync(join(path, MANIFEST), 'wx', OWNERS_MODE);
    });
  }

  /** So many bytes may be written from now on. */
  allow(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  /**
   * Writes one artefact, or lists the file again that has it already. @param what names it in the list
   * @throws CannotSave, and then nothing of it is left @throws BudgetExceeded likewise
   */
  save(what: Pick<Saved, 'snapshot' | 'question' | 'row'>, artefact: Artefact): Saved {
    const key = artefact.same === undefined ? undefined : `${what.snapshot} ${artefact.same}`;
    const known = key === undefined ? undefined : this.#shared.get(key);
    const content = known ?? this.#write(artefact);
    if (key !== undefined) this.#shared.set(key, content);
    const saved = { ...what, ...content };
    attempt(join(this.path, MANIFEST), () => writeSync(this.#manifest, `${JSON.stringify(saved)}\n`));
    return saved;
  }

  close(): void {
    closeSync(this.#manifest);
  }

  #write(artefact: Artefact): SavedBytes & Pick<Saved, 'name'> {
    const name = freeName(artefact.name, this.#taken);
    const content = saveArtefact(join(this.path, name), artefact, (bytes) => {
      this.#bytesLeft -= bytes;
      if (this.#bytesLeft < 0)
        throw new CannotSave(`${this.path}: more is to be saved than the machine has memory`);
    });
    this.saved++;
    if (content.missingBytes > 0) this.gapped++;
    return { name, ...content };
  }
}

/** @throws CannotSave where it is a link, no folder, or not empty @throws Error of the system */
function makeFolder(path: string): void {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return void makeAll(path, OWNERS_FOLDER);
  if (there.isSymbolicLink()) throw new CannotSave(`cannot save into ${path}: it is a link`);
  if (!there.isDirectory()) throw new CannotSave(`cannot save into ${path}: it is no folder`);
  if (readdirSync(path).length > 0) throw new CannotSave(`cannot save into ${path}: it is not empty`);
}
