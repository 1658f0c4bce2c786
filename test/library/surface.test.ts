// The names that programs import. One that goes or changes is a new major version: see CHANGELOG.md.
import { describe, expect, it } from 'vitest';
import * as questions from '../../plugins/index.ts';
import * as library from '../../src/index.ts';

describe('the package', () => {
  it('exports these names, and no others', () => {
    expect(Object.keys(library).sort()).toEqual([
      ...['ArrayOfValues', 'CorruptStructure', 'Disassembler', 'EvidenceFault'],
      ...['ForensicError', 'NotCanonical', 'NotInKernel', 'NotInSnapshot', 'NotPresent', 'Pointer'],
      ...['ProfileError', 'SnapshotError', 'Struct', 'Swapped', 'UsageError', 'WalkIncomplete', 'ask'],
      ...[
        'compareSnapshots',
        'definePlugin',
        'isAbsent',
        'judgeSnapshot',
        'kindOf',
        'layoutOf',
        'layoutText',
      ],
      ...['openSession', 'openSnapshot', 'plugins', 'profilesAtHand', 'readPolicy', 'readProfile'],
      ...['runPlugin', 'valueText', 'writeProfile'],
    ]);
  });

  it('exports every question under its name', () => {
    const { plugins, ...named } = questions;
    const camel = (name: string): string =>
      name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    expect(Object.fromEntries(plugins.map((plugin) => [camel(plugin.name), plugin]))).toEqual(named);
  });
});
