import type { Row } from '../../../src/plugin/cell.ts';
import { countedFindings, type Finding, type Verdict } from '../../../src/policy/verdict.ts';
import type { Session } from '../../../src/session/session.ts';
import { integrityPolicy, judgeSession, starterPolicy, toldBy, unreadIn } from '../../policy/starter.ts';
import { type Planted, planted } from '../planted.ts';
import type { Truth } from '../truth.ts';
import type { Outcome } from './match.ts';

/** Judges a guest by the starter policy: it has to find what the workload has planted, and nothing else. */
export async function comparePolicy(session: Session, truth: Truth): Promise<Outcome> {
  const { verdict, known } = await judgeSession(starterPolicy(), session);
  const differences = differencesFromPlanted(verdict, known.answers.get('pslist')?.rows ?? [], truth);
  return { plugin: 'policy', rows: countedFindings(verdict).length, differences, tolerated: {} };
}

/** Judges a guest that nobody has broken into by what no kernel does to itself: nothing is found, and nothing is left untold. */
export async function compareIntegrity(session: Session): Promise<Outcome> {
  const { verdict } = await judgeSession(integrityPolicy(), session);
  const differences = [
    ...unreadIn(verdict).map((reason) => `could not be evaluated: ${reason}`),
    ...toldBy(verdict).map((finding) => `a false alarm: ${finding}`),
  ];
  return { plugin: 'integrity', rows: 0, differences, tolerated: {} };
}

/** What the record tells of the parts that were played. */
interface Played {
  readonly workload: Pick<Truth['workload'], 'parts'>;
  readonly recorder: Pick<Truth['recorder'], 'pid'>;
}

/** How a verdict differs from what the parts of the workload that were played have planted. */
export function differencesFromPlanted(verdict: Verdict, pslist: readonly Row[], truth: Played): string[] {
  const partOf = partsByPid(pslist, truth);
  const found = new Map<string, Finding[]>();
  for (const finding of countedFindings(verdict)) {
    const pid = finding.row?.['pid'];
    const part = typeof pid === 'number' ? partOf(pid) : 'nobody';
    const key = `${part}: ${finding.rule}`;
    found.set(key, [...(found.get(key) ?? []), finding]);
  }
  const expected = new Map(
    [...Object.keys(truth.workload.parts), 'recorder'].flatMap((part) =>
      Object.entries<number>(planted[part] ?? ({} satisfies Planted)).map(([rule, count]) => [
        `${part}: ${rule}`,
        count,
      ]),
    ),
  );
  const keys = new Set([...found.keys(), ...expected.keys()]);
  return [
    ...unreadIn(verdict).map((reason) => `could not be evaluated: ${reason}`),
    ...[...keys].flatMap((key) => {
      const findings = found.get(key) ?? [];
      const count = expected.get(key) ?? 0;
      if (findings.length === count) return [];
      return [`${key}: ${findings.length} findings, ${count} are planted; ${findings[0]?.message ?? ''}`];
    }),
  ];
}

/** Which part of the workload a process plays, or the process that started it, or that one's. */
function partsByPid(pslist: readonly Row[], { workload, recorder }: Played): (pid: number) => string {
  const parts = new Map(Object.entries(workload.parts).map(([part, pid]) => [pid, part]));
  parts.set(recorder.pid, 'recorder');
  const parents = new Map(pslist.map(({ pid, ppid }) => [pid, ppid]));
  return (pid) => {
    let at: unknown = pid;
    for (let depth = 0; typeof at === 'number' && depth < parents.size; depth++) {
      const part = parts.get(at);
      if (part !== undefined) return part;
      at = parents.get(at);
    }
    return `process ${pid}`;
  };
}
