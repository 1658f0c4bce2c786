import { describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { EvidenceFault, NotCanonical, NotInSnapshot, NotPresent, Swapped } from '../../src/base/errors.ts';
import { Image, walkByTheBook } from '../support/image.ts';
import { Random } from '../support/random.ts';

const KERNEL = { 4: 0xffff_8880_0000_0000n, 5: 0xff11_0000_0000_0000n } as const;

function faultOf(read: () => unknown): unknown {
  try {
    read();
  } catch (fault) {
    return fault;
  }
  return undefined;
}

/** Page tables of every shape: random places, random page sizes, some entries wild. */
function randomTables(random: Random, levels: 4 | 5): { image: Image; addresses: bigint[] } {
  const image = new Image(levels);
  const addresses: bigint[] = [];
  for (let i = 0; i < 60; i++) {
    const size = random.pick(['4K', '4K', '2M', '1G'] as const);
    const bits = BigInt(levels === 5 ? 56 : 47);
    const spot = (BigInt(random.below(2 ** 30)) << 30n) | BigInt(random.below(2 ** 30));
    const half = BigInt.asUintN(Number(bits), spot << 12n);
    const high = random.below(2) === 1 ? (1n << 64n) - (1n << bits) : 0n;
    const grain = { '4K': 0xfffn, '2M': 0x1f_ffffn, '1G': 0x3fff_ffffn }[size];
    const address = (high | half) & ~grain;
    const to = random.below(2 ** 22) * 2 ** 30;
    if (!isFree(image, address)) continue;
    image.map(address, { size, pages: size === '4K' ? 3 : 1, to });
    addresses.push(address);
  }
  return { image, addresses };
}

/** A large page must not take the place of a table, nor the other way round. */
function isFree(image: Image, address: bigint): boolean {
  return (
    image
      .space()
      .paging.probe(
        image.memory(),
        Number(BigInt.asIntN(32, address >> 32n)),
        Number(BigInt.asIntN(32, address)),
      ) === -1
  );
}

/** Makes an entry of a lowest table one of PROT_NONE: not present, the frame inverted. */
function forbidSometimes(random: Random, image: Image, address: bigint, levels: 4 | 5): void {
  const { paging } = image.space();
  const steps = [...paging.steps(image.memory(), address)];
  if (steps.length < levels || random.below(3) > 0) return;
  const { at, entry } = steps.at(-1)!;
  image.put64(at, (~entry & 0x000f_ffff_ffff_f000n) | 0x100n);
}

describe.each([4, 5] as const)('x86-64 paging with %i levels', (levels) => {
  it('agrees with the manual on random tables, mapped and unmapped', () => {
    const random = new Random(levels);
    let mapped = 0;
    for (let round = 0; round < 10; round++) {
      const { image, addresses } = randomTables(random, levels);
      const space = image.space();
      const memory = image.memory();
      for (let i = 0; i < 2_000; i++) {
        const near = random.pick(addresses) + BigInt(random.below(0x8000));
        const address = BigInt.asUintN(
          64,
          random.below(3) === 0 ? near ^ (1n << BigInt(random.below(64))) : near,
        );
        const expected = walkByTheBook(memory, image.root, levels, address);
        let found: bigint | null = null;
        try {
          found = BigInt(space.translate(address));
        } catch (fault) {
          if (!(fault instanceof EvidenceFault)) throw fault;
        }
        expect(found).toBe(expected);
        if (expected !== null) mapped++;
      }
    }
    expect(mapped).toBeGreaterThan(5_000);
  });

  it('names every place of the user’s that maps a wanted frame, whoever may touch it', () => {
    const random = new Random(40 + levels);
    let found = 0;
    for (let round = 0; round < 10; round++) {
      const { image, addresses } = randomTables(random, levels);
      for (const address of addresses) forbidSometimes(random, image, address, levels);
      const memory = image.memory();
      const space = image.space();
      const { paging } = space;
      // Two pages of three of small ones are there besides the one that may be forbidden.
      const pages = addresses.map((address) => {
        const at = address + BigInt(4096 * random.below(3));
        return { at, frame: space.translate(at) as number };
      });
      const wanted = new Set(pages.filter(() => random.below(2) === 0).map(({ frame }) => frame));
      // Neighbours in the sixteen mebibytes that share a mark are others all the same.
      wanted.add(random.below(2 ** 20) * 2 ** 24);
      const told = new Map<string, number>();
      expect(paging.findFrames(memory, wanted, (frame, at) => told.set(String(at), frame))).toBe(0);
      for (const { at, frame } of pages) {
        const isUsers = at < 1n << 63n;
        expect(told.get(String(at))).toBe(isUsers && wanted.has(frame) ? frame : undefined);
      }
      for (const [at, frame] of told) {
        expect(wanted.has(frame)).toBe(true);
        expect(space.translate(BigInt(at))).toBe(frame);
      }
      found += told.size;
    }
    expect(found).toBeGreaterThan(50);
  });

  it.each(['4K', '2M', '1G'] as const)('reads a page of %s at its first and last byte', (size) => {
    const image = new Image(levels);
    const to = 2 ** 40;
    image.map(KERNEL[levels], { size, to });
    const last = { '4K': 0xfff, '2M': 0x1f_ffff, '1G': 0x3fff_ffff }[size];
    expect(image.space().translate(KERNEL[levels])).toBe(to);
    expect(image.space().translate(KERNEL[levels] + BigInt(last))).toBe(to + last);
    expect(faultOf(() => image.space().translate(KERNEL[levels] + BigInt(last) + 1n))).toBeInstanceOf(
      NotPresent,
    );
  });

  it('refuses addresses between the canonical halves, mapped or not', () => {
    const image = new Image(levels);
    image.map(0x7000n);
    const middle = levels === 5 ? 0x0100_0000_0000_7000n : 0x0000_8000_0000_7000n;
    for (const address of [middle, 0x8000_0000_0000_7000n, 0x1234_5678_9abc_7000n]) {
      expect(faultOf(() => image.space().translate(address))).toBeInstanceOf(NotCanonical);
    }
    expect(faultOf(() => image.space().translate(middle))).toHaveProperty(
      'message',
      `0x${middle.toString(16)} is not a canonical address`,
    );
  });

  it('says at which level an address ends', () => {
    const image = new Image(levels);
    image.map(0x7000n);
    const missing = [0x8000n, 0x20_0000n, 0x4000_0000n, 0x80_0000_0000n].map((address) =>
      faultOf(() => image.space().translate(address)),
    );
    expect(missing.map((fault) => (fault instanceof NotPresent ? fault.level : undefined))).toEqual([
      1, 2, 3, 4,
    ]);
    expect(missing[0]).toHaveProperty('message', '0x8000 is not mapped: level 1 entry is not present');
  });

  it('ends at page tables that point at themselves', () => {
    const image = new Image(levels);
    for (let i = 0; i < 512; i++) image.put64(image.root + i * 8, BigInt(image.root) | 0x67n);
    // Every level is the top table, and so is the page.
    expect(image.space().translate(0x7fff_1234_5678n)).toBe(image.root + 0x678);
  });

  it('tells a table that the snapshot lacks from one that is not there', () => {
    const image = new Image(levels);
    image.map(0x7000n);
    image.lose(image.entry(0x7000n, 1));
    const fault = faultOf(() => image.space().translate(0x7000n));
    expect(fault).toBeInstanceOf(NotInSnapshot);
  });
});

describe('entries that are not present', () => {
  it('name the place in swap', () => {
    const image = new Image();
    image.map(0x7000n);
    // Area 2 in bits 59–63, page 0x1234 inverted in bits 9–58: __swp_entry of arch/x86/include/asm/pgtable_64.h.
    const entry = (2n << 59n) | ((~0x1234n & ((1n << 50n) - 1n)) << 9n);
    image.put64(image.entry(0x7000n, 1), entry);
    const fault = faultOf(() => image.space().translate(0x7123n));
    expect(fault).toBeInstanceOf(Swapped);
    expect(fault).toHaveProperty('message', '0x7123 is swapped out: area 2, page 0x1234');
  });

  it('are read through where PROT_NONE only forbids the page', () => {
    const image = new Image();
    const at = image.map(0x7000n);
    image.write(at, 'still here');
    const frame = BigInt(at) & 0xf_ffff_ffff_f000n;
    // Not present, PROT_NONE, frame inverted against L1TF.
    image.put64(image.entry(0x7000n, 1), (~frame & 0x000f_ffff_ffff_f000n) | 0x100n);
    expect(Buffer.from(image.space().bytes(0x7000n, 10)).toString()).toBe('still here');
  });

  it('are absent where they are empty', () => {
    const image = new Image();
    image.map(0x7000n);
    image.put64(image.entry(0x7000n, 1), 0n);
    expect(faultOf(() => image.space().translate(0x7000n))).toBeInstanceOf(NotPresent);
  });
});

describe('an address space', () => {
  /** Two neighbours in virtual memory that are none in physical memory. */
  function twoPages(): { image: Image; first: number; second: number } {
    const image = new Image();
    const second = image.map(0x8000n);
    image.take(4096);
    const first = image.map(0x7000n);
    return { image, first, second };
  }

  it('reads words that straddle two pages', () => {
    const { image, first, second } = twoPages();
    image.write(first + 0xffd, Uint8Array.of(1, 2, 3));
    image.write(second, Uint8Array.of(4, 5, 6, 7, 8));
    const space = image.space();
    expect(space.i32(0, 0x7ffd, 0)).toBe(0x0403_0201);
    expect(space.u64(0, 0x7ffd, 0)).toBe(0x0807_0605_0403_0201n);
    expect(space.u16(0, 0x7fff, 0)).toBe(0x0403);
    expect([...space.bytes(0x7ffdn, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('reads up to a hole and says what lies behind it', () => {
    const { image, first } = twoPages();
    image.write(first + 0xff0, 'sixteen bytes in');
    image.put64(image.entry(0x8000n, 1), 0n);
    const space = image.space();
    expect(Buffer.from(space.readableBytes(0x7ff0n, 100)).toString()).toBe('sixteen bytes in');
    expect(faultOf(() => space.bytes(0x7ff0n, 17))).toHaveProperty(
      'message',
      '0x8000 is not mapped: level 1 entry is not present',
    );
    expect(faultOf(() => space.cString(0x7ff0n, 100))).toBeInstanceOf(NotPresent);
    expect(space.isReadable(0x7ff0n)).toBe(true);
    expect(space.isReadable(0x8000n)).toBe(false);
  });

  it('carries into the high word', () => {
    const image = new Image();
    const at = image.map(0x1_0000_0000n);
    image.put32(at + 4, 42);
    expect(image.space().i32(0, 0xffff_fff0 | 0, 0x14)).toBe(42);
    expect(image.space().i32(1, 0x10, -0xc)).toBe(42);
  });

  it('forgets nothing of one root when asked for another', () => {
    const image = new Image();
    const mine = image.map(0x7000n);
    const root = image.takePages(1);
    const theirs = image.map(0x7000n, { root });
    const space = image.space();
    const other = space.withRoot(physical(root));
    expect([space.translate(0x7000n), other.translate(0x7000n)]).toEqual([mine, theirs]);
  });
});
