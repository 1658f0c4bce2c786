import type { Comparison } from '../diff/comparison.ts';
import type { Row } from '../plugin/cell.ts';
import { numberOf } from '../plugin/cell-text.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { Verdict } from '../policy/verdict.ts';
import { type Facts, factNotes } from '../report/answer.ts';
import { factSections } from '../report/info.ts';
import { machineTexts } from '../report/triage.ts';
import { paintPicture } from '../triage/paint.ts';
import type { Picture, SocketLine } from '../triage/picture.ts';
import { pageChanges } from './changes.ts';
import { pageVerdict } from './findings.ts';
import type { PageModel, PageSocket } from './model.ts';
import { cutText, pageTable } from './tables.ts';
import { pageTimeline, type TimelineParts } from './timeline.ts';

/** One question's whole answer. */
export interface PageAnswer {
  readonly plugin: AnyPlugin;
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

/** All that a page is made of. */
export interface PageParts {
  /** The version of the program. */
  readonly vestige: string;
  /** What stands above the page instead of the machine's name. */
  readonly title?: string;
  readonly facts: Facts;
  /** In the order in which the page shows them. */
  readonly answers: readonly PageAnswer[];
  /** Questions that nobody asked of this snapshot. */
  readonly unasked: readonly string[];
  readonly verdicts: readonly Verdict[];
  readonly changes: { readonly before: Facts; readonly comparison: Comparison } | null;
  readonly timeline: TimelineParts | null;
}

/** Makes the page's data of answers. Pure: the same parts give the same page. */
export function paintPage(parts: PageParts): PageModel {
  const { facts, answers, changes, timeline } = parts;
  const { kernel, snapshot } = facts;
  const picture = paintPicture(
    answers.map(({ plugin: { name, version }, rows, notes }) => ({ plugin: name, version, rows, notes })),
    factNotes(facts),
  );
  const plugins = answers.map(({ plugin }) => plugin);
  const reasons = new Map(picture.processes.listed.map((process) => [process.pid, process.reasons]));
  const name = kernel.hostname ?? kernel.machineId ?? 'a machine without a name';
  const isNew = newSockets(changes?.comparison);
  return {
    vestige: parts.vestige,
    title: parts.title ?? name,
    machine: {
      ...machineTexts(facts),
      name,
      time: (kernel.time ?? snapshot.takenAt)?.replace(/^(.{10})T(.{8}).*$/, '$1 $2 UTC') ?? 'time not known',
      confidence: kernel.confidence,
      path: snapshot.path,
      sections: factSections(facts),
      steps: kernel.steps,
    },
    unread: [
      ...picture.unread,
      ...parts.unasked.map((question) => `${question}: nobody has asked this of the snapshot`),
    ],
    verdicts: parts.verdicts.map((verdict) => pageVerdict(verdict, plugins)),
    counts: {
      processes: picture.processes.total - picture.processes.kernelThreads,
      kernelThreads: picture.processes.kernelThreads,
      modules: picture.modules.total,
      keys: picture.keys.reduce((sum, { count }) => sum + count, 0),
    },
    reach: picture.reach,
    notable: notableIn(picture),
    newPids: newProcesses(changes?.comparison),
    listening: picture.listening.map(isNew),
    established: picture.established.map(isNew),
    changes: changes === null ? null : pageChanges(changes.before, changes.comparison, plugins),
    tables: answers.map(({ plugin, rows, notes }) => pageTable({ ...plugin, rows, notes })),
    timeline: timeline === null ? null : pageTimeline(timeline, reasons),
  };
}

const notableIn = ({ processes, modules, keys }: Picture): PageModel['notable'] => ({
  processes: processes.listed
    .filter(({ reasons }) => reasons.length > 0)
    .map(({ pid, name, args, uid, reasons }) => ({
      pid,
      uid,
      reasons,
      command: cutText(args === null || args === '' ? name : args),
    })),
  modules: modules.notable,
  keys: keys.map(({ bits, count, owner }) => `${count} of ${bits} bits in ${owner}`),
});

const addedRows = (comparison: Comparison | undefined, plugin: string): readonly Row[] =>
  comparison?.tables.find((table) => table.plugin === plugin)?.added ?? [];

const newProcesses = (comparison: Comparison | undefined): number[] =>
  addedRows(comparison, 'pslist').flatMap(({ pid }) => numberOf(pid) ?? []);

/** Tells which lines are of sockets that were not there before. */
function newSockets(comparison: Comparison | undefined): (line: SocketLine) => PageSocket {
  const rows = addedRows(comparison, 'sockets');
  const { listening, established } = paintPicture([{ plugin: 'sockets', version: 0, rows, notes: [] }]);
  const keyOf = (line: SocketLine): string => JSON.stringify(line);
  const added = new Set([...listening, ...established].map(keyOf));
  return (line) => ({ ...line, isNew: added.has(keyOf(line)) });
}
