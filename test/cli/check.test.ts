import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { policyOf } from '../policy/drawn.ts';
import { scratchFolder } from '../support/writers-scratch.ts';
import { spawning } from './spawned.ts';

const [BEFORE, AFTER] = ['samples/web-1/before.kdump', 'samples/web-1/after.kdump'] as const;
const scratch = scratchFolder();

const vestige = spawning(scratch.path(''));

/** A file in the scratch folder. */
function file(name: string, text: string): string {
  const path = scratch.path(name);
  writeFileSync(path, text);
  return path;
}

const SHELL =
  'plugin: sockets\nwhere: row.fd == 0 && row.process.matches("^(ba)?sh$")\nmessage: "{row.process} talks to {row.remoteAddress}"';
const LISTENER =
  'plugin: sockets\nchange: added\nwhere: row.state == "LISTEN" && row.family == "inet"\nmessage: "{row.process} listens on {row.localPort}"';
const shell = file('shell.yaml', policyOf(SHELL));
const listener = file('listener.yaml', policyOf(LISTENER));

interface Document {
  readonly summary: { readonly findings: number; readonly suppressed: { readonly baseline: number } };
  readonly rules: readonly {
    readonly id: string;
    readonly outcome: string;
    readonly findings: readonly { readonly message: string; readonly fingerprint: string }[];
  }[];
  readonly notes: readonly string[];
}

const document = (...words: string[]): Document =>
  JSON.parse(vestige('check', ...words, '--json').stdout) as Document;
const messages = ({ rules }: Document): string[] =>
  rules.flatMap(({ findings }) => findings.map(({ message }) => message));

