import { describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { Effort } from '../../src/base/effort.ts';
import { NotInSnapshot } from '../../src/base/errors.ts';
import { type AddressScheme, Kallsyms, type KallsymsPlaces } from '../../src/profile/kallsyms.ts';
import { searchKallsyms } from '../../src/profile/kallsyms-search.ts';
import type { ImageReader } from '../../src/profile/piecewise.ts';
import { type DrawnOrder, drawKallsyms } from '../support/kallsyms.ts';

const TEXT = 0xffff_ffff_8100_0000n;
const relocated = new Map<string, bigint>([
  ...Array.from({ length: 3000 }, (_, i) => [`function_${i}`, TEXT + BigInt(i * 64)] as const),
  ['init_task', TEXT + 0x100_0040n],
  ['x'.repeat(300), TEXT + 0x100_0080n],
  ['init_uts_ns', TEXT + 0x100_00c0n],
]);
/** An absolute symbol (a per-CPU offset) cannot be said relative to a place in the image, so newer kernels have none. */
const symbolsOf = (order: DrawnOrder): Map<string, bigint> =>
  new Map([...(order === 'since 7.0' ? [] : [['per_cpu_start', 0x1f000n] as const]), ...relocated]);
const base = 0xffff_ffff_8200_0000n;

/** The reading of the drawn tables that gives init_task its address, as binding would choose it. */
function recognised(order: DrawnOrder): {
  kallsyms: Kallsyms;
  scheme: AddressScheme;
  places: KallsymsPlaces;
} {
  const symbols = symbolsOf(order);
  const drawn = drawKallsyms(symbols, order, base);
  for (const places of searchKallsyms(drawn.read, base, base + BigInt(drawn.bytes.length), 8)) {
    const kallsyms = new Kallsyms(places, drawn.read);
    const index = kallsyms.find(['init_task']).get('init_task')!;
    const scheme = kallsyms.schemes.find(
      (candidate) => kallsyms.addressOf(index, candidate) === symbols.get('init_task'),
    );
    if (scheme !== undefined) return { kallsyms, scheme, places };
  }
  throw new Error('no reading fits');
}

describe.each(['before 6.4', 'since 6.4', 'since 7.0'] as const)(
  'kallsyms in the order of kernels %s',
  (order) => {
    const symbols = symbolsOf(order);

    it('is found by the structure of its tables alone', () => {
      const { places } = recognised(order);
      expect(places.symbolCount).toBe(symbols.size);
      expect(places.names).toBe(drawKallsyms(symbols, order, base).namesAt);
    });

    it('is found, and all symbols but those that stood there, where a page of names is missing', () => {
      const drawn = drawKallsyms(symbols, order, base);
      const lost = (drawn.namesAt & ~0xfffn) + 0x3000n;
      const read: ImageReader = (address, length) => {
        if (address < lost + 0x1000n && address + BigInt(length) > lost) throw new NotInSnapshot(physical(0));
        return drawn.read(address, length);
      };
      const found = [...searchKallsyms(read, base, base + BigInt(drawn.bytes.length), 8)].flatMap(
        (places) => {
          const kallsyms = new Kallsyms(places, read);
          return kallsyms.schemes.map((scheme) => ({ kallsyms, all: [...kallsyms.all(scheme)] }));
        },
      );
      const right = found.filter(({ all }) =>
        all.every(({ name, address }) => symbols.get(name) === address),
      );
      const [best] = right.sort((a, b) => b.all.length - a.all.length);
      expect(best?.kallsyms.isWhole).toBe(false);
      expect(best!.all.length).toBeLessThan(symbols.size);
      expect(best!.all.length).toBeGreaterThan(symbols.size / 2);
      expect([...best!.kallsyms.find(['init_uts_ns']).keys()]).toEqual(['init_uts_ns']);
    });

    it('gives every symbol its name and address', () => {
      const { kallsyms, scheme } = recognised(order);
      expect(scheme).toBe(order === 'since 7.0' ? 'self-relative' : 'absolute-percpu');
      expect(new Map([...kallsyms.all(scheme)].map(({ name, address }) => [name, address]))).toEqual(symbols);
    });

    it('looks names up without spelling the others out, long ones and ones that begin alike too', () => {
      const { kallsyms, scheme } = recognised(order);
      const found = kallsyms.find([
        'init_uts_ns',
        'x'.repeat(300),
        'function_29',
        'function_299',
        'no_such_symbol',
      ]);
      expect(new Map([...found].map(([name, index]) => [name, kallsyms.addressOf(index, scheme)]))).toEqual(
        new Map(
          ['function_29', 'function_299', 'x'.repeat(300), 'init_uts_ns'].map((name) => [
            name,
            symbols.get(name),
          ]),
        ),
      );
    });
  },
);

describe('searchKallsyms', () => {
  const symbols = symbolsOf('since 6.4');

  it('believes no digits without an index that agrees', () => {
    const drawn = drawKallsyms(symbols, 'since 6.4', base);
    const digits = drawn.bytes.indexOf('0\x001\x002\x00');
    drawn.bytes[digits - 19] = 0x41; // joins two tokens: the index no longer fits
    expect([...searchKallsyms(drawn.read, base, base + BigInt(drawn.bytes.length), 8)]).toEqual([]);
  });

  it('believes no count that the names do not bear out', () => {
    const drawn = drawKallsyms(symbols, 'since 6.4', base);
    drawn.bytes.writeUInt32LE(symbols.size + 1, Number(drawn.namesAt - base) - 8);
    expect([...searchKallsyms(drawn.read, base, base + BigInt(drawn.bytes.length), 8)]).toEqual([]);
  });

  it('gives up what is drawn so that each word before the tokens begins another run of names', () => {
    const drawn = drawKallsyms(symbols, 'since 6.4', base);
    const end = base + BigInt(drawn.bytes.length);
    // Counts and names at once: records of one byte each, 65,793 of them by each word.
    const runs = Buffer.alloc(1 << 20);
    for (let at = 0; at < runs.length; at += 4) runs.writeUInt32LE(0x0001_0101, at);
    const before = base - BigInt(runs.length);
    drawn.bytes.writeUInt32LE(symbols.size + 1, Number(drawn.namesAt - base) - 8); // its own count is wrong
    const all = Buffer.concat([runs, drawn.bytes]);
    let reads = 0;
    const read: ImageReader = (address, length) => {
      reads++;
      const at = Number(address - before);
      if (at < 0 || at + length > all.length) throw new NotInSnapshot(physical(0));
      return all.subarray(at, at + length);
    };
    const effort = new Effort(16_000_000);
    expect([...searchKallsyms(read, base, end, 8, effort)]).toEqual([]);
    expect(effort.isSpent).toBe(true);
    reads = 0;
    expect([...searchKallsyms(read, base, end, 8, effort)]).toEqual([]);
    expect(reads).toBe(0);
  });
});
