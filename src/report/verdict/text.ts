// Verdicts as text for people.
// The gravest findings come first.
import type { Severity, Verdict } from '../../policy/verdict.ts';
import { factNotes } from '../answer.ts';
import { escapeText } from '../escape.ts';
import { snapshotLine } from '../snapshot-line.ts';
import type { Style } from '../style.ts';
import { atMost, padEnd, truncate, truncatePath, widthOf, wrap } from '../width.ts';
import {
  counted,
  GRAVEST_FIRST,
  type JudgedSnapshot,
  type Objection,
  objections,
  severitiesText,
  type Tally,
  tallyOf,
  type UnreadSnapshot,
  unreadRules,
  unreadText,
} from './judged.ts';

/** Findings of one rule that are listed; what is left out is counted, and JSON has all. */
const MOST_FINDINGS = 12;
/** Lines that one finding may take: arguments of a process can be as long as a page. */
const MOST_LINES = 3;
/** Sentences of a rule that could not be evaluated, and of the notes. */
const MOST_SENTENCES = 6;
/** Columns of the longest severity, and of the gap behind it. */
const INDENT = Math.max(...GRAVEST_FIRST.map((severity) => severity.length)) + 2;

/**
 * A verdict as a person reads it: the machine and the policy, the findings with the gravest first, what could not be
 * evaluated, and what did not count. No line is wider than `width`; ends in a newline.
 */
export function verdictText(judged: JudgedSnapshot, style: Style, width: number): string {
  const { verdict } = judged;
  const tally = tallyOf(verdict);
  const lines = headLines(judged, tally, style, width);
  const found = objections(verdict);
  if (found.length > 0) lines.push('', ...objectionLines(found, style, width));
  const unread = unreadRules(verdict);
  if (unread.length > 0) {
    lines.push('', `${style.title('Could not be evaluated')}  ${style.faint(`${unread.length}`)}`);
    for (const { rule, outcome, unread: sentences } of unread) {
      const partly = outcome === 'failed' ? ', in part' : '';
      lines.push(...wrap(escapeText(`${rule.id}${partly}`), width - 2).map((line) => `  ${line}`));
      lines.push(...sentenceLines(sentences, 4, style, width));
    }
  }
  const notes = [...factNotes(judged.facts), ...verdict.notes];
  if (notes.length > 0) lines.push('', style.title('Notes'), ...sentenceLines(notes, 2, style, width));
  lines.push('', ...restLines(verdict, tally, width).map((line) => style.faint(line)));
  return `${lines.join('\n')}\n`;
}

/** A snapshot that could not be read, as a person reads it: ends in a newline. */
export function unreadSnapshotText(snapshot: UnreadSnapshot, style: Style, width: number): string {
  const path = truncatePath(escapeText(snapshot.path), width);
  const reason = wrap(escapeText(unreadText(snapshot)), width - 2).map((line) => `  ${line}`);
  return [style.title(path), style.danger('could not be read'), ...reason]
    .map((line) => `${line}\n`)
    .join('');
}

function headLines({ facts, verdict }: JudgedSnapshot, tally: Tally, style: Style, width: number): string[] {
  const name = truncate(escapeText(facts.kernel.hostname ?? 'no host name'), Math.floor(width / 2));
  const policy = truncate(escapeText(verdict.policy), Math.floor(width / 3));
  const [outcome, paint] = outcomeOf(tally, style);
  const beside = widthOf(`${name}  ${policy}  ${outcome}`) <= width;
  return [
    `${style.title(name)}  ${policy}${beside ? `  ${paint(outcome)}` : ''}`,
    ...(beside ? [] : wrap(outcome, width).map((line) => paint(line))),
    style.faint(snapshotLine(facts, width)),
  ];
}