describe('vestige check', () => {
  it('ends with 1 where something is found, and with 0 where nothing is', () => {
    const found = vestige('check', AFTER, '--policy', shell);
    expect([found.status, found.stderr]).toEqual([1, '']);
    expect(found.stdout).toContain('bash talks to 203.0.113.66');
    expect(vestige('check', BEFORE, '--policy', shell)).toMatchObject({ status: 0, stderr: '' });
  });

  it('uses the policy that ships where none is named', () => {
    expect(vestige('check', BEFORE, AFTER)).toMatchObject({ status: 1, stderr: '' });
    expect(document(AFTER).rules.length).toBeGreaterThan(3);
  });

  it('fails from the severity on that it is told', () => {
    expect(vestige('check', AFTER, '--policy', shell, '--fail-on', 'high').status).toBe(1);
    expect(vestige('check', AFTER, '--policy', shell, '--fail-on', 'critical').status).toBe(0);
  });

  it('compares each snapshot with the one before of its machine by the guest’s clock, or with the one that is named', () => {
    const both = JSON.parse(
      vestige('check', AFTER, BEFORE, '--policy', listener, '--json').stdout,
    ) as Document[];
    expect(both.map(messages)).toEqual([['kworker/0:3 listens on 31337'], []]);
    expect(both[1]!.notes).toEqual([
      'a rule looks at differences and was skipped: there is no snapshot before it to compare with: --since names one',
    ]);
    expect(messages(document(AFTER, '--policy', listener, '--since', BEFORE))).toEqual([
      'kworker/0:3 listens on 31337',
    ]);
  });

  it('makes one policy of several', () => {
    const second = file(
      'second.yaml',
      policyOf(LISTENER).replace('id: rule-1', 'id: rule-2').replace('name: drawn', 'name: second'),
    );
    const { stdout } = vestige('check', BEFORE, AFTER, '--policy', shell, '--policy', second, '--json');
    const [, after] = JSON.parse(stdout) as (Document & { policy: string })[];
    expect(after!.policy).toBe('drawn + second');
    expect(messages(after!)).toEqual(['bash talks to 203.0.113.66', 'kworker/0:3 listens on 31337']);
  });

  it('follows what a policy includes from where it lies', () => {
    const including = file(
      'including.yaml',
      'version: 1\nname: including\ninclude: [./shell.yaml, cloud-linux]\nseverity: { rule-1: info }',
    );
    const link = scratch.path('link.yaml');
    symlinkSync(including, link);
    const { rules } = document(AFTER, '--policy', link);
    expect(rules.length).toBeGreaterThan(3);
    expect(rules.find(({ id }) => id === 'rule-1')!.outcome).toBe('failed');
  });

  it('prints in every format, the same to a file', () => {
    const starts = {
      json: '{',
      sarif: '{',
      junit: '<?xml',
      github: '::error',
      markdown: '## web&#45;1: ',
      text: 'web-1',
    };
    for (const [format, start] of Object.entries(starts)) {
      const words = ['check', AFTER, '--policy', shell, '--format', format];
      const { stdout, status } = vestige(...words);
      expect([format, status, stdout.startsWith(start)]).toEqual([format, 1, true]);
      const output = scratch.path(`verdict.${format}`);
      expect(vestige(...words, '--output', output)).toEqual({ status: 1, stdout: '', stderr: '' });
      expect(readFileSync(output, 'utf8')).toBe(stdout);
    }
  });

  it('gives findings fingerprints that the next snapshot has too', () => {
    const prints = (snapshot: string): string[] => {
      const processes = file(
        'processes.yaml',
        policyOf(
          'plugin: pslist\nwhere: "!row.kernel"',
          'plugin: maps\nwhere: row.path.endsWith("libc.so.6") && row.flags.contains("x")',
        ),
      );
      return document(snapshot, '--policy', processes).rules.flatMap(({ findings }) =>
        findings.map(({ fingerprint }) => fingerprint),
      );
    };
    const before = new Set(prints(BEFORE));
    const kept = prints(AFTER).filter((print) => before.has(print));
    expect(kept.length).toBeGreaterThan(15);
  });

  it('judges the rows of a plugin that it has never seen', () => {
    const plugin = file(
      'threads.mjs',
      `export default {
        name: 'thread-names', summary: 'List names', example: '', version: 1,
        walker: 'processes',
        columns: { pid: { int: (task) => task.pid }, word: { text: (task) => task.name }, 'is-first': { flag: (task) => task.pid === 1 } },
        identity: ['pid'],
      };`,
    );
    const policy = file(
      'threads.yaml',
      policyOf(
        'plugin: thread-names\nwhere: row["is-first"] && process.name == row.word\nmessage: "{row.word} is first"',
        'plugin: pslist\nwhere: its["thread-names"].exists(t, t.word == "auditd")\nmessage: "{row.name}"',
      ),
    );
    expect(messages(document(BEFORE, '--policy', policy, '--plugin', plugin))).toEqual([
      'init is first',
      'auditd',
    ]);
    const typo = file('typo.yaml', policyOf('plugin: thread-names\nwhere: row.wrod == "x"'));
    expect(vestige('check', BEFORE, '--policy', typo, '--plugin', plugin)).toEqual({
      status: 2,
      stdout: '',
      stderr: `vestige: ${typo}:8:16: rule "rule-1": there is no column wrod in thread-names (did you mean word?)\n`,
    });
  });
});

describe('what could not be evaluated', () => {
  const unread = file('unread.yaml', policyOf('plugin: pslist\nwhere: int(row.name) == 1'));

  it('fails, unless it is to pass or to be below what fails', () => {
    expect(vestige('check', BEFORE, '--policy', unread).status).toBe(1);
    expect(vestige('check', BEFORE, '--policy', unread, '--unevaluated', 'pass').status).toBe(0);
    expect(vestige('check', BEFORE, '--policy', unread, '--fail-on', 'critical').status).toBe(0);
  });
});

