// Verdicts for GitHub Actions: annotations and a summary in Markdown.
// Workflow commands and Markdown are escaped.
import type { Severity } from '../../policy/verdict.ts';
import { factNotes } from '../answer.ts';
import { escapeText } from '../escape.ts';
import {
  attackPage,
  counted,
  type JudgedSnapshot,
  type Judgement,
  objections,
  severitiesText,
  tallyOf,
  type UnreadSnapshot,
  unreadRules,
  unreadText,
} from './judged.ts';

/** Annotations of one level that GitHub shows for a step: the last of more tells how many there are. */
const MOST_ANNOTATIONS = 10;
/** Findings of one snapshot in a summary, and letters of each: a step's summary may be no larger than 1 MiB. */
const MOST_ROWS = 200;
const LONGEST_MESSAGE = 300;
const LARGEST_SUMMARY = 900_000;

type Level = 'error' | 'warning' | 'notice';

const LEVELS: Readonly<Record<Severity, Level>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'notice',
  info: 'notice',
};

interface Annotation {
  readonly level: Level;
  readonly file: string;
  readonly title: string;
  readonly message: string;
}

/**
 * Findings as workflow commands of GitHub Actions, a line each: `::error file=…,title=…::…`. No more of a level than
 * GitHub shows; the last of them tells how many more there are. Empty where there is nothing to tell.
 */
export function githubAnnotations({ judged, unread }: Judgement): string {
  const all = [...unread.map(unreadAnnotation), ...judged.flatMap(annotationsOf)];
  return (['error', 'warning', 'notice'] as const)
    .flatMap((level) => {
      const these = all.filter((annotation) => annotation.level === level);
      if (these.length <= MOST_ANNOTATIONS) return these.map(command);
      const shown = these.slice(0, MOST_ANNOTATIONS - 1);
      return [
        ...shown.map(command),
        `::${level} title=vestige::${these.length - shown.length} more of this level`,
      ];
    })
    .map((line) => `${line}\n`)
    .join('');
}

const unreadAnnotation = (snapshot: UnreadSnapshot): Annotation => ({
  level: 'error',
  file: snapshot.path,
  title: 'the snapshot could not be read',
  message: unreadText(snapshot),
});

function annotationsOf({ facts, verdict }: JudgedSnapshot): Annotation[] {
  const file = facts.snapshot.path;
  return [
    ...objections(verdict).flatMap(({ rule, severity, findings }) =>
      findings.map(({ message }) => ({
        level: LEVELS[severity],
        file,
        title: `${rule.id}: ${rule.title}`,
        message,
      })),
    ),
    ...unreadRules(verdict).flatMap(({ rule, outcome, unread }) =>
      unread.map((sentence) => ({
        level: outcome === 'unevaluated' ? ('error' as const) : ('warning' as const),
        file,
        title: `${rule.id}: could not be evaluated`,
        message: sentence,
      })),
    ),
  ];
}

const command = ({ level, file, title, message }: Annotation): string =>
  `::${level} file=${property(file)},title=${property(title)}::${data(message)}`;

/**
 * Escaping as the runner undoes it (actions/runner, `ActionCommand.cs`). What ends a line is no more in an escaped
 * text, so nothing of the evidence stands where a command could begin.
 */
const data = (text: string): string =>
  escapeText(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** Verdicts in Markdown, for the summary of a job: what a workflow appends to the file `$GITHUB_STEP_SUMMARY`. */
export function githubSummary({ judged, unread }: Judgement): string {
  const parts: string[] = unread.length === 0 ? [] : [unreadSummary(unread)];
  let size = Buffer.byteLength(parts.join(''));
  for (const [index, snapshot] of judged.entries()) {
    const part = summaryOf(snapshot);
    size += Buffer.byteLength(part);
    if (size > LARGEST_SUMMARY) {
      parts.push(`\nThere is no room for ${counted(judged.length - index, 'more snapshot')}.\n`);
      break;
    }
    parts.push(part);
  }
  return parts.join('\n');
}

/** Snapshots that could not be read: before all others, for what was not looked at is no news otherwise. */
const unreadSummary = (unread: readonly UnreadSnapshot[]): string =>
  `${[
    `## ${counted(unread.length, 'snapshot')} could not be read`,
    '',
    ...most(
      unread.map((snapshot) => {
        const text = unreadText(snapshot);
        return `- ${inert(text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}…` : text)}`;
      }),
      '- ',
      '',
    ),
  ].join('\n')}\n`;

function summaryOf({ facts, verdict }: JudgedSnapshot): string {
  const { snapshot, kernel } = facts;
  const tally = tallyOf(verdict);
  const rows = objections(verdict).flatMap(({ rule, severity, findings }) =>
    findings.map(({ message }) => {
      const techniques = rule.attack.map((id) => `[${inert(id)}](${attackPage(id)})`).join(' ');
      const sentence = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message;
      return `| ${severity} | ${inert(rule.id)} | ${inert(sentence)} | ${techniques} |`;
    }),
  );
  const unread = unreadRules(verdict).flatMap(({ rule, unread: sentences }) =>
    sentences.map((sentence) => `- ${inert(rule.id)}: ${inert(sentence)}`),
  );
  const notes = [...factNotes(facts), ...verdict.notes].map((note) => `- ${inert(note)}`);
  const { suppressed, rules } = tally;
  const lines = [
    `## ${inert(kernel.hostname ?? 'no host name')}: ${
      tally.findings === 0
        ? 'nothing found'
        : `${counted(tally.findings, 'finding')} (${severitiesText(tally)})`
    }`,
    '',
    `${inert(snapshot.path)}, taken ${inert(kernel.time ?? snapshot.takenAt ?? 'at no known time')}, Linux ${inert(kernel.release)}; policy ${inert(verdict.policy)}`,
    ...(rows.length === 0
      ? []
      : [
          '',
          '| severity | rule | finding | ATT&amp;CK |',
          '| --- | --- | --- | --- |',
          ...most(rows, '| | | ', ' | |'),
        ]),
    ...(unread.length === 0 ? [] : ['', '### Could not be evaluated', '', ...most(unread, '- ', '')]),
    ...(notes.length === 0 ? [] : ['', '### Notes', '', ...most(notes, '- ', '')]),
    '',
    `${counted(rules.passed, 'rule')} passed, ${rules.skipped} skipped; suppressed: ${suppressed.baseline} by the baseline, ${suppressed.policy} by the policy.`,
  ];
  return `${lines.join('\n')}\n`;
}

function most(lines: readonly string[], before: string, after: string): string[] {
  if (lines.length <= MOST_ROWS) return [...lines];
  return [...lines.slice(0, MOST_ROWS), `${before}and ${lines.length - MOST_ROWS} more${after}`];
}

/** Text that Markdown, HTML and GitHub's own links and mentions leave alone: every mark is written as its number. */
const inert = (text: string): string =>
  escapeText(text).replace(/[!#$&(-+./:<=>@[-`{-~-]/g, (mark) => `&#${mark.charCodeAt(0)};`);
