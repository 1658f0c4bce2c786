import { ofTheirMachines } from '../../src/judging/baselines.ts';
import type { Judge } from '../../src/judging/judge.ts';
import { judgeOf } from '../../src/judging/judge.ts';
import type { Baseline } from '../../src/policy/baseline.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { BadPolicy } from '../../src/policy/problem.ts';
import { other, plugin } from './drawn.ts';

/** The lines of a rule, below its ID. */
export type DrawnRule = readonly [id: string, severity: string, ...lines: readonly string[]];

/** A rule that objects to every process whose name begins so. */
export const noProcess = (start: string, severity: string): DrawnRule => [
  `no-${start}`,
  severity,
  'plugin: pslist',
  `where: row.name.startsWith("${start}")`,
  'message: "{row.name} runs"',
];

/** Judges drawn snapshots by rules that a test writes. */
export function drawnJudge(
  rules: readonly DrawnRule[],
  { name = 'drawn', digest = 'd', baselines = [] as readonly Baseline[] } = {},
): Judge {
  const text = [
    ...['version: 1', `name: ${name}`, 'rules:'],
    ...rules.flatMap(([id, severity, ...lines]) => [
      `  - id: ${id}`,
      ...['title: Something is wrong', `severity: ${severity}`, ...lines].map((line) => `    ${line}`),
    ]),
  ].join('\n');
  const plugins = [plugin, other];
  const include = (): never => {
    throw new BadPolicy([]);
  };
  const policy = loadPolicy([{ file: 'policy.yaml', key: 'policy.yaml', text }], include, plugins);
  return judgeOf({ policy, digest }, ofTheirMachines(baselines), plugins);
}
