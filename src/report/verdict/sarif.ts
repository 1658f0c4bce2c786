// Verdicts as SARIF 2.1.0.
// One run: a result for each finding, a notification for each rule that could not be evaluated.
import type {
  Artifact,
  Location,
  Log,
  LogicalLocation,
  Notification,
  ReportingDescriptor,
  Result,
  Run,
  ToolComponent,
} from 'sarif';
import { type AnyPlugin, processColumn } from '../../plugin/contract.ts';
import type { Finding, RuleFacts, RuleVerdict, Severity } from '../../policy/verdict.ts';
import { factNotes } from '../answer.ts';
import { escapeJson, escapeText } from '../escape.ts';
import {
  attackPage,
  firstCell,
  GRAVEST_FIRST,
  type JudgedSnapshot,
  type Judgement,
  jsonRows,
  type UnreadSnapshot,
  unreadText,
} from './judged.ts';

/*
 * SARIF 2.1.0, an OASIS standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 * What of it GitHub reads, and how much: "SARIF support for code scanning" in GitHub's documentation.
 */

/** A file with more results or tags than this is refused by GitHub; names and descriptions may be no longer. */
const MOST_RESULTS = 25_000;
const MOST_TAGS = 20;
const LONGEST_NAME = 255;
const LONGEST_DESCRIPTION = 1024;

const ATTACK = 'MITRE ATT&CK';

const LEVELS = { critical: 'error', high: 'error', medium: 'warning', low: 'note', info: 'note' } as const;

/** How grave it is that a rule with this outcome has not seen everything. */
const UNREAD_LEVELS = {
  unevaluated: 'error',
  failed: 'warning',
  passed: 'warning',
  skipped: 'note',
} as const;

/** GitHub's own bounds are 9.0, 7.0, 4.0 and 0.1; what has no score is no security alert. */
const SCORES: Readonly<Record<Severity, string | undefined>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '2.0',
  info: undefined,
};

/**
 * Verdicts as one SARIF log with one run: the rules of the policy, a result for every finding (those that are
 * suppressed say so), and a notification for everything that could not be evaluated. Where that is a snapshot or a whole
 * rule, the execution was not successful: who takes what is not found for what is gone must not believe it.
 */
export function sarifLog(
  { policy, judged, unread }: Judgement,
  version: string,
  plugins: readonly AnyPlugin[],
): Log {
  const rules = rulesOf(judged);
  const techniques = [...new Set([...rules.values()].flatMap(({ attack }) => attack))];
  const ruleIndex = new Map([...rules.keys()].map((id, index) => [id, index]));
  const found = judged
    .flatMap((snapshot, artifact) => resultsOf(snapshot, artifact, ruleIndex, plugins))
    .sort((a, b) => a.gravity - b.gravity)
    .map(({ result }) => result);
  const results = found.slice(0, MOST_RESULTS);
  const unevaluated = judged.some(({ verdict }) =>
    verdict.rules.some(({ outcome }) => outcome === 'unevaluated'),
  );
  const run: Run = {
    tool: {
      driver: {
        name: 'Vestige',
        version,
        semanticVersion: version,
        rules: [...rules.values()].map((rule) => descriptorOf(rule, techniques)),
        ...(unread.length > 0 ? { notifications: [UNREAD_SNAPSHOT] } : {}),
        ...(techniques.length > 0 ? { supportedTaxonomies: [{ name: ATTACK, index: 0 }] } : {}),
      },
    },
    automationDetails: { id: `vestige/${escapeText(policy)}/` },
    columnKind: 'unicodeCodePoints',
    artifacts: [...judged.map(artifactOf), ...unread.map(unreadArtifact)],
    invocations: [
      {
        executionSuccessful: !unevaluated && unread.length === 0,
        toolExecutionNotifications: [
          ...unread.map((one, nth) => unreadNotification(one, judged.length + nth)),
          ...judged.flatMap((snapshot, artifact) => notificationsOf(snapshot, artifact, ruleIndex)),
          ...(found.length > results.length ? [leftOut(found.length - results.length)] : []),
        ],
        toolConfigurationNotifications: judged.flatMap(({ verdict }) =>
          verdict.notes.map((note): Notification => ({ level: 'warning', message: { text: plain(note) } })),
        ),
      },
    ],
    results,
    ...(techniques.length > 0 ? { taxonomies: [taxonomyOf(techniques)] } : {}),
  };
  return { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] };
}

/** The same log as text, safe to print. */
export const sarifText = (judgement: Judgement, version: string, plugins: readonly AnyPlugin[]): string =>
  `${escapeJson(JSON.stringify(sarifLog(judgement, version, plugins), null, 2))}\n`;

