// Pointers to code, replaced as rootkits replace them in the memory of the shipped sample: each is found and named, and
// nothing else is; where the evidence is short, nothing is called clean.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import ftrace from '../../plugins/ftrace.ts';
import helpers from '../../plugins/helpers.ts';
import idt from '../../plugins/idt.ts';
import kprobes from '../../plugins/kprobes.ts';
import netfilter from '../../plugins/netfilter.ts';
import notifiers from '../../plugins/notifiers.ts';
import operations from '../../plugins/operations.ts';
import patches from '../../plugins/patches.ts';
import syscalls from '../../plugins/syscalls.ts';
import tracepoints from '../../plugins/tracepoints.ts';
import { rbNodes } from '../../src/kernel/linux/containers/rb-tree.ts';
import { superBlocks } from '../../src/kernel/linux/vfs/super-blocks.ts';
import { isAbsent } from '../../src/plugin/cell.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import { NOBODYS, PlantedKernel } from '../support/planted-kernel.ts';
import { ask } from '../support/rows.ts';

const QUESTIONS: readonly AnyPlugin[] = [
  ...[syscalls, idt, patches, operations, kprobes, ftrace, tracepoints, notifiers, netfilter, helpers],
];
/** A module of the kernel's own build that the guest has loaded. */
const MODULE = 'loop';

let planted: PlantedKernel;
beforeAll(() => {
  planted = new PlantedKernel();
});
afterEach(() => planted.mend());

/** The rows of a question that are not as expected. */
async function wrong(question: AnyPlugin) {
  const { rows, notes } = await ask(question, planted.linux);
  return { wrong: rows.filter(({ verdict }) => verdict !== 'expected'), notes, total: rows.length };
}

/** A bare symbol's address, by the kernel's own list. */
function sizeOf(type: string): number {
  return planted.linux.types.sizeOf(type);
}
const offset = (type: string, member: string): number => planted.linux.types.offsetOf(type, member);

describe('an honest kernel', () => {
  it.each(QUESTIONS.map((question) => [question.name, question] as const))(
    'has nothing wrong in %s',
    async (_, question) => {
      const { wrong: found, notes } = await wrong(question);
      expect({ found, notes }).toEqual({ found: [], notes: [] });
    },
  );

  it('has its system calls by all tables, and what is executed in their place', async () => {
    const { rows } = await ask(syscalls, planted.linux);
    const of = (table: string) => rows.filter((row) => row['table'] === table);
    expect(of('sys_call_table').find(({ number }) => number === 217)).toMatchObject({
      symbol: '__x64_sys_getdents64',
    });
    expect(of('x64_sys_call').some(({ symbol }) => symbol === '__x64_sys_getdents64')).toBe(true);
    expect(of('sys_call_table').length).toBeGreaterThan(440);
    expect(of('ia32_sys_call').length).toBeGreaterThan(300);
  });

  it('has its page faults answered by its own function', async () => {
    const { rows } = await ask(idt, planted.linux);
    expect(rows.find(({ vector }) => vector === 14)).toMatchObject({ symbol: 'asm_exc_page_fault', ring: 0 });
    expect(rows.find(({ vector }) => vector === 128)).toMatchObject({ ring: 3 });
  });
});