/** What came of it all, and how that is painted. */
function outcomeOf(tally: Tally, style: Style): [text: string, paint: (text: string) => string] {
  if (tally.findings > 0)
    return [`${counted(tally.findings, 'finding')}: ${severitiesText(tally)}`, style.danger];
  if (tally.rules.unevaluated === 0) return ['nothing found', style.good];
  return [
    `nothing found, but ${counted(tally.rules.unevaluated, 'rule')} could not be evaluated`,
    style.warning,
  ];
}

const PAINT: Readonly<Record<Severity, (style: Style) => (text: string) => string>> = {
  critical: ({ danger }) => danger,
  high: ({ danger }) => danger,
  medium: ({ warning }) => warning,
  low: () => (text) => text,
  info: ({ faint }) => faint,
};

/** Every rule with its findings below. Titles, IDs and techniques stand in columns where all find room side by side. */
function objectionLines(found: readonly Objection[], style: Style, width: number): string[] {
  const room = Math.max(1, width - INDENT);
  const heads = found.map(({ rule }) => ({
    title: escapeText(rule.title),
    id: escapeText(rule.id),
    attack: rule.attack.join(' '),
  }));
  const widest = (column: keyof (typeof heads)[number]): number =>
    Math.max(0, ...heads.map((head) => widthOf(head[column])));
  const titleWidth = widest('title');
  const idWidth = widest('id');
  const beside = titleWidth + 2 + idWidth + 2 + widest('attack') <= room;
  return found.flatMap(({ severity, findings }, index) => {
    const { title, id, attack } = heads[index]!;
    const name = `${beside ? padEnd(id, idWidth) : id}  ${attack}`.trimEnd();
    const titles = beside ? [padEnd(title, titleWidth)] : wrap(title, room);
    const shown = findings.slice(0, MOST_FINDINGS);
    const mark = PAINT[severity](style)(severity) + ' '.repeat(INDENT - severity.length);
    const below = [
      ...(beside ? [] : wrap(name, room).map((line) => style.faint(line))),
      ...shown.flatMap(({ message }) => atMost(wrap(escapeText(message), room), MOST_LINES, room)),
      ...(findings.length > shown.length
        ? [style.faint(`… and ${findings.length - shown.length} more`)]
        : []),
    ];
    return [
      `${mark}${style.title(titles[0]!)}${beside ? `  ${style.faint(name)}` : ''}`,
      ...[...titles.slice(1).map((line) => style.title(line)), ...below].map(
        (line) => ' '.repeat(INDENT) + line,
      ),
    ];
  });
}

function sentenceLines(sentences: readonly string[], indent: number, style: Style, width: number): string[] {
  const shown = sentences.slice(0, MOST_SENTENCES);
  const room = Math.max(1, width - indent);
  const more = sentences.length - shown.length;
  return [
    ...shown.flatMap((sentence) =>
      wrap(escapeText(sentence), room).map((line) => ' '.repeat(indent) + style.warning(line)),
    ),
    ...(more > 0 ? [style.faint(`${' '.repeat(indent)}… and ${more} more`)] : []),
  ];
}

/** What needs no look, in one line where it fits. */
function restLines(verdict: Verdict, { rules, suppressed }: Tally, width: number): string[] {
  const parts = [
    `${counted(rules.passed, 'rule')} passed`,
    ...skipsOf(verdict).map(([why, count]) => (why === '' ? `${count} skipped` : `${count} skipped: ${why}`)),
    ...(suppressed.baseline > 0 ? [`${counted(suppressed.baseline, 'finding')} in the baseline`] : []),
    ...(suppressed.policy > 0 ? [`${counted(suppressed.policy, 'finding')} suppressed by the policy`] : []),
  ];
  return wrap(escapeText(parts.join('; ')), width);
}

/** Why rules were skipped, where their verdicts tell, and how many for each reason. */
function skipsOf({ rules }: Verdict): [why: string, count: number][] {
  const reasons = new Map<string, number>();
  for (const { outcome, unread } of rules) {
    if (outcome !== 'skipped') continue;
    const why = unread[0] ?? '';
    reasons.set(why, (reasons.get(why) ?? 0) + 1);
  }
  return [...reasons];
}
