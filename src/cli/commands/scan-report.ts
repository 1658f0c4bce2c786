// Writes the HTML reports of `scan --report FOLDER`.
// Each snapshot has a page, and `latest.html` stands for the newest of its machine.
import { join, resolve } from 'node:path';
import { fileNameOf, momentOf } from '../../acquire/names.ts';
import { UnreadableFile } from '../../base/errors.ts';
import { makeFolder as makeAll } from '../../files/make-folder.ts';
import { replaceFile } from '../../files/replace-file.ts';
import type { Judge } from '../../judging/judge.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import { usualQuestions } from '../../plugin/usual-questions.ts';
import type { PendingReport } from '../../store/pending-reports.ts';
import type { Reporter } from '../../watch/scan-parts.ts';
import { TERMINAL } from '../terminal/output.ts';

/** Pages tell what programs had in their environments and command lines: they are their owner's. */
const FOLDER_MODE = 0o700;

/** Digits of a machine's ID that tell it from others of its name. */
const ID_DIGITS = 8;

/**
 * Writes pages into a folder: `FOLDER/web-1-1a2b3c4d/20261123T114044Z.html`, and the one about the machine's latest
 * snapshot as `latest.html` beside it too. @param pageOf draws the page about a snapshot
 */
export const reporterInto = (folder: string, pageOf: (owed: PendingReport) => Promise<string>): Reporter => ({
  folder: resolve(folder),
  nameOf: placeName,
  async write(owed, name) {
    const place = join(resolve(folder), name);
    makeFolder(place);
    const html = await pageOf(owed);
    const path = join(
      place,
      `${momentOf(new Date(owed.written))}${owed.hasTwin ? `-${owed.snapshotId}` : ''}.html`,
    );
    replaceFile(path, html);
    if (owed.isLatest) replaceFile(join(place, 'latest.html'), html);
    return path;
  },
});

/** A machine by the name that the operator gave, or those that it has: evidence, so nothing of it may lead out of the folder. */
function placeName({ hostname, machine, name }: PendingReport): string {
  if (name !== null) return fileNameOf(name);
  const id = machine === null || /^(?:host|boot):/.test(machine) ? [] : [machine.slice(0, ID_DIGITS)];
  return fileNameOf([...(hostname === null ? [] : [hostname]), ...id].join('-'));
}

/** @throws UnreadableFile */
function makeFolder(path: string): void {
  try {
    makeAll(path, FOLDER_MODE);
  } catch (error) {
    throw new UnreadableFile(
      `cannot make ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
    );
  }
}

/** Draws the page about a recorded snapshot of the store at `cache`, as `report` does, judged as the scan judges. */
export const pageFrom =
  (cache: string, plugins: readonly AnyPlugin[], judge: Judge | undefined) =>
  async ({ snapshotId }: PendingReport): Promise<string> => {
    const { gatherReport } = await import('../../inquiry/gather.ts');
    const { judgeBeside } = await import('../../judging/judge.ts');
    const { examinedOf, pageOf } = await import('./report-page.ts');
    const { Recall } = await import('../../inquiry/recall.ts');
    const shown = usualQuestions(plugins);
    const asked = [...new Set([...shown, ...(judge?.questions ?? [])])];
    const recall = await Recall.open({ cache }, TERMINAL);
    try {
      const gathered = await gatherReport(
        { subject: { snapshot: snapshotId }, plugins: asked, since: undefined },
        { settings: { search: 'proof' }, recall, listener: TERMINAL, failed: () => undefined },
      );
      const before = gathered.before ?? 'there is no snapshot before it to compare with';
      const verdicts = judge === undefined ? [] : [judgeBeside(judge, examinedOf(gathered), before)];
      return pageOf(gathered, { shown, verdicts });
    } finally {
      recall.close();
    }
  };