describe('a replaced system call', () => {
  const entry = () => planted.linux.symbol('sys_call_table') + 217n * 8n;

  it('that leads to a module, to a hidden one and to nobody is told apart', async () => {
    planted.put(entry(), planted.codeOf(MODULE));
    expect((await wrong(syscalls)).wrong).toEqual([
      expect.objectContaining({ number: 217, owner: 'module', module: MODULE, verdict: 'unknown' }),
    ]);
    planted.unlist(MODULE);
    expect((await wrong(syscalls)).wrong).toEqual([
      expect.objectContaining({ number: 217, owner: 'hidden-module', module: MODULE, verdict: 'hidden' }),
    ]);
    planted.put(entry(), NOBODYS);
    expect((await wrong(syscalls)).wrong).toEqual([
      expect.objectContaining({
        number: 217,
        owner: 'nobody',
        module: null,
        symbol: null,
        verdict: 'hidden',
      }),
    ]);
  });

  it('that leads into the middle of a function, or to one that is none, is unknown', async () => {
    const function217 = planted.linux.pointerAt(entry());
    planted.put(entry(), function217 + 4n);
    expect((await wrong(syscalls)).wrong).toMatchObject([{ number: 217, verdict: 'unknown' }]);
    planted.put(entry(), planted.linux.symbol('_stext'));
    expect((await wrong(syscalls)).wrong).toMatchObject([
      { number: 217, owner: 'kernel', verdict: 'unknown' },
    ]);
  });

  it('is found in what is executed, where the table is left as it was', async () => {
    const kernel = planted.linux;
    const start = kernel.symbol('x64_sys_call');
    const target = kernel.pointerAt(entry());
    const code = kernel.space.readableBytes(start, 16_384);
    const view = new DataView(code.buffer, code.byteOffset);
    // jmp, or jcc of four bytes: whichever leads there.
    const at = [...code.keys()].find(
      (nth) => nth + 4 < code.length && start + BigInt(nth + 4 + view.getInt32(nth, true)) === target,
    )!;
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(
      0,
      Number(BigInt.asIntN(32, NOBODYS - (start + BigInt(at + 4)))),
      true,
    );
    planted.write(start + BigInt(at), bytes);
    expect((await wrong(syscalls)).wrong).toMatchObject([
      { table: 'x64_sys_call', number: null, owner: 'nobody', verdict: 'hidden' },
    ]);
  });

  it('is not called clean where the table is lost', async () => {
    planted.lose(entry());
    const { notes } = await wrong(syscalls);
    expect(notes.join()).toMatch(/sys_call_table\[\d+\]/);
  });

  it('is not called hidden where the list of BPF programs is lost', async () => {
    planted.put(entry(), NOBODYS);
    const programs = planted.linux.symbol('bpf_kallsyms');
    for (const link of [programs, programs + 8n]) planted.put(link, 0x10n);
    const { wrong: found } = await wrong(syscalls);
    expect(found).toHaveLength(1);
    expect(isAbsent(found[0]!['verdict']!)).toBe(true);
  });
});

describe('a function whose first instructions are changed', () => {
  const start = () => planted.linux.pointerAt(planted.linux.symbol('sys_call_table') + 217n * 8n);
  const relative = (opcode: number, target: bigint): Uint8Array => {
    const bytes = Buffer.alloc(5);
    bytes[0] = opcode;
    bytes.writeInt32LE(Number(BigInt.asIntN(32, target - (start() + 5n))), 1);
    return bytes;
  };
  const wide = (before: readonly number[], behind: readonly number[]): Uint8Array => {
    const address = Buffer.alloc(8);
    address.writeBigUInt64LE(NOBODYS);
    return Buffer.concat([Uint8Array.from(before), address, Uint8Array.from(behind)]);
  };
  const split = (): Uint8Array => {
    const bytes = Buffer.from([0x68, 0, 0, 0, 0, 0xc7, 0x44, 0x24, 0x04, 0, 0, 0, 0, 0xc3]);
    bytes.writeUInt32LE(Number(NOBODYS & 0xffff_ffffn), 1);
    bytes.writeUInt32LE(Number(NOBODYS >> 32n), 9);
    return bytes;
  };

  it.each<[string, () => Uint8Array, string]>([
    ['jmp', () => relative(0xe9, NOBODYS), 'jump'],
    ['call', () => relative(0xe8, NOBODYS), 'call'],
    ['nop; jmp', () => Buffer.concat([Uint8Array.of(0x90), relative(0xe9, NOBODYS - 1n)]), 'jump'],
    ['mov rax; jmp rax', () => wide([0x48, 0xb8], [0xff, 0xe0]), 'jump'],
    ['mov r11; jmp r11', () => wide([0x49, 0xbb], [0x41, 0xff, 0xe3]), 'jump'],
    ['mov rax; push rax; ret', () => wide([0x48, 0xb8], [0x50, 0xc3]), 'jump'],
    ['jmp [rip]', () => wide([0xff, 0x25, 0, 0, 0, 0], []), 'jump'],
    ['push; mov; ret', split, 'jump'],
  ])('to %s is found', async (_, bytes, kind) => {
    planted.write(start(), bytes());
    const { wrong: found, total } = await wrong(patches);
    expect(total).toBe(1);
    expect(found).toMatchObject([
      { place: '__x64_sys_getdents64', of: null, kind, owner: 'nobody', symbol: null, verdict: 'hidden' },
    ]);
  });

  it('to lead to a module is found, and to lead within the kernel is how compilers do it', async () => {
    planted.write(start(), relative(0xe9, planted.codeOf(MODULE)));
    expect((await wrong(patches)).wrong).toMatchObject([
      { owner: 'module', module: MODULE, verdict: 'unknown' },
    ]);
    planted.write(start(), relative(0xe9, planted.linux.symbol('_stext')));
    expect(await wrong(patches)).toMatchObject({ wrong: [], total: 0 });
  });

  it('to a breakpoint is right where a probe is, and nowhere else', async () => {
    planted.write(start(), Uint8Array.of(0xcc, 0x48));
    expect((await wrong(patches)).wrong).toMatchObject([
      { kind: 'breakpoint', target: null, verdict: 'unknown' },
    ]);
    const probe = planted.draw(512, { [offset('kprobe', 'addr')]: start() });
    planted.put(planted.linux.symbol('kprobe_table'), probe + BigInt(offset('kprobe', 'hlist')));
    expect(await wrong(patches)).toMatchObject({ wrong: [], total: 1 });
  });

  it('is not called clean where code is lost', async () => {
    planted.lose(start());
    expect((await wrong(patches)).notes.join()).toMatch(/^\d+ of \d+ functions cannot be looked at: /);
  });
});

