import { describe, expect, it } from 'vitest';
import { ABSENT, process, ruleOn } from './drawn.ts';

/** What comes of a condition over one process, whose name is given, whose args are absent, and whose uid is null. */
function outcomeOf(where: string): string {
  const { findings, outcome } = ruleOn(`plugin: pslist\nwhere: '${where}'`, {
    pslist: [process(7, 'sh', { args: ABSENT, uid: null })],
  });
  return findings.length > 0 ? 'matches' : outcome === 'unevaluated' ? 'unknown' : 'does not match';
}

const TRUE = 'row.name == "sh"';
const FALSE = 'row.name == "x"';
const UNKNOWN = 'row.args == "x"';
const NULL = 'row.uid == 0';

describe('a condition', () => {
  it.each([
    [TRUE, 'matches'],
    [FALSE, 'does not match'],
    [UNKNOWN, 'unknown'],
    [NULL, 'does not match'],
    [`!(${UNKNOWN})`, 'unknown'],
    [`!(${NULL})`, 'does not match'],
    ['row.uid != 0', 'does not match'],
    ['!(row.uid in [1, 2])', 'does not match'],
    [`${UNKNOWN} && ${FALSE}`, 'does not match'],
    [`${FALSE} && ${UNKNOWN}`, 'does not match'],
    [`${UNKNOWN} || ${TRUE}`, 'matches'],
    [`${TRUE} || ${UNKNOWN}`, 'matches'],
    [`${UNKNOWN} || ${FALSE}`, 'unknown'],
    [`${TRUE} && ${UNKNOWN}`, 'unknown'],
    [`${NULL} || ${TRUE}`, 'matches'],
    [`${TRUE} && ${NULL}`, 'does not match'],
    [`${NULL} || ${UNKNOWN}`, 'unknown'],
    [`${UNKNOWN} || ${NULL}`, 'unknown'],
    [`${NULL} && ${UNKNOWN}`, 'unknown'],
    [`!(${NULL} && ${UNKNOWN})`, 'unknown'],
    [`${NULL} ? true : false`, 'does not match'],
    ['has(row.name)', 'matches'],
    ['has(row.uid)', 'does not match'],
    ['!has(row.uid)', 'matches'],
    ['has(row.args)', 'unknown'],
    ['has(row.uid) && row.uid == 0', 'does not match'],
    ['!has(row.uid) || row.uid == 0', 'matches'],
  ])('%s: %s', (where, expected) => {
    expect(outcomeOf(where)).toBe(expected);
  });

  it.each([
    // Of the three arguments one is "a", one is null and one is absent.
    ['exists(p, p.args == "a")', 'matches'],
    ['exists(p, p.args == "b")', 'unknown'],
    ['all(p, p.args == "a")', 'does not match'],
    ['filter(p, has(p.args) && p.args == "a").size() == 1', 'unknown'],
    ['exists(p, p.pid == 2 && p.args == "x")', 'does not match'],
    ['exists(p, p.pid == 3 && p.args == "x")', 'unknown'],
    ['all(p, p.pid != 2 || p.args != "x")', 'does not match'],
    ['filter(p, p.pid < 3 && p.args == "a").size() == 1', 'matches'],
    ['exists_one(p, p.pid < 3 && p.args == "a")', 'matches'],
    ['map(p, p.pid < 3 && p.args == "a", p.pid) == [1]', 'matches'],
    ['filter(p, p.pid < 3).map(p, p.args).size() == 2', 'does not match'],
  ])('over a list takes null for no match: %s: %s', (macro, expected) => {
    const pslist = [
      process(1, 'p', { args: 'a' }),
      process(2, 'p', { args: null }),
      process(3, 'p', { args: ABSENT }),
      process(7, 'sh'),
    ];
    const where = `row.pid == 7 && all.pslist.filter(p, p.name == "p").${macro}`;
    const { findings, outcome } = ruleOn(`plugin: pslist\nwhere: '${where}'`, { pslist });
    const found = findings.length > 0 ? 'matches' : outcome === 'unevaluated' ? 'unknown' : 'does not match';
    expect(found).toBe(expected);
  });

  it('says which cells it could not read, in how many rows, and why', () => {
    const rows = [1, 2, 3].map((pid) =>
      process(pid, 'sh', { args: pid < 3 ? ABSENT : { absent: 'swapped' } }),
    );
    const { outcome, findings, unread } = ruleOn('plugin: pslist\nwhere: row.args == "x"', { pslist: rows });
    expect({ outcome, findings }).toEqual({ outcome: 'unevaluated', findings: [] });
    expect(unread).toEqual([
      '2 rows of pslist could not be judged: pslist.args could not be read (not-present)',
      '1 row of pslist could not be judged: pslist.args could not be read (swapped)',
    ]);
  });

  it('that cannot use a value is not evaluated, and says so', () => {
    const { outcome, unread } = ruleOn('plugin: pslist\nwhere: int(row.name) > 0', {
      pslist: [process(1, 'one'), process(2, '2')],
    });
    expect(outcome).toBe('failed');
    expect(unread).toEqual(['1 row of pslist could not be judged: int() type error: cannot convert to int']);
  });

  it('finds patterns by an engine that never goes back, inside macros too', () => {
    const args = `${'a'.repeat(100_000)}!`;
    const rule =
      'plugin: pslist\nwhere: \'row.args.matches("^(a+)+$") || [row.args].exists(x, x.matches("(a|aa)+b"))\'';
    expect(ruleOn(rule, { pslist: [process(1, 'a', { args })] }).outcome).toBe('passed');
  });

  it('ends where it takes too many steps, and what it found by then stands', () => {
    const pslist = Array.from({ length: 3000 }, (_, index) =>
      process(index + 1, index === 0 ? 'first' : 'p'),
    );
    const where = 'row.name == "first" || all.pslist.all(p, p.pid > 0 && p.ppid == 1 && p.uid == 0)';
    const { findings, unread } = ruleOn(`plugin: pslist\nwhere: '${where}'`, { pslist }, undefined, 100_000);
    expect(unread).toEqual(['the rule takes too many steps on this snapshot, and was given up']);
    expect(findings.length).toBeGreaterThan(1);
    expect(findings.length).toBeLessThan(3000);
  });

  it.each([
    '[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, [1,2,3,4,5,6,7,8,9].all(d, [1,2,3,4,5,6,7,8,9].all(e, [1,2,3,4,5,6,7,8,9].all(f, [1,2,3,4,5,6,7,8,9].all(g, [1,2,3,4,5,6,7,8,9].all(h, true))))))))',
    'cel.bind(a, [1, 2, 3, 4], cel.bind(b, a+a+a+a, cel.bind(c, b+b+b+b, cel.bind(d, c+c+c+c, cel.bind(e, d+d+d+d, cel.bind(f, e+e+e+e, cel.bind(g, f+f+f+f, cel.bind(h, g+g+g+g, cel.bind(i, h+h+h+h, cel.bind(j, i+i+i+i, cel.bind(k, j+j+j+j, cel.bind(l, k+k+k+k, l.size() > 0))))))))))))',
  ])('cannot run for ever without reading a cell either', (where) => {
    const rule = `plugin: pslist\nwhere: '${where}'`;
    expect(ruleOn(rule, { pslist: [process(1, 'p')] }, undefined, 100_000).unread).toEqual([
      'the rule takes too many steps on this snapshot, and was given up',
    ]);
  });
});
