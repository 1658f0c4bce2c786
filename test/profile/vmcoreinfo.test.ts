import { describe, expect, it } from 'vitest';
import { parseVmcoreinfo, vmcoreinfoIn } from '../../src/profile/vmcoreinfo.ts';

const text = [
  'OSRELEASE=6.1.0-50-cloud-amd64',
  'BUILD-ID=3b43fad5034874490492495d552c0af6a5fab235',
  'PAGESIZE=4096',
  'SYMBOL(init_uts_ns)=ffffffffa93f9b60',
  'NUMBER(phys_base)=-761266176',
  'KERNELOFFSET=26200000',
  'NUMBER(pgtable_l5_enabled)=0',
  'CRASHTIME=1',
  '',
].join('\n');

const pageWith = (content: string, at: number): Uint8Array => {
  const page = Buffer.alloc(4096);
  page.write(content, at, 'latin1');
  return page;
};

describe('vmcoreinfoIn', () => {
  it('finds the plain text at the start of a page', () => {
    expect(vmcoreinfoIn(pageWith(text, 0))).toBe(text);
  });

  it('finds the text of an ELF note, 24 bytes into a page', () => {
    const page = Buffer.from(pageWith(text, 24));
    page.writeUInt32LE(11, 0);
    page.write('VMCOREINFO\0', 12, 'latin1');
    expect(vmcoreinfoIn(page)).toBe(text);
  });

  it.each([
    ['a format string of the kernel’s own code', 'OSRELEASE=%s\nBUILD-ID=%20phN\n', 0],
    ['text elsewhere in the page', text, 8],
    ['a release with a control character', `OSRELEASE=6.1\x1b[31m\nSYMBOL(a)=1\n`, 0],
  ])('passes over %s', (_, content, at) => {
    expect(vmcoreinfoIn(pageWith(content, at))).toBeNull();
  });
});

describe('parseVmcoreinfo', () => {
  it('reads symbols as hex, numbers as signed decimals, the slide as hex', () => {
    expect(parseVmcoreinfo(text)).toEqual({
      release: '6.1.0-50-cloud-amd64',
      buildId: '3b43fad5034874490492495d552c0af6a5fab235',
      symbols: new Map([['init_uts_ns', 0xffffffffa93f9b60n]]),
      numbers: new Map([
        ['phys_base', -761266176n],
        ['pgtable_l5_enabled', 0n],
      ]),
      kernelOffset: 0x26200000n,
      configs: new Set(),
      pageBytes: 4096,
    });
  });

  it('reads the size of pages, options of the build, and numbers in hex', () => {
    const told = parseVmcoreinfo(
      'OSRELEASE=6\nPAGESIZE=65536\nCONFIG_X86_PAE=y\nCONFIG_SMP=n\nNUMBER(kimage_voffset)=0xffff7fffc0000000\n',
    );
    expect(told?.pageBytes).toBe(65536);
    expect(told?.configs).toEqual(new Set(['X86_PAE']));
    expect(told?.numbers.get('kimage_voffset')).toBe(0xffff_7fff_c000_0000n);
  });

  it('passes over lines that make no sense and is null without a release', () => {
    expect(
      parseVmcoreinfo('SYMBOL(a)=zz\nNUMBER(b)=1e9\nSYMBOL(c)=12345678901234567\nOSRELEASE=6\n'),
    ).toEqual({
      release: '6',
      buildId: null,
      symbols: new Map(),
      numbers: new Map(),
      kernelOffset: null,
      configs: new Set(),
      pageBytes: 4096,
    });
    expect(parseVmcoreinfo('PAGESIZE=4096\n')).toBeNull();
  });
});
