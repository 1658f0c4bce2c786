import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import pslist from '../../plugins/pslist.ts';
import { Inquiry } from '../../src/inquiry/inquiry.ts';
import { Recall } from '../../src/inquiry/recall.ts';
import type { OpenSettings } from '../../src/inquiry/settings.ts';
import { SILENT } from '../support/silent.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const SAMPLE = 'samples/web-1/after.kdump';
const scratch = scratchFolder();
let recall: Recall;
let count = 0;

beforeEach(async () => {
  recall = await Recall.open({ cache: scratch.path(`cache-${count++}.sqlite`) }, SILENT);
});
afterEach(() => recall.close());

/** Asks for facts and an answer, and tells how closely the kernel was searched for and whether the file was read. */
async function asked(search: OpenSettings['search']): Promise<readonly [search: string, rows: number]> {
  const inquiry = await Inquiry.begin(SAMPLE, { settings: { search }, recall, listener: SILENT });
  try {
    const { kernel } = await inquiry.facts();
    return [kernel.search, (await inquiry.answers([pslist])).get('pslist')!.rows.length];
  } finally {
    inquiry.close();
  }
}

describe('how closely kernels are searched for', () => {
  it('is remembered with the facts, and what was searched more closely is good for all', async () => {
    const [search, rows] = await asked('quick');
    expect(search).toBe('proof');
    expect(await asked('proof')).toEqual(['proof', rows]);
    expect(await asked('whole')).toEqual(['whole', rows]);
    expect(await asked('quick')).toEqual(['whole', rows]);
  });

  it('lets no answer stand that is of another kernel than the one found now', async () => {
    await asked('quick');
    const identity = (await recall.identify(SAMPLE, ''))!;
    const facts = recall.facts(identity)!;
    recall.keepFacts(identity, {
      ...facts,
      kernel: { ...facts.kernel, pageTableRoot: '0x1000', search: 'part' },
    });
    expect(recall.answer(identity, pslist, '{}')).toBeDefined();
    const inquiry = await Inquiry.begin(SAMPLE, { settings: { search: 'proof' }, recall, listener: SILENT });
    expect((await inquiry.facts()).kernel.pageTableRoot).toBe('0x2a10000');
    inquiry.close();
    expect(recall.answer(identity, pslist, '{}')).toBeUndefined();
    expect(recall.facts(identity)?.kernel.pageTableRoot).toBe('0x2a10000');
  });
});
