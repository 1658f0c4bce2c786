// Baselines: findings that are known already and no longer count.
// A baseline is a JSON file of fingerprints, made from a verdict.
import { ForensicError } from '../base/errors.ts';
import { machinesOf } from '../diff/relation.ts';
import type { KernelFacts } from '../plugin/document.ts';
import { outcomeOf } from './judge.ts';
import type { Finding, RuleVerdict, Verdict } from './verdict.ts';

/** The number of the form of baselines. It grows when a key changes its meaning or goes. */
const BASELINE_FORM = 1;

/** Findings that are known, and count no more. Plain JSON data: it is what the file holds. */
export interface Baseline {
  readonly baseline: typeof BASELINE_FORM;
  /** Which version of the program wrote it. */
  readonly vestige: string;
  readonly machine: { readonly id: string | null; readonly hostname: string | null };
  /** The kernel's release, for readers. */
  readonly kernel: string;
  readonly policy: string;
  /** When the snapshot was taken, by the guest's clock. */
  readonly taken: string | null;
  readonly findings: readonly KnownFinding[];
}

/** What is known; the message is there for readers. */
interface KnownFinding {
  readonly rule: string;
  readonly fingerprint: string;
  /** How many there may be. */
  readonly count: number;
  readonly message: string;
}

/** A file that is no baseline, or not one of this machine. */
export class BadBaseline extends ForensicError {
  readonly code = 'bad-baseline';
}

/** The findings of a verdict that its policy does not let pass, as what is known from now on. */
export function makeBaseline(version: string, kernel: KernelFacts, { policy, rules }: Verdict): Baseline {
  const findings = new Map<string, KnownFinding>();
  for (const { rule, fingerprint, message, suppression } of rules.flatMap((one) => one.findings)) {
    if (suppression?.by === 'policy') continue;
    const key = keyOf(rule, fingerprint);
    const count = (findings.get(key)?.count ?? 0) + 1;
    findings.set(key, { rule, fingerprint, count, message: findings.get(key)?.message ?? message });
  }
  const { machineId: id, hostname, release, time } = kernel;
  return {
    ...{ baseline: BASELINE_FORM, vestige: version, machine: { id, hostname } },
    ...{ kernel: release, policy, taken: time, findings: [...findings.values()] },
  };
}

/** Reads what `makeBaseline` made. @param file as messages name it @throws BadBaseline */
export function readBaseline(file: string, text: string): Baseline {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadBaseline(`${file} is no baseline, or not a whole one: it is no JSON`);
  }
  const { baseline, vestige, findings } = isRecord(value) ? value : {};
  if (typeof baseline !== 'number') throw new BadBaseline(`${file} is no baseline`);
  if (baseline > BASELINE_FORM)
    throw new BadBaseline(
      `${file} is a baseline of form ${baseline}, written by vestige ${String(vestige)}; this one reads form ${BASELINE_FORM}`,
    );
  const flawed = Array.isArray(findings) ? findings.findIndex((one) => !isKnownFinding(one)) : -1;
  if (baseline !== BASELINE_FORM || !isBaseline(value))
    throw new BadBaseline(`${file} is a damaged baseline`);
  if (flawed >= 0) throw new BadBaseline(`${file} is a damaged baseline: finding ${flawed + 1} is none`);
  return value;
}

/** Whether it is known to be of this machine. */
export const isOfMachine = ({ machine }: Baseline, kernel: KernelFacts): boolean =>
  ['same', 'likely'].includes(machinesOf({ machineId: machine.id, hostname: machine.hostname }, kernel));

/** @throws BadBaseline where it is known to be of another machine */
export function checkMachine(file: string, { machine }: Baseline, kernel: KernelFacts): void {
  const of = { machineId: machine.id, hostname: machine.hostname };
  if (machinesOf(of, kernel) !== 'other') return;
  throw new BadBaseline(
    `${file} is the baseline of another machine: ${nameOf(of)}, and this is ${nameOf(kernel)}`,
  );
}

/** A verdict in which what is known counts no more. Pure. */
export function applyBaseline(verdict: Verdict, baseline: Baseline): Verdict {
  const left = new Map(baseline.findings.map((one) => [keyOf(one.rule, one.fingerprint), one.count]));
  const reason = `known since the baseline${baseline.taken === null ? '' : ` of ${baseline.taken}`}`;
  const suppressed = (finding: Finding): Finding => {
    const key = keyOf(finding.rule, finding.fingerprint);
    const count = left.get(key) ?? 0;
    if (finding.suppression !== null || count === 0) return finding;
    left.set(key, count - 1);
    return { ...finding, suppression: { by: 'baseline', reason, expires: null } };
  };
  const rules = verdict.rules.map((rule): RuleVerdict => {
    const findings = rule.findings.map(suppressed);
    return {
      ...rule,
      findings,
      outcome: rule.outcome === 'skipped' ? 'skipped' : outcomeOf(findings, rule.unread),
    };
  });
  return { ...verdict, rules, notes: [...verdict.notes, ...notesOn(verdict, baseline)] };
}

/** Notes on single findings; more are counted. */
const MOST_NOTES = 10;

/** What of a baseline is of no use any more: nothing is said of rules that could not see. */
function notesOn({ policy, rules }: Verdict, baseline: Baseline): string[] {
  const seen = new Set(
    rules.flatMap((one) => one.findings.map((found) => keyOf(found.rule, found.fingerprint))),
  );
  const whole = new Set(rules.flatMap(({ rule, unread }) => (unread.length === 0 ? [rule.id] : [])));
  const gone = baseline.findings.filter(
    ({ rule, fingerprint }) => whole.has(rule) && !seen.has(keyOf(rule, fingerprint)),
  );
  const known = new Set(rules.map(({ rule }) => rule.id));
  const strangers = baseline.findings.filter(({ rule }) => !known.has(rule)).length;
  return [
    ...(policy === baseline.policy ? [] : [`the baseline is of policy ${baseline.policy}`]),
    ...gone
      .slice(0, MOST_NOTES)
      .map(({ rule, message }) => `of the baseline, ${rule} finds no more: ${message}`),
    ...(gone.length > MOST_NOTES
      ? [`of the baseline, ${gone.length - MOST_NOTES} more are found no more`]
      : []),
    ...(strangers > 0 ? [`of the baseline, ${strangers} are of rules that this policy does not have`] : []),
  ];
}

const keyOf = (rule: string, fingerprint: string): string => `${rule} ${fingerprint}`;

const nameOf = ({ hostname, machineId }: Pick<KernelFacts, 'hostname' | 'machineId'>): string =>
  [hostname ?? 'one without a name', ...(machineId === null ? [] : [`(${machineId})`])].join(' ');

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';

function isBaseline(value: unknown): value is Baseline {
  if (!isRecord(value)) return false;
  const { machine, kernel, policy, taken, findings } = value;
  return (
    isRecord(machine) &&
    isTextOrNull(machine['id']) &&
    isTextOrNull(machine['hostname']) &&
    typeof kernel === 'string' &&
    typeof policy === 'string' &&
    isTextOrNull(taken) &&
    Array.isArray(findings)
  );
}

function isKnownFinding(value: unknown): value is KnownFinding {
  if (!isRecord(value)) return false;
  const { rule, fingerprint, count, message } = value;
  return (
    typeof rule === 'string' &&
    typeof fingerprint === 'string' &&
    /^[0-9a-f]{32}$/.test(fingerprint) &&
    Number.isSafeInteger(count) &&
    Number(count) > 0 &&
    typeof message === 'string'
  );
}
