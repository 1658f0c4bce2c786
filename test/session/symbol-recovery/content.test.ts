import { beforeEach, describe, expect, it } from 'vitest';
import { Budget } from '../../../src/base/budget.ts';
import type { Profile } from '../../../src/profile/profile.ts';
import { functionTable } from '../../../src/session/linux/symbol-recovery/function-table.ts';
import { logRing } from '../../../src/session/linux/symbol-recovery/log-ring.ts';
import { moduleList } from '../../../src/session/linux/symbol-recovery/module-list.ts';
import { tcpTables, udpTable } from '../../../src/session/linux/symbol-recovery/net-tables.ts';
import { pingTable } from '../../../src/session/linux/symbol-recovery/ping-table.ts';
import {
  bootId,
  firmwareTexts,
  maxPfn,
  savedCommandLine,
} from '../../../src/session/linux/symbol-recovery/plain-variables.ts';
import { timekeeperHolder } from '../../../src/session/linux/symbol-recovery/timekeeper.ts';
import { DrawnGround, HEAP, KERNEL } from './drawn-input.ts';

type Layouts = Profile['types'];
const DATA = KERNEL + 0x8000n;

let drawn: DrawnGround;
beforeEach(() => {
  drawn = new DrawnGround();
});

describe('tables of functions', () => {
  const layouts: Layouts = {
    file_operations: { size: 64, members: { read_iter: [16, 8], mmap: [40, 8], owner: [0, 8] } },
  };
  const wanted = { read_iter: 'sock_read_iter', mmap: 'sock_mmap', owner: null };
  let read: bigint;
  let mmap: bigint;
  beforeEach(() => {
    read = drawn.addFunction('sock_read_iter');
    mmap = drawn.addFunction('sock_mmap');
    drawn.put(DATA + 16n, read);
    drawn.put(DATA + 40n, mmap);
    drawn.put(DATA + 0x100n, read); // another table that shares one function
  });

  it('are known by the functions that they hold', () => {
    expect(functionTable(drawn.input({ layouts }), 'file_operations', wanted)).toBe(DATA);
  });

  it('are not found where two hold the same, or none all, or the kernel has no such function', () => {
    expect(
      functionTable(drawn.input({ layouts }), 'file_operations', { ...wanted, mmap: 'other' }),
    ).toBeUndefined();
    expect(functionTable(drawn.input({}), 'file_operations', wanted)).toBeUndefined();
    drawn.put(DATA + 0x200n + 16n, read);
    drawn.put(DATA + 0x200n + 40n, mmap);
    expect(functionTable(drawn.input({ layouts }), 'file_operations', wanted)).toBeUndefined();
    drawn.put(DATA + 0x200n, 1n); // the second has an owner
    expect(functionTable(drawn.input({ layouts }), 'file_operations', wanted)).toBe(DATA);
  });
});

describe('the list of modules', () => {
  const layouts: Layouts = { module: { size: 128, members: { list: [8, 16], name: [24, 56] } } };
  const entryOf = (nth: number): bigint => HEAP + BigInt(0x200 * nth) + 8n;
  const nameModules = (count: number): bigint[] =>
    Array.from({ length: count }, (_, nth) => {
      drawn.write(entryOf(nth) + 16n, `module_${nth}`);
      return entryOf(nth);
    });

  it('is the one of the lists that its walkers name whose entries have names', () => {
    drawn.putList(DATA, nameModules(5));
    drawn.putList(DATA + 0x40n, [HEAP + 0x3000n]); // entries of another kind
    drawn.addFunction('m_start', DATA + 0x80n, DATA + 0x40n, DATA);
    expect(moduleList(drawn.input({ layouts }))).toBe(DATA);
  });

  it('is not believed where it does not come back, or leads back elsewhere', () => {
    drawn.putList(DATA, nameModules(5));
    drawn.addFunction('find_module_all', DATA);
    drawn.put(entryOf(3) + 8n, entryOf(1));
    expect(moduleList(drawn.input({ layouts }))).toBeUndefined();
    drawn.putList(DATA, nameModules(5));
    drawn.put(entryOf(4), 0n);
    expect(moduleList(drawn.input({ layouts }))).toBeUndefined();
    drawn.putList(DATA, nameModules(5));
    drawn.write(entryOf(2) + 16n, 'no name!');
    expect(moduleList(drawn.input({ layouts }))).toBeUndefined();
  });

  it('may be empty: then all walkers must agree on it', () => {
    drawn.putList(DATA, []);
    drawn.putList(DATA + 0x40n, []);
    drawn.addFunction('find_module_all', DATA, DATA + 0x40n);
    expect(moduleList(drawn.input({ layouts }))).toBeUndefined();
    drawn.addFunction('print_modules', DATA + 0x100n, DATA);
    expect(moduleList(drawn.input({ layouts }))).toBe(DATA);
  });

  it('is given up where every place named is a list without end', () => {
    const ring = Array.from({ length: 2000 }, (_, nth) => HEAP + BigInt(16 * nth));
    for (const address of ring) drawn.write(address, 'x');
    const places = Array.from({ length: 30 }, (_, nth) => DATA + BigInt(64 * nth));
    drawn.putList(places[0]!, ring);
    for (const place of places.slice(1)) drawn.putList(place, ring.slice(0, 1));
    drawn.addFunction('m_start', ...places);
    const input = drawn.input({
      layouts: { module: { size: 8, members: { list: [0, 16], name: [0, 56] } } },
    });
    // A read is charged some hundred at a time; without a bound there would be sixty thousand entries and their names.
    input.space.memory.chargeTo(new Budget({ rows: 0, bytes: 0, reads: 100_000 }));
    expect(moduleList(input)).toBeUndefined();
  });
});

