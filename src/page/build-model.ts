// Makes the data of the HTML page from answers, differences and verdicts.
// It is pure: the same parts give the same page.
import type { Comparison } from '../diff/comparison.ts';
import type { Row } from '../plugin/cell.ts';
import { numberOf } from '../plugin/cell-text.ts';
import { type AnyPlugin, listOf, processColumn } from '../plugin/contract.ts';
import type { Verdict } from '../policy/verdict.ts';
import { type Facts, factNotes } from '../report/answer.ts';
import { factSections } from '../report/info.ts';
import { machineTexts } from '../report/triage.ts';
import { connectionLines } from '../triage/sockets.ts';
import { summarize } from '../triage/summarize.ts';
import type { SocketLine, TriageSummary } from '../triage/summary.ts';
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
  readonly unasked: readonly AnyPlugin[];
  readonly verdicts: readonly Verdict[];
  readonly changes: { readonly before: Facts; readonly comparison: Comparison } | null;
  readonly timeline: TimelineParts | null;
}

/** Makes the page's data of answers. Pure: the same parts give the same page. */
export function buildPageModel(parts: PageParts): PageModel {
  const { facts, answers, changes, timeline } = parts;
  const { kernel, snapshot } = facts;
  const plugins = answers.map(({ plugin }) => plugin);
  const questions = [...plugins, ...parts.unasked];
  const summary = summarize(
    answers.map(({ plugin: { name, version }, rows, notes }) => ({ plugin: name, version, rows, notes })),
    questions,
    factNotes(facts),
  );
  const reasons = new Map(summary.processes.listed.map((process) => [process.pid, process.reasons]));
  const name = kernel.hostname ?? kernel.machineId ?? 'a machine without a name';
  const isNew = newSockets(questions, changes?.comparison);
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
      ...summary.unread,
      ...parts.unasked.map((question) => `${question.name}: nobody has asked this of the snapshot`),
    ],
    verdicts: parts.verdicts.map((verdict) => pageVerdict(verdict, plugins)),
    counts: {
      processes: summary.processes.total - summary.processes.kernelThreads,
      kernelThreads: summary.processes.kernelThreads,
    },
    reach: summary.reach,
    lists: summary.lists,
    notable: notableIn(summary),
    newPids: newProcesses(questions, changes?.comparison),
    listening: summary.listening.map(isNew),
    established: summary.established.map(isNew),
    changes: changes === null ? null : pageChanges(changes.before, changes.comparison, plugins),
    tables: answers.map(({ plugin, rows, notes }) => pageTable({ ...plugin, rows, notes })),
    timeline: timeline === null ? null : pageTimeline(timeline, reasons),
  };
}

const notableIn = ({ processes, sections }: TriageSummary): PageModel['notable'] => ({
  processes: processes.listed
    .filter(({ reasons }) => reasons.length > 0)
    .map(({ pid, name, args, uid, reasons }) => ({
      pid,
      uid,
      reasons,
      command: cutText(args === null || args === '' ? name : args),
    })),
  sections: sections.map(({ kind, total, counted, entries }) => ({
    ...{ kind, total, counted },
    entries: entries.map(({ what, reasons }) => ({ what: cutText(what), reasons })),
  })),
});

const addedRows = (comparison: Comparison | undefined, plugin: string): readonly Row[] =>
  comparison?.tables.find((table) => table.plugin === plugin)?.added ?? [];

function newProcesses(questions: readonly AnyPlugin[], comparison: Comparison | undefined): number[] {
  const list = listOf(questions, 'processes');
  const column = list === undefined ? undefined : processColumn(list);
  if (list === undefined || column === undefined) return [];
  return addedRows(comparison, list.name).flatMap((row) => numberOf(row[column]) ?? []);
}

/** Tells which lines are of sockets that were not there before. */
function newSockets(
  questions: readonly AnyPlugin[],
  comparison: Comparison | undefined,
): (line: SocketLine) => PageSocket {
  const keyOf = (line: SocketLine): string => JSON.stringify(line);
  const added = new Set(
    questions.flatMap((plugin) => {
      const { listening, established } = connectionLines(plugin, addedRows(comparison, plugin.name));
      return [...listening, ...established].map(keyOf);
    }),
  );
  return (line) => ({ ...line, isNew: added.has(keyOf(line)) });
}
