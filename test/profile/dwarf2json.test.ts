import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readTable } from '../../src/profile/isf-file.ts';
import type { Profile } from '../../src/profile/profile.ts';
import { required } from '../../src/session/linux/required-members.ts';

const table = (path: string): Profile => readTable(readFileSync(path), required, path);

/** Everything that a profile says of places, by name. */
const places = ({ symbols, types, enumerators }: Profile): Map<string, unknown> =>
  new Map<string, unknown>([
    ...Object.entries(symbols).map(([name, address]) => [`symbol ${name}`, address] as const),
    ...Object.entries(enumerators).map(([name, value]) => [`enumerator ${name}`, value] as const),
    ...Object.entries(types).flatMap(([type, { size, members }]) => [
      [`size of ${type}`, size] as const,
      ...Object.entries(members).map(([name, place]) => [`${type}.${name}`, place] as const),
    ]),
  ]);

describe('a symbol table of dwarf2json', () => {
  it.each([
    [
      'BTF',
      'test/profile/dwarf2json/linux-6.1.0-50-cloud-amd64.json.xz',
      'test/profile/dwarf2json/linux-6.1.0-50-cloud-amd64.profile.json',
    ],
    [
      'DWARF',
      'test/profile/dwarf2json/linux-5.10.0-32-686-pae.json.xz',
      'profiles/linux-5.10.0-32-686-pae.json',
    ],
  ])("says the same as the kernel's own %s: %s", (_, foreign, own) => {
    const [one, other] = [table(foreign), table(own)];
    expect([one.banner, one.architecture, one.pointerBytes]).toEqual([
      ...[other.banner, other.architecture, other.pointerBytes],
    ]);
    const [said, expected] = [places(one), places(other)];
    // The files were made when the program wanted what it wanted then: what either lacks for that is no difference.
    const shared = [...expected.keys()].filter((name) => said.has(name));
    expect(shared.length).toBeGreaterThan(300);
    expect(Object.fromEntries(shared.map((name) => [name, said.get(name)]))).toEqual(
      Object.fromEntries(shared.map((name) => [name, expected.get(name)])),
    );
  });
});