describe('the timekeeper', () => {
  const layouts: Layouts = {
    seqcount_raw_spinlock: { size: 4, members: {} },
    timekeeper: {
      size: 128,
      members: { tkr_mono: [0, 56], xtime_sec: [56, 8], offs_real: [64, 8], offs_boot: [72, 8] },
    },
    tk_read_base: { size: 56, members: { mult: [24, 4], shift: [28, 4], base: [40, 8] } },
  };
  const putTimekeeper = (at: bigint): void => {
    drawn.put(at + 24n, (23n << 32n) | 0x1000000n);
    drawn.put(at + 40n, 95_500_000_000n);
    drawn.put(at + 56n, 1_795_475_000n);
    drawn.put(at + 64n, 1_795_475_000n * 1_000_000_000n - 95_500_000_000n);
  };

  it('is known by numbers that agree, behind its counter', () => {
    putTimekeeper(DATA + 8n);
    drawn.addFunction('ktime_get', DATA + 0x400n, DATA);
    expect(timekeeperHolder(drawn.input({ layouts }))).toBe(DATA);
  });

  it('is where a kernel that names its holder has it', () => {
    putTimekeeper(DATA + 16n);
    drawn.addFunction('getboottime64', DATA);
    const named = {
      ...layouts,
      tk_data: { size: 256, members: { timekeeper: [16, 128] } },
    } satisfies Layouts;
    expect(timekeeperHolder(drawn.input({ layouts: named }))).toBe(DATA);
  });

  it('is nothing that is a nanosecond off, or zero, or not named by what reads it', () => {
    putTimekeeper(DATA + 8n);
    drawn.addFunction('timekeeping_advance', DATA);
    expect(timekeeperHolder(drawn.input({ layouts }))).toBeUndefined();
    drawn.addFunction('ktime_get', DATA, DATA + 0x400n);
    drawn.put(DATA + 8n + 40n, 95_500_000_001n);
    expect(timekeeperHolder(drawn.input({ layouts }))).toBeUndefined();
    expect(timekeeperHolder(drawn.input({}))).toBeUndefined();
  });
});

describe("the kernel log's ring", () => {
  const layouts: Layouts = {
    printk_ringbuffer: { size: 80, members: { desc_ring: [0, 40], text_data_ring: [40, 40] } },
    prb_desc_ring: {
      size: 40,
      members: { count_bits: [0, 4], descs: [8, 8], head_id: [24, 8], tail_id: [32, 8] },
    },
    prb_data_ring: { size: 40, members: { size_bits: [0, 4], data: [8, 8] } },
  };
  const RING = DATA + 0x100n;
  const putRing = (head: bigint, tail: bigint): void => {
    const words = [15n, HEAP, 0n, head, tail, 17n, HEAP];
    for (const [nth, word] of words.entries()) drawn.put(RING + BigInt(8 * nth), word);
    drawn.put(DATA, RING);
    drawn.put(DATA + 8n, RING + 8n); // leads into it
    drawn.addFunction('devkmsg_read', RING, DATA + 8n, DATA);
  };

  it('is what the one pointer leads to whose numbers agree', () => {
    putRing(0x1_0050n, 0xc051n);
    expect(logRing(drawn.input({ layouts }))).toBe(DATA);
    expect(logRing(drawn.input({}))).toBeUndefined();
  });

  it('is none with more records than places for them', () => {
    putRing(0x1_0050n, 0x50n);
    expect(logRing(drawn.input({ layouts }))).toBeUndefined();
  });
});

