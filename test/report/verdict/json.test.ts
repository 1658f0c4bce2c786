import { describe, expect, it } from 'vitest';
import env from '../../../plugins/env.ts';
import { verdictJson } from '../../../src/report/verdict/json.ts';
import {
  drawnFinding,
  drawnRule,
  eventful,
  judgedSnapshot,
  PROCESS_JSON,
  processes,
  processRow,
  ruleVerdict,
} from '../../support/verdicts.ts';

describe('a verdict as JSON', () => {
  it('counts findings by severity, and rules by what came of them', () => {
    expect(verdictJson(eventful(), [processes])['summary']).toEqual({
      findings: 2,
      bySeverity: { critical: 1, high: 1, medium: 0, low: 0, info: 0 },
      suppressed: { baseline: 1, policy: 1 },
      rules: { failed: 2, unevaluated: 1, passed: 2, skipped: 1 },
    });
  });

  it('names the snapshot and the kernel as every document does', () => {
    const judged = eventful();
    expect(verdictJson(judged, [processes])).toMatchObject({ ...judged.facts, policy: 'drawn' });
  });

  it('writes the cells of rows as tables in JSON have them', () => {
    const rule = drawnRule();
    const judged = judgedSnapshot([ruleVerdict(rule, [drawnFinding(rule, { fingerprint: 'f' })])]);
    expect(verdictJson(judged, [processes])['rules']).toEqual([
      {
        ...rule,
        outcome: 'failed',
        findings: [
          {
            severity: 'high',
            message: 'sshd (200) runs /tmp/.x, which is deleted',
            row: PROCESS_JSON,
            fingerprint: 'f',
            suppression: null,
          },
        ],
        unread: [],
      },
    ]);
  });

  it('has both forms of a row that has changed, and no row where their number is the finding', () => {
    const changed = drawnRule({ change: 'changed' });
    const counted = drawnRule({ id: 'too-many' });
    const judged = judgedSnapshot([
      ruleVerdict(changed, [drawnFinding(changed, { before: processRow({ name: 'ssh' }) })]),
      ruleVerdict(counted, [drawnFinding(counted, { row: null })]),
    ]);
    expect(verdictJson(judged, [processes])['rules']).toMatchObject([
      { findings: [{ before: { name: 'ssh' }, row: { name: 'sshd' } }] },
      { findings: [{ row: null }] },
    ]);
  });

  it('does not repeat what is confidential', () => {
    const rule = drawnRule({ plugin: 'env' });
    const row = { pid: 12, name: 'DB_PASSWORD', value: 'correct horse' };
    const judged = judgedSnapshot([ruleVerdict(rule, [drawnFinding(rule, { row })])]);
    expect(verdictJson(judged, [env])['rules']).toMatchObject([
      { findings: [{ row: { pid: 12, name: 'DB_PASSWORD', value: 'hidden' } }] },
    ]);
  });
});