describe('a baseline', () => {
  it('is written of what is found, and lets that pass from then on', () => {
    const baseline = scratch.path('web-1.json');
    expect(vestige('check', AFTER, '--policy', shell, '--write-baseline', baseline)).toMatchObject({
      status: 0,
      stderr: '',
    });
    const { status, stdout } = vestige('check', AFTER, '--policy', shell, '--baseline', baseline, '--json');
    expect(status).toBe(0);
    expect((JSON.parse(stdout) as Document).summary).toMatchObject({
      findings: 0,
      suppressed: { baseline: 1 },
    });
    expect(document(BEFORE, '--policy', shell, '--baseline', baseline).notes).toEqual([
      'of the baseline, rule-1 finds no more: bash talks to 203.0.113.66',
    ]);
  });

  it('of another machine, of a newer form, or that is none, is refused before anything is printed', () => {
    const made = scratch.path('made.json');
    vestige('check', AFTER, '--policy', shell, '--write-baseline', made);
    const whole = JSON.parse(readFileSync(made, 'utf8')) as object;
    const refused: readonly (readonly [string, string, string])[] = [
      [
        'other.json',
        JSON.stringify({ ...whole, machine: { id: 'x', hostname: 'db-1' } }),
        'is the baseline of another machine: db-1 (x), and this is web-1',
      ],
      [
        'newer.json',
        JSON.stringify({ ...whole, baseline: 9, vestige: '7.0.0' }),
        'is a baseline of form 9, written by vestige 7.0.0; this one reads form 1',
      ],
      [
        'cut.json',
        readFileSync(made, 'utf8').slice(0, 100),
        'is no baseline, or not a whole one: it is no JSON',
      ],
      ['none.json', '{}', 'is no baseline'],
    ];
    for (const [name, text, message] of refused) {
      const path = file(name, text);
      expect(vestige('check', AFTER, '--policy', shell, '--baseline', path)).toEqual({
        status: 2,
        stdout: '',
        stderr: `vestige: ${path} ${message}\n`,
      });
    }
  });
});

