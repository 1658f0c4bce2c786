import type { Severity } from '../../policy/verdict.ts';
import { factNotes } from '../answer.ts';
import { escapeText } from '../escape.ts';
import type { Style } from '../style.ts';
import { truncate, widthOf, wrap } from '../width.ts';
import {
  counted,
  GRAVEST_FIRST,
  type JudgedSnapshot,
  type Objection,
  objections,
  severitiesText,
  type Tally,
  tallyOf,
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
  if (found.length > 0)
    lines.push('', ...found.flatMap((objection) => objectionLines(objection, style, width)));
  const unread = verdict.rules.filter((rule) => rule.unread.length > 0);
  if (unread.length > 0) {
    lines.push('', `${style.title('Could not be evaluated')}  ${style.faint(`${unread.length}`)}`);
    for (const { rule, outcome, unread: sentences } of unread) {
      const partly = outcome === 'failed' ? ', in part' : '';
      lines.push(`  ${truncate(escapeText(`${rule.id}${partly}`), width - 2)}`);
      lines.push(...sentenceLines(sentences, 4, style, width));
    }
  }
  const notes = [...factNotes(judged.facts), ...verdict.notes];
  if (notes.length > 0) lines.push('', style.title('Notes'), ...sentenceLines(notes, 2, style, width));
  lines.push('', ...restLines(tally, width).map((line) => style.faint(line)));
  return `${lines.join('\n')}\n`;
}

function headLines(
  { facts: { snapshot, kernel }, verdict }: JudgedSnapshot,
  tally: Tally,
  style: Style,
  width: number,
): string[] {
  const name = truncate(escapeText(kernel.hostname ?? 'no host name'), Math.floor(width / 2));
  const outcome =
    tally.findings > 0
      ? style.danger(`${counted(tally.findings, 'finding')}: ${severitiesText(tally)}`)
      : tally.rules.unevaluated > 0
        ? style.warning('nothing found, but not everything could be read')
        : style.good('nothing found');
  const policy = truncate(escapeText(verdict.policy), Math.floor(width / 3));
  const where = `${kernel.time ?? snapshot.takenAt ?? 'at no known time'}  ${snapshot.path}  Linux ${kernel.release}`;
  const head = `${name}  ${policy}`;
  const plain = tally.findings > 0 ? `${counted(tally.findings, 'finding')}: ${severitiesText(tally)}` : '';
  const fits = widthOf(head) + 2 + widthOf(plain) <= width;
  return [
    `${style.title(name)}  ${policy}${fits ? `  ${outcome}` : ''}`,
    ...(fits ? [] : [outcome]),
    style.faint(truncate(escapeText(where), width)),
  ];
}

const PAINT: Readonly<Record<Severity, keyof Style>> = {
  critical: 'danger',
  high: 'danger',
  medium: 'warning',
  low: 'title',
  info: 'faint',
};

function objectionLines({ rule, severity, findings }: Objection, style: Style, width: number): string[] {
  const room = Math.max(1, width - INDENT);
  const name = escapeText([rule.id, ...rule.attack].join('  '));
  const title = escapeText(rule.title);
  const mark = style[PAINT[severity]](severity) + ' '.repeat(INDENT - severity.length);
  const gap = room - widthOf(title) - widthOf(name);
  const heads =
    gap >= 2
      ? [`${mark}${style.heading(title)}${' '.repeat(gap)}${style.faint(name)}`]
      : [
          ...wrap(title, room).map((line, index) => `${index === 0 ? mark : ' '.repeat(INDENT)}${line}`),
          ...wrap(name, room).map((line) => ' '.repeat(INDENT) + style.faint(line)),
        ];
  const shown = findings.slice(0, MOST_FINDINGS);
  return [
    ...heads,
    ...shown.flatMap(({ message }) =>
      atMost(wrap(escapeText(message), room), MOST_LINES, room).map((line) => ' '.repeat(INDENT) + line),
    ),
    ...(findings.length > shown.length
      ? [style.faint(`${' '.repeat(INDENT)}… and ${findings.length - shown.length} more`)]
      : []),
  ];
}

/** The first lines, the last of them ending in a sign that there are more. */
function atMost(lines: readonly string[], most: number, width: number): string[] {
  if (lines.length <= most) return [...lines];
  const kept = lines.slice(0, most);
  return [...kept.slice(0, -1), `${truncate(kept.at(-1)!, width - 2)} …`];
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
function restLines({ rules, suppressed }: Tally, width: number): string[] {
  const parts = [
    `${counted(rules.passed, 'rule')} passed`,
    ...(rules.skipped > 0 ? [`${rules.skipped} skipped, with nothing to compare with`] : []),
    ...(suppressed.baseline > 0 ? [`${counted(suppressed.baseline, 'finding')} in the baseline`] : []),
    ...(suppressed.policy > 0 ? [`${counted(suppressed.policy, 'finding')} suppressed by the policy`] : []),
  ];
  return wrap(parts.join('; '), width);
}