/** The rules of all verdicts by ID: one policy judges them all. */
const rulesOf = (judged: readonly JudgedSnapshot[]): Map<string, RuleFacts> =>
  new Map(judged.flatMap(({ verdict }) => verdict.rules.map(({ rule }) => [rule.id, rule])));

function descriptorOf(rule: RuleFacts, techniques: readonly string[]): ReportingDescriptor {
  const title = `${escapeText(rule.title)}.`;
  const description = rule.description === null ? title : escapeLines(rule.description);
  const score = SCORES[rule.severity];
  const page = rule.references[0] ?? rule.attack.map(attackPage)[0];
  return {
    id: rule.id,
    ...(rule.id.includes('-') ? { name: short(pascal(rule.id), LONGEST_NAME) } : {}),
    shortDescription: { text: short(title, LONGEST_DESCRIPTION) },
    fullDescription: { text: short(description, LONGEST_DESCRIPTION) },
    help: { text: helpText(rule), markdown: helpMarkdown(rule) },
    ...(page === undefined ? {} : { helpUri: page }),
    defaultConfiguration: { level: LEVELS[rule.severity] },
    properties: {
      precision: 'high',
      ...(score === undefined ? {} : { 'security-severity': score }),
      tags: [
        ...new Set([
          'security',
          ...rule.attack.map((technique) => `external/mitre-attack/${technique}`),
          ...rule.tags.map(escapeText),
        ]),
      ].slice(0, MOST_TAGS),
    },
    ...(rule.attack.length === 0
      ? {}
      : {
          relationships: rule.attack.map((id) => ({
            target: { id, index: techniques.indexOf(id), toolComponent: { name: ATTACK, index: 0 } },
            kinds: ['relevant'],
          })),
        }),
  };
}

/** `deleted-executable` → `DeletedExecutable`: SARIF wants names that are not the ID over again. */
const pascal = (id: string): string =>
  id
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

const helpText = ({ title, description, references, attack }: RuleFacts): string =>
  [
    `${escapeText(title)}.`,
    ...(description === null ? [] : [escapeLines(description)]),
    ...(attack.length === 0 ? [] : [`${ATTACK}: ${attack.join(', ')}`]),
    ...references,
  ].join('\n\n');

const helpMarkdown = ({ title, description, references, attack }: RuleFacts): string =>
  [
    `**${escapeText(title)}**`,
    ...(description === null ? [] : [escapeLines(description)]),
    ...(attack.length === 0
      ? []
      : [`${ATTACK}: ${attack.map((id) => `[${id}](${attackPage(id)})`).join(', ')}`]),
    ...(references.length === 0 ? [] : [references.map((reference) => `- <${reference}>`).join('\n')]),
  ].join('\n\n');

interface Graded {
  readonly gravity: number;
  readonly result: Result;
}

function resultsOf(
  { facts, verdict }: JudgedSnapshot,
  artifact: number,
  ruleIndex: ReadonlyMap<string, number>,
  plugins: readonly AnyPlugin[],
): Graded[] {
  const alike = new Map<string, number>();
  return verdict.rules.flatMap(({ rule, findings }) => {
    const write = jsonRows(plugins, rule.plugin);
    const plugin = plugins.find(({ name }) => name === rule.plugin);
    const nth = ({ fingerprint }: Finding): number => {
      const count = (alike.get(fingerprint) ?? 0) + 1;
      alike.set(fingerprint, count);
      return count;
    };
    return findings.map((finding) => ({
      gravity: GRAVEST_FIRST.indexOf(finding.severity),
      result: {
        ruleId: rule.id,
        ruleIndex: ruleIndex.get(rule.id)!,
        level: LEVELS[finding.severity],
        message: { text: plain(finding.message) },
        locations: [locationOf(facts.snapshot.path, artifact, logicalOf(plugin, finding))],
        partialFingerprints: {
          'vestige/v1': finding.fingerprint,
          // The only one that GitHub looks at, with the number of the occurrence as it writes it. Without it, it hashes
          // lines of the snapshot as if that were a source file.
          primaryLocationLineHash: `${finding.fingerprint}:${nth(finding)}`,
        },
        ...(finding.suppression === null
          ? {}
          : {
              suppressions: [
                {
                  kind: 'external',
                  status: 'accepted',
                  justification: plain(finding.suppression.reason),
                  properties: { by: finding.suppression.by, expires: finding.suppression.expires },
                },
              ],
            }),
        properties: {
          severity: finding.severity,
          plugin: rule.plugin,
          ...(rule.change === null ? {} : { change: rule.change }),
          ...(finding.row === null ? {} : { row: write(finding.row) }),
          ...(finding.before === null ? {} : { before: write(finding.before) }),
        },
      } satisfies Result,
    }));
  });
}

/** GitHub shows no result without a region of a file, so it is the snapshot's first place. */
const START = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };

