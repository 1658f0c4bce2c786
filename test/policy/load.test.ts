import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { Random } from '../support/random.ts';
import { complaints, load, policyOf } from './drawn.ts';

const rule = (...lines: string[]): string => policyOf(['plugin: pslist', ...lines].join('\n'));
const top = (...lines: string[]): string => ['version: 1', 'name: drawn', ...lines].join('\n');

describe('a rule that is flawed', () => {
  it.each([
    [
      'a typo in a column',
      rule('where: row.nmae == "x"'),
      '8:16: rule "rule-1": there is no column nmae in pslist (did you mean name?)',
    ],
    [
      'a typo in a column that is only asked for',
      rule('where: has(row.nmae)'),
      '8:20: rule "rule-1": there is no column nmae in pslist (did you mean name?)',
    ],
    [
      'an unknown plugin',
      policyOf('plugin: socket'),
      `7:13: rule "rule-1": there is no plugin socket (did you mean sockets?); there are ${plugins.map(({ name }) => name).join(', ')}`,
    ],
    ['a wrong type', rule('where: row.pid == "1"'), '8:12: rule "rule-1": no such overload: int == string'],
    [
      'a comparison with null',
      rule('where: row.uid == null'),
      '8:12: rule "rule-1": no such overload: int == null; to ask whether there is a value, write has(row.x)',
    ],
    [
      'a condition that is none',
      rule('where: row.pid'),
      '8:12: rule "rule-1": this is of type int, and must be a condition: true or false',
    ],
    ['a syntax error', rule('where: row.pid == && 1'), '8:23: rule "rule-1": unexpected token: AND'],
    [
      'an unknown variable',
      rule('where: rwo.pid == 1'),
      '8:12: rule "rule-1": there is no variable rwo (did you mean row?); there are row, its, process, ref, all, snapshot, sets',
    ],
    [
      'a process where rows belong to none',
      policyOf('plugin: modules\nwhere: process.pid == 1'),
      '8:12: rule "rule-1": there is no variable process; rows of modules belong to no process',
    ],
    [
      'a row before that nobody has',
      rule('where: before.pid == 1'),
      '8:12: rule "rule-1": there is no variable before; there is one only in rules over changed rows',
    ],
    [
      'an unknown plugin in a condition',
      rule('where: its.file.size() > 0'),
      '8:16: rule "rule-1": there is no plugin file whose rows belong to processes (did you mean files?)',
    ],
    [
      'all answers at once',
      rule('where: cel.bind(a, all, a.modules.size() > 0)'),
      '8:24: rule "rule-1": all must be followed by a name: all.NAME',
    ],
    ['an unknown set', rule('where: row.pid in sets.ports'), '8:28: rule "rule-1": there is no set ports'],
    [
      'a pattern that is none',
      rule('where: row.name.matches("(a")'),
      '8:29: rule "rule-1": the pattern cannot be used: missing closing ): `(a`',
    ],
    [
      'a pattern that would become huge',
      rule('where: row.name.matches("((a{1000}){1000})")'),
      '8:29: rule "rule-1": the pattern cannot be used: invalid repeat count: `{1000}`',
    ],
    [
      'a pattern that becomes too much',
      rule(`where: row.name.matches("${'a{900}'.repeat(9)}")`),
      '8:29: rule "rule-1": the pattern becomes 8102 instructions, and may become 5000',
    ],
    [
      'a pattern that is too long',
      rule(`where: row.name.matches("${'a'.repeat(1001)}")`),
      '8:29: rule "rule-1": the pattern is of 1001 characters, and may be of 1000',
    ],
    [
      'an expression that is too long',
      rule(`where: row.name == "${'a'.repeat(9000)}"`),
      '8:12: where is of 9014 characters, and may be of 8192',
    ],
    [
      'an expression that is nested too deep',
      rule(`where: ${'('.repeat(100)}true${')'.repeat(100)}`),
      '8:76: rule "rule-1": exceeded maxDepth (64)',
    ],
    [
      'a flaw on the third line of a text',
      rule('where: |', '  row.pid == 1 &&', '    row.uid == "root"'),
      '10:9: rule "rule-1": no such overload: int == string',
    ],
    [
      'a flaw in a message',
      rule('message: "{row.name} ({row.pdi})"'),
      '8:32: rule "rule-1": message: there is no column pdi in pslist (did you mean pid?)',
    ],
    [
      'a message with an open brace',
      rule('message: "{row.name"'),
      '8:15: rule "rule-1": a brace is open: {row.name',
    ],
    [
      'a message with a whole row',
      rule('message: "{row}"'),
      '8:16: rule "rule-1": message: this is of type pslist row, and must be something that can be shown: a text, a number, a time, true or false, or a list of these',
    ],
    [
      'a message about a count with a row',
      rule('count: { max: 1 }', 'message: "{row.pid}"'),
      '9:16: rule "rule-1": message: there is no variable row; a count is not about one row',
    ],
    [
      'counts that no number can be',
      rule('count: { min: 2, max: 1 }'),
      '4:5: rule "rule-1": no count is at least 2 and at most 1',
    ],
    ['groups without a count', rule('per: row.uid'), '8:10: rule "rule-1": per wants a count: { max: 10 }'],
    [
      'a typo in a key',
      rule('wher: row.pid == 1'),
      '8:5: a rule has no key wher (did you mean where?); there are id, title, severity, description, plugin, change, where, count, per, message, attack, references, tags',
    ],
    [
      'a technique that is none',
      rule('attack: [T1036.5]'),
      '8:14: this must be a technique of MITRE ATT&CK: T1036.005, not "T1036.5"',
    ],
    [
      'an address that is none',
      rule('references: ["javascript:alert(1)"]'),
      '8:18: this must be an address of http or https, not "javascript:alert(1)"',
    ],
  ])('by %s is told where', (_, text, message) => {
    expect(complaints(text)).toEqual([`policy.yaml:${message}`]);
  });

  it('does not hide what is wrong with others', () => {
    const text = policyOf(
      'plugin: pslist\nwher: true',
      'plugin: pslist\nwhere: row.nmae == "x"',
      'plugin: modules\nwhere: row.nam == "x"',
    );
    expect(complaints(`${text}\ndisable: [rule-1, rule-9]`)).toEqual([
      expect.stringMatching(/^policy\.yaml:8:5: a rule has no key wher /),
      'policy.yaml:13:16: rule "rule-2": there is no column nmae in pslist (did you mean name?)',
      'policy.yaml:18:16: rule "rule-3": there is no column nam in modules (did you mean name?)',
      'policy.yaml:19:19: there is no rule rule-9 (did you mean rule-1?)',
    ]);
  });
});