describe('a replaced interrupt descriptor', () => {
  it('is found', async () => {
    const gate = planted.linux.symbol('idt_table') + 14n * 16n;
    planted.write(gate, Uint8Array.of(Number(NOBODYS & 0xffn), Number((NOBODYS >> 8n) & 0xffn)));
    const high = new Uint8Array(6);
    new DataView(high.buffer).setUint16(0, Number((NOBODYS >> 16n) & 0xffffn), true);
    new DataView(high.buffer).setUint32(2, Number(NOBODYS >> 32n), true);
    planted.write(gate + 6n, high);
    expect((await wrong(idt)).wrong).toMatchObject([{ vector: 14, owner: 'nobody', verdict: 'hidden' }]);
  });
});

describe('functions of /proc and of terminals', () => {
  /** The row of the function that prints a line of TCP's connections. */
  const shows = async () => {
    const { rows } = await ask(operations, planted.linux);
    return rows.find(({ holder, member }) => holder === '/proc/net/tcp' && member === 'show')!;
  };

  it('are those of the kernel, and of its modules', async () => {
    expect(await shows()).toMatchObject({
      struct: 'seq_operations',
      symbol: 'tcp4_seq_show',
      verdict: 'expected',
    });
    const { rows } = await ask(operations, planted.linux);
    const of = (holder: string) => rows.filter((row) => row['holder'] === holder).map(({ member }) => member);
    expect(of('/proc/tty/driver/serial')).toEqual([null]);
    expect(of('line discipline 0')).toEqual(['open', 'read', 'write', 'ioctl', 'receive_buf']);
  });

  /** Where the entry of a file of /proc/net is, by its name. */
  const entryOf = (name: string): bigint => {
    const kernel = planted.linux;
    const { subdir } = kernel.at('net', kernel.symbol('init_net')).proc_net!;
    const top = kernel.at('rb_root', subdir).rb_node;
    for (const node of rbNodes(kernel, top, 'entries')) {
      const entry = kernel.containerOf('proc_dir_entry', 'subdir_node', node);
      if (kernel.textAt(entry.name, 64) === name) return entry.address;
    }
    throw new Error(`no /proc/net/${name}`);
  };

  it('that are replaced in their struct are found', async () => {
    const struct = planted.linux.pointerAt(entryOf('tcp') + BigInt(offset('proc_dir_entry', 'seq_ops')));
    planted.put(struct + BigInt(offset('seq_operations', 'show')), NOBODYS);
    expect((await wrong(operations)).wrong).toMatchObject([
      { holder: '/proc/net/tcp', member: 'show', owner: 'nobody', verdict: 'hidden' },
    ]);
  });

  it('that an entry is led to by another struct are found', async () => {
    const struct = planted.draw(sizeOf('seq_operations'), { [offset('seq_operations', 'show')]: NOBODYS });
    planted.put(entryOf('tcp6') + BigInt(offset('proc_dir_entry', 'seq_ops')), struct);
    expect((await wrong(operations)).wrong).toMatchObject([{ holder: '/proc/net/tcp6', member: 'show' }]);
  });

  it('that hear what is typed are found', async () => {
    const n_tty = planted.linux.pointerAt(planted.linux.symbol('tty_ldiscs'));
    planted.put(n_tty + BigInt(offset('tty_ldisc_ops', 'receive_buf')), NOBODYS);
    expect((await wrong(operations)).wrong).toMatchObject([
      { holder: 'line discipline 0', member: 'receive_buf', verdict: 'hidden' },
    ]);
  });

  it('that list the root of a file system are found', async () => {
    const kernel = planted.linux;
    const root = [...superBlocks(kernel)].find(({ type }) => type === 'proc')!.raw.s_root!.d_inode!;
    const struct = planted.draw(sizeOf('file_operations'), {
      [offset('file_operations', 'iterate_shared')]: NOBODYS,
    });
    planted.put(root.address + BigInt(offset('inode', 'i_fop')), struct);
    expect((await wrong(operations)).wrong).toMatchObject([
      { holder: expect.stringMatching(/^proc /), member: 'iterate_shared', verdict: 'hidden' },
    ]);
  });

  it('of entries that loop end, with a note', async () => {
    const node =
      entryOf('tcp') + BigInt(offset('proc_dir_entry', 'subdir_node') + offset('rb_node', 'rb_left'));
    planted.put(node, entryOf('udp') + BigInt(offset('proc_dir_entry', 'subdir_node')));
    planted.put(
      entryOf('udp') + BigInt(offset('proc_dir_entry', 'subdir_node') + offset('rb_node', 'rb_left')),
      node - BigInt(offset('rb_node', 'rb_left')),
    );
    expect((await wrong(operations)).notes.join()).toMatch(/loop/);
  });
});

