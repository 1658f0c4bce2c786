// The output of `vestige triage`: one screen about a machine.
// `src/triage` decides what is on it.
import { durationText } from '../base/duration.ts';
import { kernelSentences } from '../plugin/machine-state.ts';
import type { Reach, Section, SocketLine, TriageSummary } from '../triage/summary.ts';
import type { Facts } from './answer.ts';
import { escapeText } from './escape.ts';
import { bytesText } from './info.ts';
import type { Style } from './style.ts';
import { padEnd, truncate, widthOf, wrap } from './width.ts';

/** Lines of each kind that one screen has room for; what is left out is counted. */
const MOST = { processes: 14, sockets: 8, unread: 6 } as const;

/** The lines of each thing that is shown: one of them, cut, or as many as it takes. */
type Entry = readonly string[];

/**
 * A one-screen summary of a machine: no line wider than `width`, ends in a newline.
 *
 * @param isWhole shows everything there is, and no text cut short
 */
export function triageText(
  facts: Facts,
  summary: TriageSummary,
  style: Style,
  width: number,
  isWhole = false,
): string {
  const lines: string[] = [...machineLines(facts, style, width)];
  const section = (
    title: string,
    count: string,
    entries: readonly Entry[],
    limit: number,
    head?: string,
  ): void => {
    const shown = isWhole ? entries : entries.slice(0, limit);
    const more = entries.length - shown.length;
    const [first = '', ...others] = wrap(count, Math.max(1, width - widthOf(title) - 2));
    lines.push('', `${style.title(title)}  ${style.faint(first)}`);
    lines.push(...others.map((text) => ' '.repeat(widthOf(title) + 2) + style.faint(text)));
    if (head !== undefined && shown.length > 0) lines.push(`  ${style.faint(head)}`);
    lines.push(...shown.flat().map((row) => `  ${row}`));
    if (more > 0) lines.push(style.faint(`  … and ${more} more (--all shows them)`));
  };
  const line = (text: string): Entry =>
    isWhole ? wrap(escapeText(text), width - 2) : [truncate(escapeText(text), width - 2)];
  const { processes, listening, established, lists, sections, unread } = summary;
  const known = (question: string | null, count: number): string =>
    countText(count, summary.reach[question ?? '']);
  const notable = processes.listed.filter(({ reasons }) => reasons.length > 0).length;
  const list = processList(summary, style, width - 2, isWhole);
  section(
    'Processes',
    `${known(lists.processes, processes.total - processes.kernelThreads)} in user space, ${known(lists.processes, processes.kernelThreads)} kernel threads; ${notable} notable`,
    list.entries,
    MOST.processes,
    list.head,
  );
  for (const [title, sockets] of [
    ['Listening', listening],
    ['Established', established],
  ] as const)
    section(
      title,
      known(lists.connections, sockets.length),
      socketEntries(sockets, style, width - 2, isWhole),
      MOST.sockets,
    );
  for (const part of sections)
    section(
      escapeText(part.title),
      partCount(part, known(part.question, part.total)),
      part.entries.map(({ what, reasons }) =>
        line(reasons.length === 0 ? what : `${what}: ${reasons.join(', ')}`),
      ),
      part.most,
    );
  section(
    'Could not be read',
    unread.length === 0 ? 'nothing' : '',
    unread.map((text) => line(text).map((row) => style.warning(row))),
    MOST.unread,
  );
  return `${lines.join('\n')}\n`;
}

/** `36; 1 notable`, `2 in use; 3 more are states of random generators`. */
function partCount({ counted, passedOver, entries }: Section, total: string): string {
  const notable = entries.filter(({ reasons }) => reasons.length > 0).length;
  const head = counted === null ? total : `${total} ${escapeText(counted)}`;
  if (passedOver !== null) return `${head}; ${escapeText(passedOver)}`;
  return counted === null ? `${head}; ${notable} notable` : head;
}

/** A count, and how sure it is: nothing found where not all was looked at is no 0. */
function countText(count: number, reach: Reach | undefined): string {
  if (reach === 'whole') return String(count);
  return count === 0 ? 'not known' : `at least ${count}`;
}

