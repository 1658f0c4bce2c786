// The section of the page with the findings of a policy.
// A page without a policy has none.
import type { PageFinding, PageRule, PageVerdict } from '../model.ts';
import { fieldList } from './detail.ts';
import { type Child, linkOut, make, put } from './dom.ts';
import { openFindings } from './overview.ts';
import { whenPrinted } from './printing.ts';
import { folded, type Page, plural, type Section, sectionOf, sentences } from './section.ts';

/** Findings of one rule that are shown before somebody asks for more. */
const MOST_FINDINGS = 25;

/** What policies say. Without one the page has no such section. */
export function findings({ model: { verdicts } }: Page): Section | null {
  if (verdicts.length === 0) return null;
  const rules = verdicts.flatMap((verdict) => verdict.rules);
  const count = rules.reduce((sum, rule) => sum + openFindings(rule), 0);
  const unevaluated = rules.filter(({ outcome }) => outcome === 'unevaluated').length;
  const text = `${plural(count, 'finding')}${countsText(rules)}`;
  return {
    id: 'findings',
    title: 'Findings',
    count: unevaluated === 0 ? String(count) : `${count} +${unevaluated}?`,
    tone: count > 0 ? 'danger' : unevaluated > 0 ? 'warning' : 'good',
    element: sectionOf('findings', 'Findings', text, ...verdicts.flatMap(verdictPart)),
  };
}

/** Severities that stand open when the page is opened. */
const OPEN_SEVERITIES: readonly string[] = ['critical', 'high'];

interface SeverityGroup {
  readonly severity: string;
  readonly rules: readonly PageRule[];
  /** Findings that count. */
  readonly open: number;
}

/** Rules by their severity, in the order in which they stand: the gravest first. */
function bySeverity(rules: readonly PageRule[]): SeverityGroup[] {
  const groups = new Map<string, PageRule[]>();
  for (const rule of rules) groups.set(rule.severity, [...(groups.get(rule.severity) ?? []), rule]);
  return [...groups].map(([severity, own]) => ({
    severity,
    rules: own,
    open: own.reduce((sum, rule) => sum + openFindings(rule), 0),
  }));
}

/** `: 4 critical, 7 high`. */
function countsText(rules: readonly PageRule[]): string {
  const parts = bySeverity(rules)
    .filter(({ open }) => open > 0)
    .map(({ severity, open }) => `${open.toLocaleString('en')} ${severity}`);
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}

/** The rules of one severity, which fold away. */
function severityPart({ severity, rules, open }: SeverityGroup): HTMLElement {
  return make(
    'details',
    { class: `severities severity-${severity}`, open: OPEN_SEVERITIES.includes(severity) },
    make(
      'summary',
      {},
      make('span', { class: 'severity' }, severity),
      make('small', {}, `${plural(open, 'finding')} by ${plural(rules.length, 'rule')}`),
    ),
    ...rules.map(ruleCard),
  );
}

function verdictPart({ policy, rules, notes }: PageVerdict): Child[] {
  const of = (outcome: PageRule['outcome']): readonly PageRule[] =>
    rules.filter((rule) => rule.outcome === outcome);
  const [failed, unevaluated, skipped, passed] = [
    of('failed'),
    of('unevaluated'),
    of('skipped'),
    of('passed'),
  ];
  const suppressed = rules.filter(
    (rule) => rule.outcome !== 'failed' && rule.findings.some((finding) => finding.suppressed !== null),
  );
  const list = (title: string, some: readonly PageRule[], about: (rule: PageRule) => string): Child =>
    some.length === 0
      ? null
      : folded(title, make('ul', { class: 'sentences' }, ...some.map((rule) => line(rule, about))));
  return [
    make('p', { class: 'faint' }, `Policy ${policy}: ${plural(rules.length, 'rule')}.`),
    sentences(notes, 'panel warning sentences'),
    failed.length === 0
      ? make(
          'p',
          { class: unevaluated.length === 0 ? 'panel good' : 'panel' },
          'No rule found anything that counts.',
        )
      : make('div', { class: 'rules' }, ...bySeverity(failed).map(severityPart)),
    unevaluated.length === 0
      ? null
      : make(
          'div',
          { class: 'panel warning' },
          make('h3', {}, `${plural(unevaluated.length, 'rule')} could not be evaluated`),
          make(
            'ul',
            { class: 'sentences' },
            ...unevaluated.map((rule) => line(rule, ({ unread }) => unread.join('; '))),
          ),
        ),
    suppressed.length === 0
      ? null
      : folded(
          `${plural(suppressed.length, 'rule')} with suppressed findings only`,
          ...suppressed.map(ruleCard),
        ),
    list(`${plural(skipped.length, 'rule')} skipped: there was nothing to compare with`, skipped, () => ''),
    list(`${plural(passed.length, 'rule')} passed`, passed, () => ''),
  ];
}

const line = (rule: PageRule, about: (rule: PageRule) => string): HTMLElement => {
  const more = about(rule);
  return make('li', {}, make('code', {}, rule.id), ` ${rule.title}${more === '' ? '' : `: ${more}`}`);
};

function ruleCard(rule: PageRule): HTMLElement {
  const counting = rule.findings.filter(({ suppressed }) => suppressed === null);
  const suppressed = rule.findings.filter((finding) => finding.suppressed !== null);
  const unheld = rule.findingCount - rule.findings.length;
  return make(
    'article',
    { class: `rule severity-${rule.severity}`, aria: { label: rule.title } },
    make(
      'header',
      {},
      make('span', { class: 'severity' }, rule.severity),
      make('h3', {}, rule.title),
      make('code', { class: 'faint', title: rule.source }, rule.id),
      ...rule.attack.map(({ id, href }) => linkOut(id, href)),
    ),
    findingList(counting),
    unheld === 0
      ? null
      : make('p', { class: 'faint' }, `${plural(unheld, 'finding')} more than the page holds`),
    rule.unread.length === 0
      ? null
      : make('div', { class: 'panel warning' }, 'Not evaluated in whole: ', sentences(rule.unread)),
    suppressed.length === 0
      ? null
      : folded(plural(suppressed.length, 'suppressed finding'), findingList(suppressed)),
    rule.description === null ? null : make('p', { class: 'description' }, rule.description),
    rule.references.length === 0
      ? null
      : make('p', { class: 'references' }, ...rule.references.flatMap((href) => [linkOut(href, href), ' '])),
  );
}

function findingList(list: readonly PageFinding[]): HTMLElement {
  const element = make('ul', { class: 'findings' }, ...list.slice(0, MOST_FINDINGS).map(findingItem));
  const rest = list.slice(MOST_FINDINGS);
  if (rest.length === 0) return element;
  const more = make(
    'button',
    { type: 'button', on: { click: () => showAll() } },
    `Show ${plural(rest.length, 'more finding')}`,
  );
  const showAll = (): void => {
    if (!more.isConnected) return;
    more.remove();
    put(element, ...rest.map(findingItem));
  };
  whenPrinted(showAll, () => undefined);
  return make('div', {}, element, more);
}

function findingItem({ message, row, before, suppressed }: PageFinding): HTMLElement {
  const about: Child[] = [
    suppressed === null ? null : make('p', { class: 'faint' }, `Suppressed ${suppressed}`),
    before === null ? null : make('h4', {}, 'Before'),
    before === null ? null : fieldList(before),
    before === null || row === null ? null : make('h4', {}, 'After'),
    row === null ? null : fieldList(row),
  ];
  return about.every((part) => part === null)
    ? make('li', { class: 'bare' }, message)
    : make('li', {}, make('details', {}, make('summary', {}, message), ...about));
}