describe('the table of ping sockets', () => {
  const layouts: Layouts = { ping_table: { size: 520, members: { hash: [0, 512], lock: [512, 4] } } };

  it.each([
    ['numbers', (nth: number) => BigInt(2 * nth + 1)],
    ['nothing', () => 0n],
  ])('is named with its lock, and its chains end in %s', (_, end) => {
    for (let nth = 0; nth < 64; nth++) drawn.put(DATA + BigInt(8 * nth), end(nth));
    drawn.put(DATA + 8n * 7n, HEAP);
    drawn.put(HEAP + 8n, DATA + 8n * 7n);
    drawn.addFunction('ping_get_port', DATA + 0x1000n, DATA, DATA + 512n);
    expect(pingTable(drawn.input({ layouts }))).toBeUndefined(); // one function is not enough
    drawn.addFunction('ping_unhash', DATA, DATA + 512n, DATA + 0x1000n);
    expect(pingTable(drawn.input({ layouts }))).toBe(DATA);
    drawn.put(HEAP + 8n, DATA);
    expect(pingTable(drawn.input({ layouts }))).toBeUndefined();
  });
});

describe('tables of connections', () => {
  const layouts: Layouts = {
    net: { size: 256, members: { ipv4: [128, 64] } },
    netns_ipv4: { size: 64, members: { tcp_death_row: [16, 8], udp_table: [24, 8] } },
    inet_timewait_death_row: { size: 16, members: { hashinfo: [8, 8] } },
    inet_hashinfo: { size: 32, members: { ehash: [0, 8], ehash_mask: [16, 4] } },
    udp_table: { size: 32, members: { hash: [0, 8], mask: [16, 4] } },
  };
  const NET = KERNEL + 0x4000n;
  const found = new Map([['init_net', NET]]);

  it('are those of the initial network namespace', () => {
    drawn.put(NET + 144n, HEAP + 0x100n); // a pointer, as wide as one
    drawn.put(HEAP + 0x108n, DATA);
    drawn.put(NET + 152n, DATA + 0x40n);
    for (const table of [DATA, DATA + 0x40n]) {
      drawn.put(table, HEAP + 0x1000n);
      drawn.put(table + 16n, 0xffffn);
    }
    expect(tcpTables(drawn.input({ layouts, found }))).toBe(DATA);
    expect(udpTable(drawn.input({ layouts, found }))).toBe(DATA + 0x40n);
    drawn.put(DATA + 16n, 0xfffen);
    expect(tcpTables(drawn.input({ layouts, found }))).toBeUndefined();
    expect(udpTable(drawn.input({ layouts }))).toBeUndefined();
  });
});

describe('plain variables', () => {
  it('has one pointer to a text behind /proc/cmdline', () => {
    drawn.put(DATA, HEAP);
    drawn.write(HEAP, 'console=ttyAMA0 quiet');
    drawn.put(DATA + 8n, 5n);
    drawn.addFunction('cmdline_proc_show', DATA, DATA + 8n);
    expect(savedCommandLine(drawn.input({}))).toBe(DATA);
    drawn.put(DATA + 8n, HEAP);
    expect(savedCommandLine(drawn.input({}))).toBeUndefined();
  });

  it('has one number at which both files of pages stop', () => {
    drawn.put(DATA, 0x60000n);
    drawn.put(DATA + 8n, HEAP);
    drawn.put(DATA + 16n, 0x70000n);
    drawn.addFunction('kpagecount_read', DATA, DATA + 8n);
    drawn.addFunction('kpageflags_read.isra.0', DATA, DATA + 16n, DATA + 8n);
    expect(maxPfn(drawn.input({}))).toBe(DATA);
    drawn.put(DATA, 1n); // memory does not end before the image
    expect(maxPfn(drawn.input({}))).toBeUndefined();
  });

  it('has the boot ID in a table for /proc/sys', () => {
    const layouts: Layouts = {
      ctl_table: { size: 64, members: { procname: [0, 8], data: [8, 8], proc_handler: [24, 8] } },
    };
    const printer = drawn.addFunction('proc_do_uuid');
    drawn.write(DATA + 0x100n, 'boot_id');
    drawn.put(DATA, DATA + 0x100n);
    drawn.put(DATA + 8n, DATA + 0x200n);
    expect(bootId(drawn.input({ layouts }))).toBeUndefined();
    drawn.put(DATA + 24n, printer);
    expect(bootId(drawn.input({ layouts }))).toBe(DATA + 0x200n);
    expect(bootId(drawn.input({}))).toBeUndefined();
  });

  it("has the firmware's texts where one of them is a UUID", () => {
    const enumerators = { DMI_PRODUCT_UUID: 9 };
    drawn.addFunction('dmi_get_system_info', DATA, DATA + 8n);
    expect(firmwareTexts(drawn.input({ enumerators }))).toBeUndefined();
    drawn.put(DATA + 8n + 72n, HEAP);
    drawn.write(HEAP, '4c4c4544-0051-3010-8052-b4c04f4e3533');
    expect(firmwareTexts(drawn.input({ enumerators }))).toBe(DATA + 8n);
    expect(firmwareTexts(drawn.input({}))).toBeUndefined();
  });
});