describe('a file that is flawed', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefghi'
      .split('')
      .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`),
  ].join('\n');

  it.each([
    ['nothing', '', '1:1: the file is empty'],
    ['no policy', 'hello', '1:1: this must be a policy, not "hello"'],
    [
      'a broken structure',
      'version: 1\nname: [',
      '2:8: unexpected end of the stream within a flow collection',
    ],
    ['a key twice', 'version: 1\nname: a\nname: b', '3:1: the key name is there already'],
    ['two documents', 'version: 1\n---\nname: b', '3:1: a policy is one document'],
    ['a tag', 'version: 1\nname: !env x', '2:7: a text that begins with ! must stand in quotes'],
    ['an alias of nothing', 'version: 1\nname: *x', '2:7: there is no anchor x before this'],
    ['an alias of itself', 'version: 1\nname: &a [*a]', '2:11: aliases are nested too deep'],
    ['a bomb', bomb, expect.stringMatching(/^policy\.yaml:\d+:\d+: there are more than 100000 values$/)],
    [
      'endless brackets',
      '['.repeat(20_000),
      expect.stringMatching(/^policy\.yaml:1:\d+: lists and maps are nested too deep$/),
    ],
    ['a megabyte', `name: ${'a'.repeat(1 << 20)}`, '1:1: the file is larger than 1 MiB'],
    [
      'another version',
      'version: 2\nname: drawn',
      '1:10: version wants the version of the form of policies: 1, not 2',
    ],
    ['no name', 'version: 1', '1:1: a policy lacks the key name'],
    [
      'an unknown severity',
      top('severity: { rule-1: hihg }'),
      '3:21: rule-1 wants one of info, low, medium, high, critical, not "hihg" (did you mean high?)',
    ],
  ])('by %s is told where', (_, text, message) => {
    const [first] = complaints(text);
    expect(first).toEqual(typeof message === 'string' ? `policy.yaml:${message}` : message);
  });
});

describe('sets', () => {
  it('are lists, or expressions over others in any order', () => {
    const text = top(
      'sets:',
      '  more: sets.ports + [8080]',
      '  ports: [22, 443]',
      '  even: sets.more.filter(p, p % 2 == 0)',
    );
    const policy = load(
      `${text}\nrules: [{ id: x, title: X, severity: low, plugin: sockets, where: row.localPort in sets.even }]`,
    );
    expect(policy.rules[0]!.where!.type).toBe('bool');
    expect(policy.vocabulary.sets).toMatchObject({ even: [22n, 8080n], more: [22n, 443n, 8080n] });
  });

  it.each([
    [
      'are made of each other',
      ['a: sets.b', 'b: sets.c + [1]', 'c: sets.a'],
      ['4:3: set a is made of itself: a → b → c → a'],
    ],
    [
      'are of two types',
      ['a: [1, "x"]'],
      ['4:10: set a: "x" is of type string, and the first is of type int'],
    ],
    ['speak of rows', ['a: row.x'], ['4:6: set a: there is no variable row; there are sets']],
    ['are no lists', ['a: 1 + 1'], ['4:6: set a: this is of type int, and must be a list']],
    [
      'speak of what is not there',
      ['abc: [1]', 'b: sets.abd'],
      ['5:11: set b: there is no set abd (did you mean abc?)'],
    ],
    ['cannot be evaluated', ['a: "[1 / 0]"'], ['4:6: set a: division by zero']],
  ])('that %s are told where', (_, lines, messages) => {
    expect(complaints(top('sets:', ...lines.map((line) => `  ${line}`)))).toEqual(
      messages.map((message) => `policy.yaml:${message}`),
    );
  });
});

describe('included policies', () => {
  const base = [
    ...['version: 1', 'name: base', 'sets: { ports: [22] }', 'rules:'],
    ...[
      '  - { id: base-rule, title: X, severity: low, plugin: sockets, where: row.localPort in sets.ports }',
    ],
    ...['  - { id: other-rule, title: Y, severity: low, plugin: sockets }'],
  ].join('\n');

  it('give their rules, and are tuned by those who include them', () => {
    const policy = load(
      top(
        'include: [base]',
        'sets: { ports: [80] }',
        'disable: [other-rule]',
        'severity: { base-rule: high }',
      ),
      { base },
    );
    expect(policy.name).toBe('drawn');
    expect(policy.rules.map(({ facts }) => facts)).toEqual([
      expect.objectContaining({ id: 'base-rule', severity: 'high', source: { file: 'base', line: 5 } }),
    ]);
    expect(policy.vocabulary.sets).toMatchObject({ ports: [80n] });
  });

  it('are read once, however often they are included', () => {
    const middle = 'version: 1\nname: middle\ninclude: [base]';
    expect(load(top('include: [middle, base]'), { base, middle }).rules).toHaveLength(2);
  });

  it.each([
    [
      'include each other',
      top('include: [base]'),
      { base: 'version: 1\nname: base\ninclude: [policy.yaml]' },
      'base:3:11: this policy includes itself: policy.yaml → base → policy.yaml',
    ],
    [
      'have the same rule',
      `${top('include: [base]')}\nrules: [{ id: base-rule, title: X, severity: low, plugin: pslist }]`,
      { base },
      'policy.yaml:4:15: there is a rule base-rule already: base:5:11',
    ],
    [
      'have a set of another type',
      top('include: [base]', 'sets: { ports: ["22"] }'),
      { base },
      'policy.yaml:4:9: set ports is of type list<string>, and the set that it replaces (base:3:9) of type list<int>',
    ],
    [
      'are flawed themselves',
      top('include: [base]'),
      { base: 'version: 1\nnmae: x' },
      'base:1:1: a policy lacks the key name',
    ],
    [
      'lack the rule that is disabled',
      top('include: [base]', 'disable: [bas-rule]'),
      { base },
      'policy.yaml:4:11: there is no rule bas-rule (did you mean base-rule?)',
    ],
    [
      'lack the rule that is suppressed',
      top('include: [base]', 'suppress: [{ rule: bas-rule, reason: X }]'),
      { base },
      'policy.yaml:4:20: there is no rule bas-rule (did you mean base-rule?)',
    ],
  ])('that %s are told where', (_, text, texts, message) => {
    expect(complaints(text, texts)[0]).toBe(message);
  });

  it('are followed so deep and no deeper', () => {
    const texts = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [
        `p${index}`,
        `version: 1\nname: p${index}\ninclude: [p${index + 1}]`,
      ]),
    );
    expect(complaints(top('include: [p0]'), texts)).toEqual([
      'p14:3:11: policies are included more than 16 deep',
    ]);
  });

  it('may be emptied of a set', () => {
    expect(complaints(top('include: [base]', 'sets: { ports: [] }'), { base })).toEqual([]);
  });
});

it('a policy with any damage is either used or refused with places', () => {
  const random = new Random(22);
  const shipped = readFileSync('policies/cloud-linux.yaml', 'utf8');
  const whole = shipped.slice(0, shipped.lastIndexOf('\n  - id:', 6000));
  const splinters = [
    '"',
    "'",
    '{',
    '}',
    '[',
    ')',
    ':',
    '!',
    '&a ',
    '*a',
    '|',
    '\n',
    '\t',
    '\\',
    '.matches("(")',
    'has(',
    'all.',
    '\0',
    '9'.repeat(40),
    '.map(x,',
    '~',
    '<<',
    '? ',
  ];
  let used = 0;
  for (let round = 0; round < 100; round++) {
    let text = whole;
    for (let blow = random.below(3); blow >= 0; blow--) {
      const at = random.below(text.length);
      text = text.slice(0, at) + random.pick(splinters) + text.slice(at + random.below(8));
    }
    const told = complaints(text);
    if (told.length === 0) used++;
    for (const line of told) expect(line).toMatch(/^policy\.yaml:[1-9]\d*:[1-9]\d*: ./);
  }
  expect(used).toBeGreaterThan(0);
  expect(used).toBeLessThan(100);
});
