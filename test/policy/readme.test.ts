import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { starterText } from './starter.ts';

const readme = readFileSync('policies/README.md', 'utf8');

describe('policies/README.md', () => {
  it('shows a policy that is sound', () => {
    const [, text] = /```yaml\n(.*?)```/s.exec(readme)!;
    const policy = loadPolicy([{ file: 'web-servers.yaml', key: 'web', text: text! }], starterText, plugins);
    const ids = policy.rules.map(({ facts }) => facts.id);
    expect(ids).toContain('auditd-runs');
    expect(ids).not.toContain('secret-in-environment');
    expect(policy.suppressions).toHaveLength(3);
  });

  it('names sets that the starter policy has', () => {
    const [, list] = /Made for that are(.*?)\. Names/s.exec(readme)!;
    const named = [...list!.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
    const { text } = starterText();
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !text.includes(`\n  ${name}: [`))).toEqual([]);
  });
});