describe('a probe', () => {
  const plant = (handler: bigint, flags = 0n): bigint => {
    const probe = planted.draw(512, {
      [offset('kprobe', 'addr')]: planted.linux.pointerAt(planted.linux.symbol('sys_call_table') + 217n * 8n),
      [offset('kprobe', 'pre_handler')]: handler,
      [offset('kprobe', 'flags')]: flags,
    });
    planted.put(planted.linux.symbol('kprobe_table') + 8n, probe + BigInt(offset('kprobe', 'hlist')));
    return probe;
  };

  it.each([
    ['a module runs', () => planted.codeOf(MODULE), 'unknown'],
    ['nobody’s code runs', () => NOBODYS, 'hidden'],
    ['the kernel itself runs', () => planted.linux.symbol('_stext'), undefined],
  ])('that %s is judged by that', async (_, handler, verdict) => {
    plant(handler(), 4n);
    const { wrong: found, total } = await wrong(kprobes);
    expect(total).toBe(1);
    expect(found).toMatchObject(
      verdict === undefined
        ? []
        : [{ place: '__x64_sys_getdents64', kind: 'kprobe', flags: 'optimized', verdict }],
    );
  });

  it('whose chain loops ends, with a note', async () => {
    const probe = plant(NOBODYS);
    planted.put(probe + BigInt(offset('kprobe', 'hlist')), probe + BigInt(offset('kprobe', 'hlist')));
    const { total, notes } = await wrong(kprobes);
    expect(total).toBe(1);
    expect(notes.join()).toMatch(/loops/);
  });
});

describe('a function that is traced', () => {
  const plant = (callback: bigint, flags: bigint): bigint => {
    const { linux } = planted;
    const target = linux.pointerAt(linux.symbol('sys_call_table') + 217n * 8n);
    const entry = planted.draw(64, { [offset('ftrace_func_entry', 'ip')]: target });
    const buckets = planted.draw(16, { 0: entry + BigInt(offset('ftrace_func_entry', 'hlist')) });
    const hash = planted.draw(64, {
      [offset('ftrace_hash', 'size_bits')]: 0n,
      [offset('ftrace_hash', 'buckets')]: buckets,
      [offset('ftrace_hash', 'count')]: 1n,
    });
    const hashes = planted.draw(64, { [offset('ftrace_ops_hash', 'filter_hash')]: hash });
    const ops = planted.draw(sizeOf('ftrace_ops'), {
      [offset('ftrace_ops', 'func')]: callback,
      [offset('ftrace_ops', 'next')]: linux.symbol('ftrace_list_end'),
      [offset('ftrace_ops', 'flags')]: flags,
      [offset('ftrace_ops', 'func_hash')]: hashes,
    });
    planted.put(linux.symbol('ftrace_ops_list'), ops);
    return ops;
  };
  const IPMODIFY = 1n << 12n;

  it('by a module that sends it elsewhere, or by nobody, is found with its function', async () => {
    plant(planted.codeOf(MODULE), 1n | IPMODIFY);
    expect((await wrong(ftrace)).wrong).toMatchObject([
      { place: '__x64_sys_getdents64', module: MODULE, flags: 'enabled,ipmodify', verdict: 'unknown' },
    ]);
    plant(NOBODYS, 1n);
    expect((await wrong(ftrace)).wrong).toMatchObject([{ place: '__x64_sys_getdents64', verdict: 'hidden' }]);
  });

  it('by a module of this build that only looks is as it should be', async () => {
    plant(planted.codeOf(MODULE), 1n);
    expect(await wrong(ftrace)).toMatchObject({ wrong: [], total: 1 });
  });

  it('on a list that loops ends, with a note', async () => {
    const ops = plant(NOBODYS, 1n);
    planted.put(ops + BigInt(offset('ftrace_ops', 'next')), ops);
    const { total, notes } = await wrong(ftrace);
    expect(total).toBe(1);
    expect(notes.join()).toMatch(/loops/);
  });
});

