// Verdicts as JUnit XML, which every CI reads.
// A suite for each snapshot, a case for each rule.
import XMLBuilder from 'fast-xml-builder';
import type { Finding, RuleVerdict } from '../../policy/verdict.ts';
import { factNotes } from '../answer.ts';
import { escapeText } from '../escape.ts';
import {
  counted,
  counts,
  type JudgedSnapshot,
  type Judgement,
  NOTHING_BEFORE,
  type UnreadSnapshot,
  unreadText,
} from './judged.ts';

/** An element: attributes begin with `@`, `#text` is what stands inside. */
interface Element {
  readonly [name: string]: string | number | Element | readonly Element[];
}

/**
 * Verdicts as JUnit XML, which every CI reads: a suite for each snapshot, a case for each rule. A rule with findings has
 * failed, one that could not be evaluated is an error, one without a snapshot to compare with is skipped. A snapshot that
 * could not be read is a suite with one case, which is an error.
 */
export function junitXml({ policy, judged, unread }: Judgement): string {
  const several = judged.length + unread.length > 1;
  const suites = [
    ...judged.map((snapshot) => suiteOf(snapshot, several)),
    ...unread.map((snapshot) => unreadSuite(snapshot, escapeText(policy), several)),
  ];
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    suppressEmptyNode: true,
    suppressBooleanAttributes: false,
    format: true,
  });
  const sum = (name: string): number => suites.reduce((all, suite) => all + Number(suite[name]), 0);
  return builder.build({
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: {
      '@name': 'vestige',
      '@tests': sum('@tests'),
      '@failures': sum('@failures'),
      '@errors': sum('@errors'),
      '@skipped': sum('@skipped'),
      '@time': 0,
      testsuite: suites,
    },
  });
}

function suiteOf({ facts, verdict }: JudgedSnapshot, several: boolean): Element {
  const { snapshot, kernel } = facts;
  const path = escapeText(snapshot.path);
  const policy = escapeText(verdict.policy);
  const outcomes = (outcome: RuleVerdict['outcome']): number =>
    verdict.rules.filter((rule) => rule.outcome === outcome).length;
  const taken = kernel.time ?? snapshot.takenAt;
  const said = [...factNotes(facts), ...verdict.notes];
  return {
    '@name': path,
    '@tests': verdict.rules.length,
    '@failures': outcomes('failed'),
    '@errors': outcomes('unevaluated'),
    '@skipped': outcomes('skipped'),
    '@time': 0,
    // xs:dateTime as Ant writes it: no fractions of a second, no zone.
    ...(taken === null ? {} : { '@timestamp': taken.slice(0, 19) }),
    '@hostname': escapeText(kernel.hostname ?? 'unknown'),
    properties: {
      property: [
        { '@name': 'snapshot', '@value': path },
        { '@name': 'kernel', '@value': escapeText(kernel.release) },
        { '@name': 'policy', '@value': policy },
      ],
    },
    // GitLab knows a case by its class and name alone: the same rule of another snapshot would be left out.
    testcase: verdict.rules.map((rule) => caseOf(rule, several ? `${policy} on ${path}` : policy)),
    ...(said.length === 0 ? {} : { 'system-out': lines(said) }),
  };
}

function unreadSuite(snapshot: UnreadSnapshot, policy: string, several: boolean): Element {
  const path = escapeText(snapshot.path);
  return {
    '@name': path,
    '@tests': 1,
    '@failures': 0,
    '@errors': 1,
    '@skipped': 0,
    '@time': 0,
    '@hostname': 'unknown',
    properties: {
      property: [
        { '@name': 'snapshot', '@value': path },
        { '@name': 'policy', '@value': policy },
      ],
    },
    testcase: [
      {
        '@classname': several ? `${policy} on ${path}` : policy,
        '@name': 'unread-snapshot: The snapshot can be read',
        '@time': 0,
        error: {
          '@type': snapshot.error.code,
          '@message': escapeText(snapshot.error.message),
          '#text': escapeText(unreadText(snapshot)),
        },
      },
    ],
  };
}

function caseOf({ rule, outcome, findings, unread }: RuleVerdict, classname: string): Element {
  const found = findings.filter(counts);
  const more = [
    ...unread.map((sentence) => `could not be evaluated: ${sentence}`),
    ...findings.filter((finding) => !counts(finding)).map(suppressedText),
  ];
  return {
    '@classname': classname,
    '@name': escapeText(`${rule.id}: ${rule.title}`),
    '@time': 0,
    ...(outcome === 'failed'
      ? {
          failure: {
            '@type': rule.severity,
            '@message': `${counted(found.length, 'finding')}: ${escapeText(found[0]?.message ?? rule.title)}`,
            '#text': lines([
              ...found.map(({ message }) => message),
              ...(rule.attack.length > 0 ? [`MITRE ATT&CK: ${rule.attack.join(', ')}`] : []),
            ]),
          },
        }
      : {}),
    ...(outcome === 'unevaluated'
      ? {
          error: {
            '@type': 'unevaluated',
            '@message': escapeText(unread[0] ?? 'could not be evaluated'),
            '#text': lines(unread),
          },
        }
      : {}),
    ...(outcome === 'skipped' ? { skipped: { '@message': escapeText(unread[0] ?? NOTHING_BEFORE) } } : {}),
    ...((outcome === 'failed' || outcome === 'passed') && more.length > 0
      ? { 'system-out': lines(more) }
      : {}),
  };
}

const suppressedText = ({ message, suppression }: Finding): string =>
  `suppressed by the ${suppression?.by}: ${message} (${suppression?.reason})`;

/** Sentences of the evidence, a line each. What XML 1.0 has no way to write is written as in tables. */
const lines = (sentences: readonly string[]): string => sentences.map(escapeText).join('\n');
