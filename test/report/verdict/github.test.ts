import { marked } from 'marked';
import { describe, expect, it } from 'vitest';
import type { Severity } from '../../../src/policy/verdict.ts';
import { githubAnnotations, githubSummary } from '../../../src/report/verdict/github.ts';
import {
  drawnFinding,
  drawnRule,
  eventful,
  judgedSnapshot,
  judgement,
  ruleVerdict,
  unreadSnapshot,
} from '../../support/verdicts.ts';
import { Hostile } from '../hostile.ts';

/** What a runner makes of a line: the command, its properties and its message. After `ActionCommand.cs` of actions/runner. */
function commandIn(line: string): { name: string; properties: Record<string, string>; message: string } {
  const [, info, message] = /^::(.*?)::(.*)$/s.exec(line)!;
  const [name, rest = ''] = info!.split(/ (.*)/s);
  const undone = (text: string): string =>
    text
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%25', '%');
  const properties = Object.fromEntries(
    rest.split(',').map((pair) => pair.split(/=(.*)/s).slice(0, 2).map(undone)),
  );
  return { name: name!, properties, message: undone(message!) };
}

const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);

describe('annotations of GitHub', () => {
  it('are a workflow command for each finding and for what could not be evaluated', () => {
    expect(githubAnnotations(judgement([eventful()]))).toBe(`\
::error file=memory.raw,title=shell-on-socket%3A A shell reads its commands from a socket::bash (183), of user 33: socket:[2040]
::error file=memory.raw,title=deleted-executable%3A A program runs whose file is deleted::sshd (200) runs /tmp/.x, which is deleted
::error file=memory.raw,title=auditd-runs%3A could not be evaluated::pslist stopped early: 0xffff888003a8c000 is not mapped
`);
  });

  it('tell first of a snapshot that could not be read', () => {
    const lines = linesOf(githubAnnotations(judgement([eventful()], [unreadSnapshot()])));
    expect(lines).toHaveLength(4);
    expect(lines[0]).toBe(
      '::error file=torn.raw,title=the snapshot could not be read::torn.raw is cut in the middle of its header',
    );
  });

  it('of snapshots that could not be read quote the evidence so that it acts on nothing', () => {
    const hostile = new Hostile(33);
    for (let round = 0; round < 100; round++) {
      const path = `${hostile.text()}\n::error::x,y=%0A|<b>`;
      const text = githubAnnotations(judgement([], [unreadSnapshot(path, hostile.text())]));
      const [line, ...more] = linesOf(text);
      expect(more).toEqual([]);
      expect(Object.keys(commandIn(line!).properties)).toEqual(['file', 'title']);
      const summary = githubSummary(judgement([], [unreadSnapshot(path)]));
      expect(summary).toMatch(/^## 1 snapshot could not be read\n\n- [^\n]*\n$/);
      expect(summary).not.toMatch(/<b>|\|/);
    }
  });

  it('are none where there is nothing to tell', () => {
    expect(githubAnnotations(judgement([judgedSnapshot([ruleVerdict(drawnRule(), [])])]))).toBe('');
  });

  it('are no more of a level than are shown, and the last tells how many are left out', () => {
    const some = (severity: Severity, count: number) => {
      const rule = drawnRule({ severity, id: `some-${severity}` });
      return ruleVerdict(
        rule,
        Array.from({ length: count }, (_, index) => drawnFinding(rule, { message: `${severity} ${index}` })),
      );
    };
    const lines = linesOf(
      githubAnnotations(
        judgement([judgedSnapshot([some('low', 3), some('medium', 10), some('critical', 25)])]),
      ),
    );
    const of = (level: string): string[] => lines.filter((line) => line.startsWith(`::${level} `));
    expect(of('error')).toHaveLength(10);
    expect(of('error').at(-1)).toBe('::error title=vestige::16 more of this level');
    expect(of('warning')).toHaveLength(10);
    expect(of('warning').at(-1)).toMatch(/::medium 9$/);
    expect(of('notice')).toHaveLength(3);
  });

  it('give back what was said, in one line each, and nothing of the evidence begins another command', () => {
    const hostile = new Hostile(3);
    for (let round = 0; round < 300; round++) {
      const text = (): string =>
        `${hostile.text()}\n::error::x\r\n::stop-commands::y%0A::add-mask::z,line=1::##[error]\u2028::set-env`;
      const rule = drawnRule({ title: text() });
      const finding = drawnFinding(rule, { message: text() });
      const judged = judgedSnapshot([ruleVerdict(rule, [finding])], { path: text() });
      const lines = githubAnnotations(judgement([judged])).split(/\r\n|[\n\r\u0085\u2028\u2029]/);
      expect(lines).toHaveLength(2);
      const { name, properties, message } = commandIn(lines[0]!);
      expect(name).toBe('error');
      expect(Object.keys(properties)).toEqual(['file', 'title']);
      expect(message).toContain(
        '\\x0a::error::x\\x0d\\x0a::stop-commands::y%0A::add-mask::z,line=1::##[error]\\u2028',
      );
    }
  });
});

describe('the summary of a job', () => {
  it('tells the verdict as Markdown', async () => {
    const html = await marked(githubSummary(judgement([eventful()])));
    expect(html).toContain('<h2>guest: 2 findings (1 critical, 1 high)</h2>');
    expect(textOf(html)).toContain(
      'critical shell-on-socket bash (183), of user 33: socket:[2040] T1059.004 T1095',
    );
    expect(textOf(html)).toContain(
      'Could not be evaluated auditd-runs: pslist stopped early: 0xffff888003a8c000 is not mapped',
    );
    expect(textOf(html)).toContain(
      '2 rules passed, 1 skipped; suppressed: 1 by the baseline, 1 by the policy.',
    );
  });

  it('says that nothing was found', async () => {
    expect(
      await marked(githubSummary(judgement([judgedSnapshot([ruleVerdict(drawnRule(), [])])]))),
    ).toContain('<h2>guest: nothing found</h2>');
  });

  it('counts the findings beyond those it lists', () => {
    const rule = drawnRule();
    const judged = judgedSnapshot([ruleVerdict(rule, Array(250).fill(drawnFinding(rule)))]);
    expect(githubSummary(judgement([judged]))).toContain('\n| | | and 50 more | |\n');
  });

  it('stays below the size that GitHub refuses, and says what it left out', () => {
    const rule = drawnRule();
    const finding = drawnFinding(rule, { message: '/'.repeat(300) });
    const judged = judgedSnapshot([ruleVerdict(rule, Array(200).fill(finding))]);
    const summary = githubSummary(judgement(Array(10).fill(judged)));
    expect(Buffer.byteLength(summary)).toBeLessThan(1 << 20);
    expect(summary).toMatch(/There is no room for \d+ more snapshots\.\n$/);
  });

  it('has no markup, link or mention of the evidence', async () => {
    const hostile = new Hostile(5);
    const nasty =
      '<img src=x onerror=y> ![i](http://evil.example) [l](//evil.example) www.evil.example https://evil.example @root #1 `c` | **b** $x$ &lt; <!-- \n\n# h\n- l';
    for (let round = 0; round < 100; round++) {
      const text = (): string => nasty + hostile.text();
      const rule = drawnRule({ attack: ['T1059.004'] });
      const judged = judgedSnapshot(
        [ruleVerdict(rule, [drawnFinding(rule, { message: text() })], { unread: [text()] })],
        { path: text(), notes: [text()] },
      );
      const html = await marked(githubSummary(judgement([judged])), { gfm: true });
      expect([...html.matchAll(/href="([^"]*)"/g)].map(([, link]) => link)).toEqual([
        'https://attack.mitre.org/techniques/T1059/004/',
      ]);
      expect(
        [...html.matchAll(/<(\w+)/g)].map(([, tag]) => tag).filter((tag) => !EXPECTED.has(tag!)),
      ).toEqual([]);
      expect(textOf(html)).toContain('<img src=x onerror=y> ![i](http://evil.example)');
    }
  });
});

const EXPECTED = new Set(['h2', 'h3', 'p', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'ul', 'li', 'a']);

/** The words that a page shows. */
const textOf = (html: string): string =>
  html
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(?:#(\d+)|(\w+));/g, (_, number, name) =>
      number === undefined
        ? { lt: '<', gt: '>', amp: '&', quot: '"' }[name as string]!
        : String.fromCodePoint(number),
    )
    .replace(/\s+/g, ' ');
