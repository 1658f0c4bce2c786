// What `scan` and `watch` print about each snapshot: a line for people, or JSON lines for programs.
// Messages to other programs are made here too.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { version } from '../../files/version.ts';
import { diffJson } from '../../report/diff.ts';
import { escapeText } from '../../report/escape.ts';
import { JSON_SCHEMA, jsonText } from '../../report/json.ts';
import type { Message } from '../../watch/channel.ts';
import type { Recorded, ScanEvent } from '../../watch/event.ts';
import { countsText } from '../../watch/wording.ts';
import { freshSentences, judgementJson, judgementTexts } from './judgement-lines.ts';

/** A message that is longer tells no rows, and then fewer findings: receivers of webhooks refuse what is too long. */
const MOST_BYTES = 256 * 1024;
/** A line of the system's log. */
const MOST_LOG_CHARACTERS = 2_000;

/** What a scan says: data to stdout, complaints to stderr. */
export interface Line {
  readonly text: string;
  readonly isComplaint: boolean;
  /** Said to those only who want every detail. */
  readonly isDetail: boolean;
}

/** One line on what happened to a snapshot, safe to print. */
export function lineOf(event: ScanEvent): Line {
  const line = (text: string, kind: Partial<Line> = {}): Line => ({
    text: escapeText(text),
    isComplaint: false,
    isDetail: false,
    ...kind,
  });
  switch (event.kind) {
    case 'recorded':
      return line(recordedText(event.recorded));
    case 'again':
      return line(
        event.path === event.of
          ? `${event.path}: the same snapshot, its file touched`
          : `${event.path}: the same snapshot again, it is ${event.of}`,
      );
    case 'seen':
    case 'other':
      return line(`${event.path}: ${event.why}`, { isDetail: true });
    case 'unsettled':
      return line(`${event.path}: ${event.why}`, { isComplaint: event.isCut, isDetail: !event.isCut });
    case 'failed':
      return line(`${naming(event.path, event.why)}${event.isFinal ? '; it is not tried again' : ''}`, {
        isComplaint: true,
      });
    case 'forgotten':
      return line(`${event.machine} ${second(event.taken)} ${basename(event.path)}: forgotten`, {
        isDetail: true,
      });
    case 'deleted':
      return line(`${event.path}: deleted`);
    case 'reported':
      return line(`${event.path}: its report is ${event.report}`, { isDetail: true });
    case 'unreported':
      return line(
        `${event.path} is recorded, but its report is not written, ${event.isFinal ? 'and will not be' : 'the next scan tries again'}: ${event.why}`,
        { isComplaint: true },
      );
    case 'undelivered': {
      const what = `${event.count} message${event.count === 1 ? '' : 's'} by ${event.channel}`;
      return line(
        event.isFinal
          ? `${what} given up after seven days: ${event.why}`
          : `${what} not delivered, the next scan tries again: ${event.why}`,
        { isComplaint: true },
      );
    }
  }
}

/**
 * `web-1 2026-11-23T11:40:44Z after.kdump: 1 high finding new (shell-on-socket); 11 processes and 2 listeners new`, as it
 * is: escape it.
 */
function recordedText({ machine, taken, path, comparison, counts, remarks, judgement }: Recorded): string {
  const what = comparison === null ? firstText(machine) : countsText(counts);
  const parts = [...(judgement === null ? [] : judgementTexts(judgement)), ...remarks, what];
  return `${machine ?? 'unknown machine'} ${second(taken)} ${basename(path)}: ${parts.join('; ')}`;
}

const firstText = (machine: string | null): string =>
  machine === null
    ? 'nothing tells which machine this is, so it is compared with none'
    : 'the first snapshot of this machine';

const second = (time: string): string => time.replace(/\.\d+Z$/, 'Z');

const naming = (path: string, why: string): string => (why.includes(path) ? why : `${path}: ${why}`);

/** The same as one JSON object on a line. */
export const jsonLineOf = (event: ScanEvent): string =>
  event.kind === 'recorded'
    ? jsonText({ event: event.kind, ...recordedJson(event.recorded) })
    : jsonText({ event: event.kind, ...event, kind: undefined });

function recordedJson(
  recorded: Recorded,
  most = Number.POSITIVE_INFINITY,
): Readonly<Record<string, unknown>> {
  const { path, facts, taken, written, previous, comparison, counts } = recorded;
  const { judgement, anomalies, remarks, isNews } = recorded;
  return {
    snapshot: path,
    hostname: facts.kernel.hostname,
    machineId: facts.kernel.machineId,
    bootId: facts.kernel.bootId,
    takenAt: taken,
    writtenAt: written,
    previous: previous?.path ?? null,
    isNews,
    summary: comparison === null ? null : countsText(counts),
    counts: counts.map(({ plural: _, ...count }) => count),
    story: comparison?.story.events ?? [],
    relation: comparison?.relation ?? null,
    anomalies,
    remarks,
    verdict: judgement === null ? null : judgementJson(judgement, most),
  };
}

/** What is told of news through a channel: a line for the system's log, a JSON document for programs. */
export function messageOf(recorded: Recorded, channel: string): Message {
  const id = idOf(recorded, channel);
  if (channel === 'syslog') {
    const { judgement } = recorded;
    const texts = [recordedText(recorded), ...(judgement === null ? [] : freshSentences(judgement))];
    const text = texts.map(escapeText).join('; ').slice(0, MOST_LOG_CHARACTERS);
    return { id, body: `${text} [id ${id}]` };
  }
  return { id, body: bodyOf(recorded, id) };
}

/** New findings of a message that is too long with all of them. */
const FEWER_FINDINGS = [1_000, 100, 10, 0];

/** The document, without rows where it would be too long, and then with fewer findings. */
function bodyOf(recorded: Recorded, id: string): string {
  const head = (most?: number) => ({
    ...{ vestige: version(), schema: JSON_SCHEMA, id, event: 'recorded' },
    ...recordedJson(recorded, most),
  });
  const { comparison, previous, facts, plugins } = recorded;
  const hasRows = comparison !== null && previous !== null;
  const compared = hasRows ? diffJson({ before: previous.facts, after: facts }, comparison, plugins) : {};
  const { results } = compared;
  let body = jsonText({ ...head(), results });
  for (const most of [undefined, ...FEWER_FINDINGS]) {
    if (Buffer.byteLength(body) <= MOST_BYTES) break;
    body = jsonText({ ...head(most), results: hasRows ? null : undefined });
  }
  return body;
}

/**
 * Names the news and not the sending: should a disk forget, as a power failure makes it, that a snapshot was recorded, what
 * is told of it anew has the name that it had.
 */
function idOf({ path, written, facts: { kernel, snapshot }, taken }: Recorded, channel: string): string {
  const { machineId, hostname, bootId } = kernel;
  // A guest whose clock stands still must not name its news like older ones: what the host knows is in the name.
  const host = [channel, path, written, snapshot.format, snapshot.sizeBytes];
  const news = [...host, machineId, hostname, bootId, taken];
  return createHash('sha256').update(JSON.stringify(news)).digest('hex').slice(0, 32);
}
