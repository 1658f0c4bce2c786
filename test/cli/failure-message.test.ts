// What channels are told of a snapshot that could not be read.
// The path and the reason may be a stranger's: file names, and words that a format quotes.
import { describe, expect, it } from 'vitest';
import { failureMessageOf } from '../../src/cli/terminal/failure-message.ts';

const failure = { path: '/snapshots/a\x1b[2J.raw', why: 'no kernel', isFinal: false, of: ['1', '2', 4096] };

describe('a message about a failure', () => {
  it('is a document that says which snapshot it was, and that it is a failure', () => {
    const { id, body } = failureMessageOf(failure, 'webhook');
    const { vestige, schema, ...told } = JSON.parse(body) as Record<string, unknown>;
    expect({ vestige: typeof vestige, schema: typeof schema }).toEqual({
      vestige: 'string',
      schema: 'number',
    });
    expect(told).toEqual({
      ...{ id, event: 'failed', snapshot: '/snapshots/a\x1b[2J.raw' },
      ...{ why: 'no kernel', isFinal: false },
    });
  });

  it('is a line for the system’s log, without what a terminal would obey', () => {
    const { id, body } = failureMessageOf({ ...failure, isFinal: true }, 'syslog');
    expect(body).toBe(
      `could not be read: /snapshots/a\\x1b[2J.raw: no kernel; it is not tried again [id ${id}]`,
    );
  });

  it('has the same name for the same failure, another for every channel and file', () => {
    const idOf = (more: object, channel = 'webhook'): string =>
      failureMessageOf({ ...failure, ...more }, channel).id;
    expect(idOf({ path: '/moved', why: 'in other words', isFinal: true })).toBe(idOf({}));
    expect(new Set([idOf({}), idOf({}, 'syslog'), idOf({ of: ['1', '3', 4096] })]).size).toBe(3);
  });
});