describe('a function at a tracepoint', () => {
  it('of nobody is found', async () => {
    const { linux } = planted;
    const table = linux.symbol('__start___tracepoints_ptrs');
    const point = table + BigInt(linux.u32At(table) | 0);
    const each = sizeOf('tracepoint_func');
    const functions = planted.draw(each * 2, { [offset('tracepoint_func', 'func')]: NOBODYS });
    planted.put(point + BigInt(offset('tracepoint', 'funcs')), functions);
    const { wrong: found, total } = await wrong(tracepoints);
    expect(total).toBe(1);
    expect(found).toMatchObject([
      { tracepoint: expect.stringMatching(/^\w+$/), owner: 'nobody', verdict: 'hidden' },
    ]);
  });
});

describe('a chain', () => {
  it('with a function of nobody for key presses is found', async () => {
    const block = planted.draw(sizeOf('notifier_block'), {
      [offset('notifier_block', 'notifier_call')]: NOBODYS,
    });
    planted.put(
      planted.linux.symbol('keyboard_notifier_list') + BigInt(offset('atomic_notifier_head', 'head')),
      block,
    );
    expect((await wrong(notifiers)).wrong).toMatchObject([
      { chain: 'keyboard_notifier_list', owner: 'nobody', verdict: 'hidden' },
    ]);
    planted.put(block + BigInt(offset('notifier_block', 'next')), block);
    expect((await wrong(notifiers)).notes.join()).toMatch(/loops/);
  });
});

describe('a hook of packets', () => {
  it('of nobody is found with its place, and a count that is implausible is said', async () => {
    const { linux } = planted;
    const entry = sizeOf('nf_hook_entry');
    const registered = planted.draw(64, { [offset('nf_hook_ops', 'priority')]: 0xffff_ff38n });
    const head = offset('nf_hook_entries', 'hooks');
    const entries = planted.draw(head + entry + 8, {
      [offset('nf_hook_entries', 'num_hook_entries')]: 1n,
      [head + offset('nf_hook_entry', 'hook')]: NOBODYS,
      [head + entry]: registered,
    });
    const hooks = linux.at('net', linux.symbol('init_net')).nf!.hooks_ipv4;
    planted.put(hooks + 8n, entries);
    expect((await wrong(netfilter)).wrong).toMatchObject([
      { family: 'ipv4', hook: 'input', position: 0, priority: -200, owner: 'nobody', verdict: 'hidden' },
    ]);
    planted.put(entries + BigInt(offset('nf_hook_entries', 'num_hook_entries')), 60_000n);
    expect((await wrong(netfilter)).notes.join()).toMatch(/60000 hooks are implausible/);
  });
});

describe('a program that the kernel starts', () => {
  it('is unknown where it is none of the distributions’', async () => {
    planted.write(planted.linux.symbol('modprobe_path'), Buffer.from('/tmp/x\0'));
    expect((await wrong(helpers)).wrong).toMatchObject([{ variable: 'modprobe_path', path: '/tmp/x' }]);
    planted.write(planted.linux.symbol('core_pattern'), Buffer.from('|/dev/shm/y %p\0'));
    expect((await wrong(helpers)).wrong).toHaveLength(2);
  });
});
