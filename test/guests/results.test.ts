import { describe, expect, it } from 'vitest';
import { guestsNamed } from './catalog.ts';
import type { Result } from './compare/report.ts';
import { judgementOf } from './judgement.ts';
import { isAsGood, summarize } from './results.ts';

const [guest] = guestsNamed(['arm64-6.12-cloud-lva']);

function result(way: string, differences: readonly string[], explained?: readonly string[]): Result {
  const judgement = judgementOf(differences, explained);
  return {
    guest: guest!.name,
    way,
    plugin: 'env',
    rows: 7,
    differences,
    tolerated: { recorder: 2 },
    judgement,
  };
}

const partial = result('elf', ['env missing'], ['a page is not there']);
const wrong = result('lime', ['env pid 1', 'env pid 2']);

describe('what is kept of a guest', () => {
  it('counts rows once, and names the ways that were less than exact', () => {
    expect(summarize(guest!, '6.12', [result('raw', []), partial, wrong])).toEqual({
      kernel: '6.12',
      architecture: 'arm64',
      paging: '5 levels, 4 KiB pages, 52 bits',
      machine: '1 CPU, 512 MiB',
      ways: 'raw, elf, lime',
      questions: {
        env: { rows: 7, tolerated: 2, partial: { elf: 'a page is not there' }, not: { lime: 2 } },
      },
    });
  });

  it('lets nothing that was exact become partial, and nothing be wrong', () => {
    const before = summarize(guest!, '6.12', [result('elf', [])]);
    const known = summarize(guest!, '6.12', [partial]);
    expect(isAsGood(result('elf', []), undefined)).toBe(true);
    expect(isAsGood(partial, undefined)).toBe(false);
    expect(isAsGood(partial, before)).toBe(false);
    expect(isAsGood(partial, known)).toBe(true);
    expect(isAsGood({ ...partial, way: 'raw' }, known)).toBe(false);
    expect(isAsGood(wrong, summarize(guest!, '6.12', [wrong]))).toBe(false);
  });
});
