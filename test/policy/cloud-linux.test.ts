import { describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { CASES, CHANGES } from './cloud-linux-cases.ts';
import { type Answers, verdictOn } from './drawn.ts';
import { starterPolicy } from './starter.ts';

const policy = starterPolicy();

/** What a rule has to say of drawn answers; every plugin answers, most of them with nothing. */
function outcomeOf(id: string, answers: Answers, before?: Answers): { outcome: string; findings: number } {
  const nothing = Object.fromEntries(plugins.map(({ name }) => [name, []]));
  const { rules } = verdictOn(policy, { ...nothing, ...answers }, before && { ...nothing, ...before });
  const { outcome, findings } = rules.find(({ rule }) => rule.id === id)!;
  return { outcome, findings: findings.length };
}

describe('the starter policy', () => {
  it('has a case below for every rule, and at least thirty rules', () => {
    const tested = [...CASES, ...CHANGES].map(({ rule }) => rule);
    expect(tested.sort()).toEqual(policy.rules.map(({ facts }) => facts.id).sort());
    expect(policy.rules.length).toBeGreaterThanOrEqual(30);
  });

  it('tells of every rule why it matters and which techniques of MITRE ATT&CK it is about', () => {
    const silent = policy.rules.filter(
      ({ facts: { description, attack, tags } }) =>
        (description ?? '').length < 60 || attack.length === 0 || tags.length === 0,
    );
    expect(silent.map(({ facts }) => facts.id)).toEqual([]);
  });

  it('names no program by more letters than the kernel keeps', () => {
    const { sets } = policy.vocabulary;
    const named = [
      ...['shells', 'downloaders', 'webServers', 'sniffers', 'rawSenders', 'setuidPrograms', 'kernelHelpers'],
      ...['systemDaemons', 'guardians', 'debuggers', 'miners', 'tunnels', 'offensiveTools', 'containerTools'],
      ...['diskTools', 'kernelMemoryReaders', 'jitPrograms'],
    ];
    const values = named.flatMap((name) => (sets as Record<string, string[]>)[name]!);
    expect(values.length).toBeGreaterThan(200);
    expect(values.filter((name) => name.length > 15)).toEqual([]);
  });

  describe.each(CASES)('$rule', ({ rule, fires, quiet }) => {
    it.each(fires.map((answers, index) => [index, answers] as const))('fires (%i)', (_, answers) => {
      expect(outcomeOf(rule, answers)).toEqual({ outcome: 'failed', findings: 1 });
    });
    it.each(quiet.map((answers, index) => [index, answers] as const))('is quiet (%i)', (_, answers) => {
      expect(outcomeOf(rule, answers)).toEqual({ outcome: 'passed', findings: 0 });
    });
  });

  describe.each(CHANGES)('$rule', ({ rule, before, fires, quiet }) => {
    it.each(fires.map((answers, index) => [index, answers] as const))('fires (%i)', (_, answers) => {
      expect(outcomeOf(rule, answers, before)).toEqual({ outcome: 'failed', findings: 1 });
    });
    it.each(quiet.map((answers, index) => [index, answers] as const))('is quiet (%i)', (_, answers) => {
      expect(outcomeOf(rule, answers, before)).toEqual({ outcome: 'passed', findings: 0 });
    });
    it('is skipped where there is nothing before', () => {
      expect(outcomeOf(rule, before)).toEqual({ outcome: 'skipped', findings: 0 });
    });
  });
});
