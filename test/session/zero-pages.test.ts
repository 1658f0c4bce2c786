// Pages of zeros in the image of a kernel, as a program leaves them that could not read memory in time.

import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { tasks } from '../../src/kernel/linux/process/processes.ts';
import { PAGE_BYTES } from '../../src/memory/source.ts';
import { type Session, startSession } from '../../src/session/session.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { Overlay } from '../support/overlay.ts';

let snapshot: Snapshot;
let overlay: Overlay;
let whole: Session;

const begin = (): Session =>
  startSession({ ...snapshot, memory: overlay.memory() }, { likely: [physical(0)] });

beforeAll(() => {
  snapshot = openSnapshot('samples/web-1/after.kdump');
  overlay = new Overlay(snapshot.contents.source);
  whole = begin();
});
afterEach(() => overlay.mend());

/** Fills pages of the image with zeros, from a symbol on. */
function fill(symbol: '_stext' | '__start_BTF', first: number, count: number): void {
  const at = Number(BigInt.asUintN(64, whole.kernel.symbol(symbol) - whole.located.delta));
  for (let page = first; page < first + count; page++)
    overlay.damage((Math.floor(at / PAGE_BYTES) + page) * PAGE_BYTES, new Uint8Array(PAGE_BYTES));
}

const said = (session: Session): string[] =>
  session.facts.kernel.notes.filter((note) => note.includes('are zeros'));

describe('pages of zeros in a kernel’s image', () => {
  it('are none in one that is whole', () => {
    expect(said(whole)).toEqual([]);
  });

  it.each([
    ['_stext', 200],
    ['__start_BTF', 100],
  ] as const)('are counted where there are many behind %s', (symbol, count) => {
    fill(symbol, 50, count);
    const session = begin();
    expect(said(session)).toHaveLength(1);
    expect(said(session)[0]).toMatch(
      new RegExp(`^${count} of \\d+ pages of the kernel's code and BTF are zeros`),
    );
    expect([...tasks(session.kernel)].length).toBe([...tasks(whole.kernel)].length);
  });

  it('cost no more of what the kernel says of itself than pages that are missing', () => {
    fill('__start_BTF', 300, 1);
    const { facts } = begin();
    expect(facts.kernel.confidence).toBe('likely');
    expect(facts.kernel.notes.join('\n')).toContain('pages of its BTF are missing');
  });
});
