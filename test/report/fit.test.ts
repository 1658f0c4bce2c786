import { describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import type { Row } from '../../src/plugin/cell.ts';
import { type ColumnKind, kindOf } from '../../src/plugin/contract.ts';
import { GAP, isCrowded, shareWidth, type Wish } from '../../src/report/fit.ts';
import { plainStyle } from '../../src/report/style.ts';
import { drawTable } from '../../src/report/table.ts';
import { widthOf } from '../../src/report/width.ts';
import { Hostile } from './hostile.ts';

const WIDTHS = [60, 80, 100, 120, 160, 200];

/** Random wishes of columns: numbers, texts, and texts that say nothing when they are cut. */
const wishes = (random: Hostile): Wish[] =>
  Array.from({ length: 1 + random.below(12) }, (_, nth) => {
    const natural = 1 + random.below(60);
    const kind = random.below(3);
    return { name: `c${nth}`, natural, cuttable: kind > 0, whole: kind === 2 ? natural : 0 };
  });

describe('shareWidth', () => {
  it('cuts what says nothing when it is cut only where no other column could go instead', () => {
    const random = new Hostile(51);
    for (let round = 0; round < 2_000; round++) {
      const all = wishes(random);
      const width = WIDTHS[random.below(WIDTHS.length)]!;
      const dispensable = all.filter(() => random.below(3) === 0).map(({ name }) => name);
      const kept = all.filter(() => random.below(6) === 0).map(({ name }) => name);
      const { widths, hidden } = shareWidth(all, width, { dispensable, kept });
      const taken = [...widths.values()].reduce((sum, one) => sum + one, GAP * (widths.size - 1));
      if (widths.size > 1) expect(taken).toBeLessThanOrEqual(width);
      expect([...widths.keys(), ...hidden].sort()).toEqual(all.map(({ name }) => name).sort());
      const isCut = all.some(({ name, whole }) => (widths.get(name) ?? whole) < whole);
      const shown = all.filter(({ name }) => widths.has(name)); // of which the first always stays
      const others = shown.slice(1).filter(({ whole }) => whole === 0);
      if (isCut) expect(others).toEqual([]);
      if (!isCrowded(all, width)) expect(hidden).toEqual([]);
    }
  });
});

describe('every question on a terminal', () => {
  const random = new Hostile(52);
  const cell: Record<ColumnKind, () => Row[string]> = {
    int: () => random.below(1 << 15),
    text: () => random.text() + random.text(),
    flag: () => random.below(2) === 0,
    address: () => 0xffff_8880_0000_0000n + BigInt(random.below(1 << 30)),
    time: () => new Date(random.below(1 << 30) * 1000),
    seconds: () => random.below(1 << 20) / 1000,
  };

  it.each(plugins.map((plugin) => [plugin.name, plugin] as const))(
    '%s fits, and keeps what it calls uncut',
    (_, plugin) => {
      const { uncut = [], columns } = plugin;
      const names = Object.keys(columns);
      const rows = Array.from(
        { length: 8 },
        (): Row =>
          Object.fromEntries(
            names.map((name) => {
              if (uncut.includes(name)) return [name, `${name}-word`];
              return [name, random.below(8) === 0 ? null : cell[kindOf(columns[name]!)]()];
            }),
          ),
      );
      for (const width of WIDTHS) {
        const shape = { plugin, columns: names, named: false, sorted: false };
        const { lines, hidden } = drawTable(shape, rows, { width, header: true, style: plainStyle });
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
        for (const name of uncut) {
          if (hidden.includes(name) || lines[0]!.includes('→')) continue;
          expect(lines.slice(1).every((line) => line.includes(`${name}-word`))).toBe(true);
        }
      }
    },
  );
});