function locationOf(path: string, index: number, logical?: LogicalLocation): Location {
  return {
    physicalLocation: { artifactLocation: { uri: uriOf(path), index }, region: START },
    ...(logical === undefined ? {} : { logicalLocations: [logical] }),
  };
}

/** What in the machine a finding is about: the process, module or socket, as far as the row names it. */
function logicalOf(question: AnyPlugin | undefined, { plugin, row }: Finding): LogicalLocation | undefined {
  if (row === null) return undefined;
  const number = question === undefined ? undefined : processColumn(question);
  const pid = number === undefined ? null : firstCell(row, [number]);
  const process = firstCell(row, question?.processName === undefined ? [] : [question.processName]);
  const words =
    pid === null
      ? (process ?? firstCell(row, ['name', 'path', 'text']) ?? plugin)
      : process === null
        ? `${plugin} of process ${pid}`
        : `${process} (${pid})`;
  const shown = escapeText(words);
  return {
    name: shown,
    fullyQualifiedName: `${plugin}/${shown}`,
    kind:
      pid !== null && process !== null ? 'process' : question?.lists === 'modules' ? 'module' : 'resource',
  };
}

/** A path as a URI: one that is relative stays so, for GitHub takes it as a file of the repository. */
function uriOf(path: string): string {
  const encoded = path.split('/').map(encodePart).join('/');
  return path.startsWith('/') ? `file://${encoded}` : encoded;
}

/** Lone surrogates have no UTF-8, and `encodeURIComponent` throws at them. */
const encodePart = (part: string): string =>
  encodeURIComponent(part.replace(/\p{Cs}/gu, '\ufffd')).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16)}`,
  );

const artifactOf = ({ facts: { snapshot, kernel } }: JudgedSnapshot): Artifact => ({
  location: { uri: uriOf(snapshot.path) },
  length: snapshot.sizeBytes,
  roles: ['analysisTarget', 'memoryContents'],
  properties: {
    format: snapshot.format,
    hostname: kernel.hostname,
    release: kernel.release,
    machineId: kernel.machineId,
    bootId: kernel.bootId,
    taken: kernel.time ?? snapshot.takenAt,
  },
});

/** What tells a notification about a whole snapshot from the others. */
const UNREAD_SNAPSHOT: ReportingDescriptor = {
  id: 'unread-snapshot',
  shortDescription: { text: 'A snapshot could not be read, and was not judged.' },
  defaultConfiguration: { level: 'error' },
};

const unreadArtifact = ({ path }: UnreadSnapshot): Artifact => ({
  location: { uri: uriOf(path) },
  roles: ['analysisTarget'],
});

const unreadNotification = ({ path, error }: UnreadSnapshot, artifact: number): Notification => ({
  descriptor: { id: UNREAD_SNAPSHOT.id, index: 0 },
  level: 'error',
  message: { text: plain(unreadText({ path, error })) },
  locations: [locationOf(path, artifact)],
  properties: { code: error.code },
});

function notificationsOf(
  { facts, verdict }: JudgedSnapshot,
  artifact: number,
  ruleIndex: ReadonlyMap<string, number>,
): Notification[] {
  const locations = [locationOf(facts.snapshot.path, artifact)];
  const about = ({ rule, outcome, unread }: RuleVerdict): Notification[] =>
    unread.map((sentence) => ({
      level: UNREAD_LEVELS[outcome],
      message: {
        text: plain(
          `${rule.id} ${outcome === 'skipped' ? 'was skipped' : 'could not be evaluated'}: ${sentence}`,
        ),
      },
      associatedRule: { id: rule.id, index: ruleIndex.get(rule.id)! },
      locations,
    }));
  return [
    ...verdict.rules.flatMap(about),
    ...factNotes(facts).map(
      (note): Notification => ({ level: 'note', message: { text: plain(note) }, locations }),
    ),
  ];
}

const leftOut = (count: number): Notification => ({
  level: 'warning',
  message: { text: `${count} of the least grave findings are left out: GitHub takes ${MOST_RESULTS}` },
});

const taxonomyOf = (techniques: readonly string[]): ToolComponent => ({
  name: ATTACK,
  organization: 'MITRE',
  shortDescription: { text: 'Adversary tactics and techniques based on real-world observations.' },
  informationUri: 'https://attack.mitre.org/',
  isComprehensive: false,
  taxa: techniques.map((id) => ({ id, helpUri: attackPage(id) })),
});

/** A sentence with evidence in it. `[…](…)` would be a link in plain text too. */
const plain = (text: string): string => escapeText(text).replaceAll('](', '\\](');

/** Text of a policy, which may have several lines. */
const escapeLines = (text: string): string => text.trim().split('\n').map(escapeText).join('\n');

const short = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;