describe('what cannot be done', () => {
  it.each([
    ['a policy that is not there', ['--policy', './gone.yaml'], 'cannot read ./gone.yaml: no such file'],
    [
      'a policy that does not ship',
      ['--policy', 'clod-linux'],
      /^there is no policy clod-linux \(did you mean cloud-linux\?\); there are .*cloud-linux.*, and files: \.\/clod-linux\.yaml$/,
    ],
    ['a policy that is a folder', ['--policy', './policies'], 'cannot read ./policies: it is a folder'],
    ['a policy that is a snapshot', ['--policy', AFTER], `${AFTER} is larger than 1 MiB`],
    [
      'a policy that is no text',
      ['--policy', './test/support/../../samples/web-1/../web-1/binary'],
      'cannot read ./test/support/../../samples/web-1/../web-1/binary: no such file',
    ],
    [
      'a severity that is none',
      ['--fail-on', 'hihg'],
      '--fail-on wants one of info, low, medium, high, critical, not hihg (did you mean high?)',
    ],
    [
      'a format that is none',
      ['--format', 'sarf'],
      '--format wants one of text, json, sarif, junit, github, markdown, not sarf (did you mean sarif?)',
    ],
    ['formats that contradict', ['--json', '--format', 'text'], '--json contradicts --format'],
    [
      'a snapshot before that is not there',
      ['--since', 'gone.kdump'],
      'cannot open gone.kdump: no such file, and no machine of this name is remembered',
    ],
    ['a baseline that is not there', ['--baseline', 'gone.json'], 'cannot read gone.json: no such file'],
    [
      'a baseline of several snapshots',
      [BEFORE, '--write-baseline', 'x.json'],
      'a baseline is written of one snapshot',
    ],
  ])('%s is told in a line, with exit code 2', (_, words, message) => {
    const { status, stdout, stderr } = vestige('check', AFTER, ...words);
    expect([status, stdout]).toEqual([2, '']);
    if (typeof message === 'string') expect(stderr).toBe(`vestige: ${message}\n`);
    else expect(stderr.replace(/^vestige: |\n$/g, '')).toMatch(message);
  });

  it('an output or a baseline that cannot be written leaves no half of a file', () => {
    const folder = dirname(shell);
    const there = readdirSync(folder);
    for (const flag of ['--output', '--write-baseline']) {
      const path = join(folder, 'no-such-folder', 'verdict');
      const { status, stderr } = vestige('check', AFTER, '--policy', shell, flag, path);
      expect([status, stderr]).toEqual([2, `vestige: cannot write ${path}: ENOENT\n`]);
    }
    expect(readdirSync(folder)).toEqual(there);
    expect(
      existsSync('/dev/full') ? vestige('check', AFTER, '--policy', shell, '--output', '/dev/full') : null,
    ).toEqual(
      existsSync('/dev/full')
        ? { status: 2, stdout: '', stderr: 'vestige: cannot write /dev/full: ENOSPC\n' }
        : null,
    );
  });

  it('a snapshot that cannot be read does not keep the others from being judged', () => {
    const { status, stdout, stderr } = vestige('check', 'gone.kdump', AFTER, '--policy', shell);
    expect([status, stderr]).toEqual([
      2,
      'vestige: cannot open gone.kdump: no such file, and no machine of this name is remembered\n',
    ]);
    expect(stdout).toContain('bash talks to 203.0.113.66');
  });

  it.each([
    ['text', /^gone\.kdump\ncould not be read\n {2}cannot open gone\.kdump: no such file/],
    ['json', /"error": \{\n {4}"code": "unreadable-file"/],
    ['sarif', /"executionSuccessful": false[\s\S]*"level": "error"[\s\S]*cannot open gone\.kdump/],
    [
      'junit',
      /<testsuites name="vestige" tests="1" failures="0" errors="1"[\s\S]*<error type="unreadable-file"/,
    ],
    ['github', /^::error file=gone\.kdump,title=the snapshot could not be read::cannot open gone\.kdump/],
    ['markdown', /^## 1 snapshot could not be read\n\n- cannot open gone&#46;kdump/],
  ])('a snapshot that cannot be read is an error in %s, alone too', (format, expected) => {
    const { status, stdout } = vestige('check', 'gone.kdump', '--policy', shell, '--format', format);
    expect(status).toBe(2);
    expect(stdout).toMatch(expected);
  });

  it('every problem of a policy has a line with its place', () => {
    const flawed = file(
      'flawed.yaml',
      policyOf(
        'plugin: pslist\nwhere: row.nmae == "x"',
        'plugin: sokets',
        'plugin: pslist\nwhere: row.name.matches("(")',
      ),
    );
    const { status, stdout, stderr } = vestige('check', AFTER, '--policy', flawed);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr.split('\n')).toEqual([
      `vestige: ${flawed}:8:16: rule "rule-1": there is no column nmae in pslist (did you mean name?)`,
      expect.stringMatching(
        /:12:13: rule "rule-2": there is no plugin sokets \(did you mean sockets\?\); there are /,
      ),
      `vestige: ${flawed}:17:29: rule "rule-3": the pattern cannot be used: missing closing ): \`(\``,
      '',
    ]);
  });
});

describe('vestige policy', () => {
  it('validates policies as compilers do, a line for each problem', () => {
    const flawed = file('invalid.yaml', policyOf('plugin: pslist\nwhere: row.nmae == "x"', 'plugin: sokets'));
    const { status, stdout } = vestige('policy', 'validate', shell, flawed, 'cloud-linux');
    expect(status).toBe(2);
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      `${shell}: drawn, 1 rule`,
      `${flawed}:8:16: rule "rule-1": there is no column nmae in pslist (did you mean name?)`,
      expect.stringMatching(
        /:12:13: rule "rule-2": there is no plugin sokets \(did you mean sockets\?\); there are /,
      ),
    ]);
    expect(vestige('policy', 'validate', shell)).toEqual({
      status: 0,
      stdout: `${shell}: drawn, 1 rule\n`,
      stderr: '',
    });
    expect(JSON.parse(vestige('policy', 'validate', flawed, '--json').stdout)).toMatchObject({
      policies: [
        {
          file: flawed,
          policy: null,
          rules: 0,
          problems: [{ file: flawed, line: 8, column: 16 }, { line: 12 }],
        },
      ],
    });
  });

  it('lists the rules of policies', () => {
    const { stdout } = vestige('policy', 'list', listener);
    expect(stdout.split('\n')).toEqual(
      [
        'id      severity  plugin         attack  title             ',
        'rule-1  high      sockets added          Something is wrong',
        '',
      ].map((line) => line.trimEnd()),
    );
    const { rules } = JSON.parse(vestige('policy', 'list', '--json').stdout) as { rules: { id: string }[] };
    expect(rules.length).toBeGreaterThan(3);
  });

  it('prints the schema that ships', () => {
    const { stdout } = vestige('policy', 'schema');
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync('policies/schema.json', 'utf8')));
  });
});
