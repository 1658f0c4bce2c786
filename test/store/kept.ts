import type { KeptFinding, KeptVerdict } from '../../src/store/findings.ts';

/** A finding that a store keeps: `fingerprint` tells it from others. */
export const finding = (fingerprint: string, more: Partial<KeptFinding> = {}): KeptFinding => ({
  rule: 'hidden-program',
  severity: 'high',
  title: 'A program hides',
  message: `${fingerprint} hides`,
  plugin: 'pslist',
  row: '{"pid":7}',
  fingerprint,
  suppressed: null,
  isNew: true,
  ...more,
});

/** A verdict with these findings. */
export const verdict = (findings: readonly KeptFinding[], more: Partial<KeptVerdict> = {}): KeptVerdict => ({
  policy: 'drawn',
  digest: 'd1',
  rules: { passed: 3, failed: 1, unevaluated: 1, skipped: 2 },
  unread: [
    { rule: 'dark', severity: 'low', outcome: 'unevaluated', reasons: ['the list breaks'] },
    { rule: 'hidden-program', severity: 'high', outcome: 'failed', reasons: ['a page is missing'] },
  ],
  notes: ['a suppression has expired'],
  findings,
  ...more,
});
