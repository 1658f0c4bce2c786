// What a converted file says of its machine: VMCOREINFO is found where the snapshot's file has none.
import { describe, expect, it } from 'vitest';
import { fromFile, vmcoreinfoAt } from '../../src/cli/commands/convert-from.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
const TEXT = 'OSRELEASE=6.12.0\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=ffff\n';

function raw(base: number) {
  const bytes = Buffer.alloc(2 ** 20, 0x5a);
  bytes.fill(0, 0x3000, 0x4000);
  bytes.write(TEXT, 0x3000);
  return openSnapshot(scratch.file('memory.raw', bytes), { base });
}

describe('what is written of a snapshot', () => {
  it('has the VMCOREINFO of its kernel, also where RAM begins elsewhere than the search for it thought', () => {
    expect(vmcoreinfoAt(raw(0), '0x3000')).toBe(TEXT);
    expect(vmcoreinfoAt(raw(0x4000_0000), '0x3000')).toBe(TEXT);
    expect(vmcoreinfoAt(raw(0x4000_0000), '0x40003000')).toBe(TEXT);
  });

  it('has none where that place holds none, or the snapshot lacks it', () => {
    expect(vmcoreinfoAt(raw(0), '0x4000')).toBeNull();
    expect(vmcoreinfoAt(raw(0), '0x40000000')).toBeNull();
    expect(vmcoreinfoAt(raw(0), null)).toBeNull();
  });

  it('is of no machine where nothing tells', () => {
    expect(fromFile(raw(0))).toMatchObject({ machine: null, vmcoreinfo: null, pageBytes: 4096 });
  });
});
