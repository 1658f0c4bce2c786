import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { load as parse } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { publishedSchema } from '../../src/policy/schema.ts';
import { complaints, load, policyOf } from './drawn.ts';

const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  publishedSchema(),
);

describe('the schema of policies', () => {
  it('stands in the package as the program prints it', () => {
    expect(JSON.parse(readFileSync('policies/schema.json', 'utf8'))).toEqual(publishedSchema());
  });

  const rule = 'plugin: pslist\nwhere: row.pid == 1';
  it.each([
    ['a rule', policyOf(rule)],
    ['sets', `${policyOf(rule)}\nsets: { a: [1, 2], b: sets.a, c: [], d: [1.5], e: [true] }`],
    ['counts', policyOf(`${rule}\ncount: { min: 1, max: 0x10 }\nper: row.uid`)],
    ['an unknown key', policyOf(`${rule}\nwher: true`)],
    ['an empty count', policyOf(`${rule}\ncount: {}`)],
    ['a count below nothing', policyOf(`${rule}\ncount: { min: -1 }`)],
    ['a count that is no whole number', policyOf(`${rule}\ncount: { min: 1.5 }`)],
    ['a severity that is none', policyOf(rule).replace('severity: high', 'severity: hihg')],
    ['an ID that is none', policyOf(rule).replace('id: rule-1', 'id: Rule_1')],
    ['no ID', policyOf(rule).replace('id: rule-1', 'tags: []')],
    ['a technique that is none', policyOf(`${rule}\nattack: [T1]`)],
    ['a reference that is none', policyOf(`${rule}\nreferences: ["ftp://x"]`)],
    ['a list for a text', policyOf(rule).replace('title: Something is wrong', 'title: []')],
    ['a set called by no name', `${policyOf(rule)}\nsets: { a-b: [1] }`],
    ['a set that is a number', `${policyOf(rule)}\nsets: { a: 1 }`],
    ['a set of lists', `${policyOf(rule)}\nsets: { a: [[1]] }`],
    ['a severity of no rule', `${policyOf(rule)}\nseverity: { A: low }`],
    ['a day that is none', `${policyOf(rule)}\nsuppress: [{ rule: rule-1, reason: X, expires: 2027-13-01 }]`],
    ['a suppression without a reason', `${policyOf(rule)}\nsuppress: [{ rule: rule-1 }]`],
    ['another version', policyOf(rule).replace('version: 1', 'version: 2')],
  ])('and the program agree on %s', (_, text) => {
    expect(complaints(text).length === 0).toBe(validate(parse(text)));
  });
});

describe('the policies that ship', () => {
  it.each(readdirSync('policies').filter((name) => name.endsWith('.yaml')))(
    '%s is of the schema, and can be used',
    (name) => {
      const text = readFileSync(`policies/${name}`, 'utf8');
      expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
      expect(`${load(text).name}.yaml`).toBe(name);
    },
  );
});

it('the policy of the guide can be used as it stands there', () => {
  const [, text = ''] =
    /^```yaml\n(# yaml-language-server[\s\S]*?)^```/m.exec(readFileSync('docs/guide/policies.md', 'utf8')) ??
    [];
  expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
  const { name, rules } = load(text, { 'cloud-linux': readFileSync('policies/cloud-linux.yaml', 'utf8') });
  expect(name).toBe('web-servers');
  expect(rules.map(({ facts }) => facts.id)).toEqual(
    expect.arrayContaining(['deleted-executable', 'auditd-gone']),
  );
});