/** What a machine is, when it was looked at and how its kernel was found: words that may quote the evidence. */
export function machineTexts({ snapshot, kernel }: Facts): {
  readonly system: string;
  readonly moment: string;
  readonly binding: string;
} {
  const cpus = kernel.cpus === null ? '' : `, ${kernel.cpus} CPU${kernel.cpus === 1 ? '' : 's'}`;
  const time = kernel.time ?? snapshot.takenAt;
  const up = kernel.uptimeSeconds === null ? '' : `, up ${durationText(kernel.uptimeSeconds)}`;
  const { missingBytes } = snapshot;
  const missing = missingBytes !== null && missingBytes > 0 ? `, ${bytesText(missingBytes)} missing` : '';
  return {
    system: `Linux ${kernel.release}, ${kernel.architecture}, ${kernel.paging}${cpus}, ${bytesText(snapshot.memoryBytes)}${missing}`,
    moment: `${time === null ? 'time not known' : `at ${time}`}${up}`,
    binding: `${snapshot.format}, kernel found by ${kernel.boundBy}`,
  };
}

function machineLines(facts: Facts, style: Style, width: number): string[] {
  const { kernel } = facts;
  const { system, moment, binding } = machineTexts(facts);
  const sure = { verified: style.good, likely: style.warning, uncertain: style.danger }[kernel.confidence];
  const cut = (text: string): string => truncate(escapeText(text), width);
  return [
    `${style.title(cut(kernel.hostname ?? 'no host name'))}`,
    ...kernelSentences(kernel)
      .flatMap((sentence) => wrap(escapeText(sentence), width))
      .map((line) => style.danger(line)),
    cut(system),
    cut(moment),
    `${cut(binding)}: ${sure(kernel.confidence)}`,
  ];
}

/** Room that a command line keeps beside the reasons; with less, the reasons get a line of their own. */
const LEAST_COMMAND = 24;

/** Each process: number, user, what it runs, and why it is worth a look. */
function processList(
  { processes: { listed } }: TriageSummary,
  style: Style,
  width: number,
  isWhole: boolean,
): { readonly head: string; readonly entries: readonly Entry[] } {
  const measured = isWhole ? listed : listed.slice(0, MOST.processes);
  const pidWidth = Math.max(3, ...measured.map(({ pid }) => String(pid).length));
  const uidWidth = Math.max(3, ...measured.map(({ uid }) => String(uid ?? '').length));
  const indent = ' '.repeat(pidWidth + uidWidth + 3);
  const room = Math.max(1, width - indent.length);
  const entries = listed.map(({ pid, uid, name, args, reasons }): Entry => {
    const head = `${String(pid).padStart(pidWidth)} ${String(uid ?? '–').padStart(uidWidth)}  `;
    const command = escapeText(args === null || args === '' ? name : args);
    const why = escapeText(reasons.join('; '));
    const beside = why === '' ? room : room - widthOf(why) - 2;
    const isBeside = beside >= (isWhole ? widthOf(command) : Math.min(widthOf(command), LEAST_COMMAND));
    if (why !== '' && isBeside) return [`${head}${truncate(command, beside)}  ${style.danger(why)}`];
    const [first = '', ...more] = isWhole ? wrap(command, room) : [truncate(command, room)];
    return [
      head + first,
      ...more.map((text) => indent + text),
      ...(why === '' ? [] : wrap(why, room).map((text) => indent + style.danger(text))),
    ];
  });
  return { head: `${'pid'.padStart(pidWidth)} ${'uid'.padStart(uidWidth)}  command`, entries };
}

/** Room that who holds a socket keeps beside its ends; with less, they get a line of their own. */
const LEAST_HOLDERS = 12;

/** Each socket: its ends, which are never cut, and who holds it. */
function socketEntries(
  sockets: readonly SocketLine[],
  style: Style,
  width: number,
  isWhole: boolean,
): readonly Entry[] {
  const ends = sockets.map(({ protocol, local, remote }) =>
    escapeText(`${padEnd(protocol, 4)} ${local}${remote === null ? '' : ` → ${remote}`}`),
  );
  const most = width - 2 - LEAST_HOLDERS;
  const fit = Math.max(0, ...ends.map(widthOf).filter((one) => one <= most));
  return sockets.map(({ holders }, index) => {
    const end = ends[index]!;
    const paint = holders === null ? style.warning : (text: string) => text;
    const held = holders === null ? 'no process' : escapeText(holders);
    const beside = width - fit - 2;
    if (widthOf(end) <= fit && (!isWhole || widthOf(held) <= beside))
      return [`${padEnd(end, fit)}  ${paint(truncate(held, beside))}`];
    const below = Math.max(1, width - 5);
    const holderLines = isWhole ? wrap(held, below) : [truncate(held, below)];
    return [...wrap(end, width), ...holderLines.map((text) => ' '.repeat(5) + paint(text))];
  });
}
