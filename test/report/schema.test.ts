import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { BadSnapshot } from '../../src/base/errors.ts';
import { jsonPresenter } from '../../src/report/json.ts';
import { verdictJson } from '../../src/report/verdict/json.ts';
import { spawning } from '../cli/spawned.ts';
import { drawnPlugin, fakeFacts } from '../support/fake-session.ts';
import {
  drawnFinding,
  drawnRule,
  eventful,
  judgedSnapshot,
  processes,
  ruleVerdict,
} from '../support/verdicts.ts';
import { scratchFolder } from '../support/writers-scratch.ts';
import { Hostile } from './hostile.ts';
import { answerOf, present } from './present.ts';

const ajv = new Ajv2020({ strict: false, allErrors: false });
addFormats.default(ajv);
const isValid = ajv.compile(JSON.parse(readFileSync('schema/document.json', 'utf8')));

const flawsOf = (document: unknown): unknown => (isValid(document) ? [] : isValid.errors);

const [BEFORE, AFTER] = ['samples/web-1/before.kdump', 'samples/web-1/after.kdump'] as const;
const scratch = scratchFolder();
const vestige = spawning(scratch.path(''));

describe('the published schema of what --json prints', () => {
  it.each([
    ['one question', ['pslist', AFTER]],
    ['several snapshots, one of which cannot be read', ['sockets', BEFORE, 'gone.raw']],
    ['a snapshot that cannot be read', ['pslist', './gone.raw']],
    ['info', ['info', AFTER]],
    ['info of a file that is none', ['info', './package.json']],
    ['triage', ['triage', AFTER]],
    ['explain', ['explain', AFTER, 'init_task']],
    ['explain of what is nowhere', ['explain', AFTER, '0x1234']],
    ['read', ['read', AFTER, 'init_task', '--length', '16']],
    ['read of what is nowhere', ['read', AFTER, '0x1234']],
    ['dump', ['dump', AFTER, '--pid', '1', '--output', scratch.path('core')]],
    ['convert', ['convert', AFTER, scratch.path('lime'), '--to', 'lime']],
    ['type', ['type', AFTER, 'sk_buff']],
    ['type at an address', ['type', AFTER, 'task_struct', 'init_task']],
    ['diff', ['diff', BEFORE, AFTER]],
    ['timeline', ['timeline', BEFORE, AFTER]],
    ['check', ['check', BEFORE, AFTER]],
    ['check of a snapshot that cannot be read', ['check', './gone.raw']],
    ['a policy', ['policy', 'list']],
    ['sql', ['sql', 'select * from pslist limit 3']],
  ])('describes that of %s', (_, words) => {
    const { stdout } = vestige(...words, '--json');
    expect(flawsOf(JSON.parse(stdout))).toEqual([]);
  });

  it('describes rows, notes and errors whatever they hold', async () => {
    const hostile = new Hostile(41);
    for (let round = 0; round < 50; round++) {
      const rows = [
        { name: hostile.text(), size: BigInt(hostile.below(1 << 30)) << 40n, at: { absent: 'swapped' } },
      ];
      const plugin = drawnPlugin({ name: 'text', size: 'int', at: 'address' }, rows);
      const answer = answerOf(plugin, rows, {
        notes: [hostile.text()],
        failure: new BadSnapshot(hostile.text()),
      });
      const { out } = await present(jsonPresenter('0.1.0', false), [
        { facts: fakeFacts(), answers: [answer] },
      ]);
      expect(flawsOf(JSON.parse(out))).toEqual([]);
      const rule = drawnRule({ title: hostile.text() });
      const judged = judgedSnapshot([
        ruleVerdict(rule, [drawnFinding(rule, { message: hostile.text() })], { unread: [hostile.text()] }),
      ]);
      for (const one of [judged, eventful()])
        expect(
          flawsOf({
            vestige: '0.1.0',
            schema: 1,
            ...JSON.parse(JSON.stringify(verdictJson(one, [processes]))),
          }),
        ).toEqual([]);
    }
  });

  it.each([
    [{}],
    [{ vestige: '1', schema: 2, snapshot: { path: 'x' }, error: { code: 'a', message: 'b' } }],
    [{ vestige: '1', schema: 1, snapshot: { path: 'x' }, error: { code: 'A!', message: 'b' } }],
    [{ vestige: '1', schema: 1, snapshot: { path: 'x' }, error: { code: 'a', message: 'b' }, more: 1 }],
    [{ vestige: '1', schema: 1, columns: ['a'], rows: [{ a: [1] }] }],
    [{ vestige: '1', schema: 1, columns: ['a'], rows: [{ a: { absent: 1 } }] }],
  ])('would notice %j', (document) => {
    expect(isValid(document)).toBe(false);
  });
});
