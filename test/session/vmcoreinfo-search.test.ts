import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PAGE_BYTES } from '../../src/memory/source.ts';
import { VmcoreinfoSearch } from '../../src/session/linux/vmcoreinfo-search.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { Overlay } from '../support/overlay.ts';
import { drawMemory } from '../support/writers.ts';
import { writeKdump } from '../support/writers-kdump.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
const ALL = (): boolean => false;
let snapshot: Snapshot;
let overlay: Overlay;

/** The sample without the note that its file carries, its pages unpacked. */
const unpacked = (): Snapshot => ({
  ...snapshot,
  contents: { ...snapshot.contents, vmcoreinfo: null },
  memory: overlay.memory(),
});

const put = (at: number, text: string): void =>
  overlay.damage(at, Buffer.from(text.padEnd(PAGE_BYTES, '\0'), 'latin1'));

const textOf = (number: number): string =>
  `OSRELEASE=6.0.${number}\nSYMBOL(swapper_pg_dir)=ffffffff82610000\n`;

beforeAll(() => {
  snapshot = openSnapshot('samples/web-1/after.kdump');
  overlay = new Overlay(snapshot.contents.source);
});

afterEach(() => overlay.mend());

describe('a search for VMCOREINFO', () => {
  it('finds in packed pages what it finds in plain ones', () => {
    const packed = { ...snapshot, contents: { ...snapshot.contents, vmcoreinfo: null } };
    const found = [...new VmcoreinfoSearch(packed, [], ALL)];
    expect(found).toEqual([...new VmcoreinfoSearch(unpacked(), [], ALL)]);
    expect(found.length).toBeGreaterThan(0);
  });

  it('finds a text within a packed block that is larger than a page', () => {
    const text = Buffer.from(textOf(1), 'latin1');
    const bytes = Buffer.alloc(0x40000);
    text.copy(bytes, 0x25000);
    const memory = drawMemory(new Map([[0, bytes]]));
    const path = scratch.path('blocks');
    writeKdump(path, memory, { blockBytes: 65536 });
    const blocks = openSnapshot(path);
    expect([...new VmcoreinfoSearch(blocks, [], ALL)]).toEqual([{ text: textOf(1), at: 0x25000 }]);
    blocks.file.close();
  });

  it('yields each text once, those in likely places first, and knows that it has seen all of memory', () => {
    put(0x3000, textOf(1));
    put(0x7000, textOf(2));
    put(0x8000, textOf(1));
    const [first] = [...new VmcoreinfoSearch(unpacked(), [], ALL)];
    expect(first).toEqual({ text: textOf(1), at: 0x3000 });
    const search = new VmcoreinfoSearch(unpacked(), [0x8000 as never], ALL);
    const texts = [...search].map(({ text, at }) => [text.split('\n')[0], at]);
    expect(texts.slice(0, 2)).toEqual([
      ['OSRELEASE=6.0.1', 0x8000],
      ['OSRELEASE=6.0.2', 0x7000],
    ]);
    expect(new Set(texts.map(([text]) => text)).size).toBe(texts.length);
    expect(search.end).toBe('whole');
  });

  it('ends where there are more texts than any machine has, and says so', () => {
    for (let page = 0; page < 1100; page++) put(0x20_0000 + page * PAGE_BYTES, textOf(page));
    const search = new VmcoreinfoSearch(unpacked(), [], ALL);
    expect([...search]).toHaveLength(1024);
    expect(search.end).toBe('too many texts');
  });

  it('goes through no more memory than it may, and says so', () => {
    const search = new VmcoreinfoSearch(unpacked(), [], (bytes) => bytes >= 8 << 20);
    expect([...search]).toEqual([]);
    expect(search.end).toBe('too much memory');
  });
});
