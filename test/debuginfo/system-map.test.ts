import { describe, expect, it } from 'vitest';
import { BadProfile } from '../../src/base/errors.ts';
import { readSystemMap } from '../../src/debuginfo/system-map.ts';
import { imageFile } from '../support/elf-object.ts';

const read = (text: string, wanted: readonly string[] = ['init_task', 'modules', 'prb']) =>
  readSystemMap(imageFile(Buffer.from(text), 'System.map'), wanted);

describe('readSystemMap', () => {
  it('gives the wanted symbols: global ones first, else the first', () => {
    const found = read(
      [
        '0000000000000000 A fixed_percpu_data',
        '                 w weak_one',
        'ffffffff82000000 d modules',
        'ffffffff82000010 d modules',
        'ffffffff82000020 d init_task',
        'ffffffff82a1aa40 D init_task\r',
        '',
      ].join('\n'),
    );
    expect(found).toEqual(
      new Map([
        ['modules', 0xffff_ffff_8200_0000n],
        ['init_task', 0xffff_ffff_82a1_aa40n],
      ]),
    );
  });

  it('reads addresses of 32 bits', () => {
    expect(read('c1a2b3c4 D init_task\n         U what\n')).toEqual(new Map([['init_task', 0xc1a2_b3c4n]]));
  });

  it('says which package has the real one, as Debian does', () => {
    const text =
      'ffffffffffffffff B The real System.map is in the linux-image-6.1.0-50-cloud-amd64-dbg package\n';
    expect(() => read(text)).toThrow('the package linux-image-6.1.0-50-cloud-amd64-dbg');
  });

  it.each([
    ['no map', 'hello\n', 'line 1 is not "address type name"'],
    ['wrong in one line', 'c1a2b3c4 D init_task\nc1a2b3c4\n', 'line 2 is not'],
    ['with modules', 'c1a2b3c4 t one\t[ext4]\n', 'line 1 is not'],
    ['an endless line', `c1a2b3c4 D ${'x'.repeat(1_000_000)}`, 'line 1 is not'],
    ['of zeros', '0000000000000000 T _text\n0000000000000000 D init_task\n', 'without being root'],
    ['empty', '', 'has no symbols'],
    ['binary', '\x7fELF\0\0\0', 'line 1 is not'],
  ])('refuses a file that is %s', (_, text, message) => {
    expect(() => read(text)).toThrow(BadProfile);
    expect(() => read(text)).toThrow(message);
  });

  it('refuses a file longer than any map', () => {
    const file = { ...imageFile(new Uint8Array(0), 'System.map'), sizeBytes: 2 ** 40 };
    expect(() => readSystemMap(file, [])).toThrow('more than any System.map');
  });
});
