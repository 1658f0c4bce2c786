import { describe, expect, it } from 'vitest';
import { Btf } from '../../src/profile/btf.ts';
import {
  bytes,
  inside,
  int,
  links,
  long,
  opt,
  place,
  pointer,
  ptr,
  ref,
  text,
  uint,
  ulong,
} from '../../src/types/fields.ts';
import type { Field, StructTable } from '../../src/types/struct.ts';
import { type DrawnMember, type DrawnType, drawBtf } from '../support/btf.ts';
import { checkKernel } from './check.ts';
import { openKernel } from './sources.ts';

const base: Record<string, DrawnType> = {
  int: { int: 'int', size: 4, signed: true },
  unsigned: { int: 'unsigned int', size: 4 },
  char: { int: 'char', size: 1, signed: true },
  long: { int: 'long int', size: 8, signed: true },
  'unsigned long': { int: 'long unsigned int', size: 8 },
  comm: { array: 'char', count: 16 },
  numbers: { array: 'long', count: 4 },
  void: { const: 'nowhere' },
  nowhere: { fwd: 'nowhere' },
  state: { enum: 'state', values: { LIVE: 0 } },
  'to list': { ptr: 'list_head' },
  list_head: {
    struct: 'list_head',
    size: 16,
    members: [
      ['next', 'to list', 0],
      ['prev', 'to list', 8],
    ],
  },
  'val of kuid': { struct: '', size: 4, members: [['val', 'unsigned', 0]] },
  kuid_t: { typedef: 'kuid_t', of: 'val of kuid' },
  possible_net: { struct: '', size: 0, members: [] },
  possible_net_t: { typedef: 'possible_net_t', of: 'possible_net' },
  sock: {
    struct: 'sock',
    size: 16,
    members: [
      ['family', 'int', 0],
      ['type', 'int', 4],
    ],
  },
  unix_sock: {
    struct: 'unix_sock',
    size: 32,
    members: [
      ['sk', 'sock', 0],
      ['node', 'list_head', 16],
    ],
  },
  'to sock': { ptr: 'sock' },
  'to const sock': { ptr: 'const sock' },
  'const sock': { const: 'sock' },
  'to other': { ptr: 'other' },
  other: { fwd: 'other' },
  'to int': { ptr: 'int' },
};

/** The finding of a struct `thing` whose one member is of the drawn type and read by `field`, as a line. */
function lineOf(field: Field<unknown>, type: string, bits?: DrawnMember[3]): string {
  const member: DrawnMember = bits === undefined ? ['member', type, 0] : ['member', type, 0, bits];
  const drawn = drawBtf({ ...base, thing: { struct: 'thing', size: 64, members: [member] } });
  const table: StructTable = {
    thing: { member: field },
    sock: {},
    unix_sock: { node: place },
    list_head: {},
    kuid_t: {},
  };
  const { findings, ok } = checkKernel(new Btf(drawn, 8), null, table);
  const [finding] = findings;
  expect(ok).toBe(finding!.outcome === 'fits');
  return finding!.detail;
}

describe('a member', () => {
  it.each<[string, Field<unknown>, string]>([
    ['unsigned int of 4 bytes, read as uint: fits', uint, 'unsigned'],
    ['int of 4 bytes, read as uint: fits, without its sign', uint, 'int'],
    ['unsigned int of 4 bytes, read as int: fits, as if it had a sign', int, 'unsigned'],
    ['long unsigned int of 8 bytes, read as uint: fits, its lower 4 bytes', uint, 'unsigned long'],
    ['struct kuid_t of 4 bytes, read as uint: fits', uint, 'kuid_t'],
    ['enum state of 4 bytes, read as uint: fits', uint, 'state'],
    ['pointer to struct sock, read as ulong: fits', ulong, 'to sock'],
    ['long int of 8 bytes, read as long: fits', long, 'long'],
    ['array of 16 char of 1 byte, read as text: fits', text, 'comm'],
    ['array of 16 char of 1 byte, read as bytes: fits', bytes, 'comm'],
    ['struct unix_sock of 32 bytes, read as place: fits', place, 'unix_sock'],
    ['pointer to int, read as pointer: fits', pointer, 'to int'],
    [
      'struct possible_net_t of 0 bytes, read as pointer: fits, empty in this kernel',
      pointer,
      'possible_net_t',
    ],
    ['pointer to struct sock, read as ptr: fits', ptr('sock'), 'to sock'],
    ['pointer to struct sock, read as ptr: fits', ref('sock'), 'to const sock'],
    ['pointer to struct sock, read as ptr: fits', ptr('unix_sock'), 'to sock'],
    ['struct sock of 16 bytes, read as inside: fits', inside('sock'), 'sock'],
    ['struct unix_sock of 32 bytes, read as inside: fits', inside('sock'), 'unix_sock'],
    ['struct list_head of 16 bytes, read as links: fits', links('unix_sock', 'node'), 'list_head'],
  ])('%s', (line, field, type) => {
    expect(lineOf(field, type)).toBe(line);
  });

  it.each<[string, Field<unknown>, string]>([
    ['pointer to struct sock, read as uint: is no whole number', uint, 'to sock'],
    ['struct sock of 16 bytes, read as int: is no whole number', int, 'sock'],
    ['array of 16 char of 1 byte, read as ulong: is neither a whole number nor a pointer', ulong, 'comm'],
    ['array of 4 long int of 8 bytes, read as text: is no array of char', text, 'numbers'],
    ['struct possible_net_t of 0 bytes, read as bytes: has no bytes', bytes, 'possible_net_t'],
    ['long unsigned int of 8 bytes, read as pointer: is no pointer', pointer, 'unsigned long'],
    ['long int of 8 bytes, read as ptr: is no pointer', ptr('sock'), 'long'],
    ['pointer to struct other, read as ptr: does not lead to sock', ptr('sock'), 'to other'],
    ['pointer to int, read as ptr: does not lead to sock', ref('sock'), 'to int'],
    ['struct sock of 16 bytes, read as inside: is no unix_sock', inside('unix_sock'), 'sock'],
    ['pointer to struct sock, read as inside: is no sock', inside('sock'), 'to sock'],
    ['struct sock of 16 bytes, read as links: is no list_head', links('unix_sock', 'node'), 'sock'],
    [
      'struct list_head of 16 bytes, read as links: sock has no node to be linked by',
      links('sock', 'node'),
      'list_head',
    ],
    [
      'struct list_head of 16 bytes, read as links: sock.family, which links the entries, is int of 4 bytes',
      links('sock', 'family'),
      'list_head',
    ],
  ])('%s', (line, field, type) => {
    expect(lineOf(field, type)).toBe(line);
  });

  it('that is a bitfield fits unsigned numbers only', () => {
    expect(lineOf(uint, 'unsigned', [3, 2])).toBe('2 bits of unsigned int of 4 bytes, read as uint: fits');
    expect(lineOf(int, 'unsigned', [3, 2])).toBe(
      '2 bits of unsigned int of 4 bytes, read as int: is a bitfield, which only uint reads',
    );
  });
});

describe('a kernel', () => {
  const kernel = (members: readonly DrawnMember[]) =>
    new Btf(drawBtf({ ...base, thing: { struct: 'thing', size: 64, members } }), 8);
  const linesOf = (table: StructTable, members: readonly DrawnMember[]) => {
    const { ok, findings } = checkKernel(kernel(members), null, table);
    return [ok, ...findings.map(({ member, detail }) => `${member}: ${detail}`)];
  };

  it('that lacks a member has drifted, unless it is optional', () => {
    expect(linesOf({ thing: { pid: int } }, [])).toEqual([false, 'thing.pid: not there']);
    expect(linesOf({ thing: { pid: opt(int) } }, [])).toEqual([true, 'thing.pid: not there (optional)']);
  });

  it('that lacks both forms of a member has drifted', () => {
    const table = { thing: { __state: opt(uint, 'state'), state: opt(ulong, '__state') } };
    expect(linesOf(table, [['__state', 'unsigned', 0]])).toEqual([
      true,
      'thing.__state: unsigned int of 4 bytes, read as uint: fits',
      'thing.state: not there (optional: __state is)',
    ]);
    expect(linesOf(table, [])).toEqual([
      false,
      'thing.__state: not there, nor is state',
      'thing.state: not there, nor is __state',
    ]);
  });

  it('may have in place of a member one that the program does not read', () => {
    const table = { thing: { user_path: opt(place, 'real_path') } };
    expect(linesOf(table, [['real_path', 'sock', 0]])).toEqual([
      true,
      'thing.user_path: not there (optional: real_path is)',
    ]);
  });

  it('may have what replaces a member in another struct', () => {
    const table = { thing: { vm_next: opt(pointer, 'sock.family') }, sock: { family: int } };
    expect(linesOf(table, [])[1]).toBe('thing.vm_next: not there (optional: sock.family is)');
  });

  it('that counts in other numbers than the program has drifted', () => {
    const drawn = drawBtf({
      states: { enum: 'module_state', values: { MODULE_STATE_LIVE: 1, MODULE_STATE_COMING: 1 } },
    });
    const { ok, changedConstants } = checkKernel(new Btf(drawn, 8), null, {});
    expect(ok).toBe(false);
    expect(changedConstants).toEqual(['MODULE_STATE_LIVE is 1, taken for 0']);
  });

  it('is told which structs, enumerators and symbols it lacks', () => {
    const check = checkKernel(kernel([]), new Set(['init_task']), { thing: {}, gone: { member: int } });
    expect(check.ok).toBe(true);
    expect(check.missingStructs).toEqual(['gone']);
    expect(check.missingEnumerators).toContain('MM_FILEPAGES');
    expect(check.missingSymbols).toContain('modules');
    expect(check.missingSymbols).not.toContain('init_task');
  });
});

/** What Debian's 6.1 for clouds really lacks. Anything else is a name that no kernel has: written wrong. */
const NOT_IN_THE_SAMPLE = {
  structs: [
    'scx_rq',
    'frame_record_meta',
    'cpu_context',
    'swap_table',
    'backing_file',
    'file_lock_core',
    'fsnotify_sb_info',
    'hd_struct',
    'elf32_sym',
    'module_memory',
    'printk_log',
    'tk_data',
  ],
  members: [
    'task_struct.cpu',
    'task_struct.state',
    'task_struct.real_start_time',
    'pt_regs.pc',
    'pt_regs.pstate',
    'pt_regs.regs',
    'pt_regs.stackframe',
    'rq.scx',
    'thread_struct.cpu_context',
    'thread_struct.gs',
    'thread_struct.uw',
    'orc_entry.signal',
    'kernfs_node.__parent',
    'mm_struct.mmap',
    'mm_struct.mm_rb',
    'vm_area_struct.vm_next',
    'vm_area_struct.vm_rb',
    'page.compound_info',
    'swap_cluster_info.table',
    'mm_context_t.ia32_compat',
    'vfsmount.mnt_idmap',
    'mount.mnt_node',
    'mount.mnt_next_for_sb',
    'mount.mnt_t_flags',
    'mnt_namespace.nr_mounts',
    'dentry.d_alias',
    'dentry.d_children',
    'dentry.d_sib',
    'inode.__i_atime',
    'inode.__i_mtime',
    'inode.__i_ctime',
    'inode.i_atime_sec',
    'inode.i_mtime_sec',
    'inode.i_ctime_sec',
    'inode.i_atime_nsec',
    'inode.i_mtime_nsec',
    'inode.i_ctime_nsec',
    'super_block.s_fsnotify_info',
    'file_lock.c',
    'fsnotify_mark.ignored_mask',
    'block_device.bd_part',
    'block_device.bd_mapping',
    'block_device.__bd_flags',
    'block_device.bd_holder_disks',
    'bd_holder_disk.disk',
    'bd_holder_disk.holder_dir',
    'netns_core.sock_inuse',
    'netns_ipv4.udp_table',
    'inet_timewait_death_row.tw_count',
    'inet_hashinfo.listening_hash',
    'inet_listen_hashbucket.head',
    'module.mem',
    'module.data_layout',
  ],
};

describe('the sample', () => {
  it('has every struct and member that the program reads, but for those of other kernels', async () => {
    const { btf, symbols, banner } = await openKernel('samples/web-1/after.kdump');
    expect(banner).toMatch(/^Linux version 6\.1\./);
    const check = checkKernel(btf, symbols);
    expect(check.ok).toBe(true);
    expect(check.missingStructs).toEqual(NOT_IN_THE_SAMPLE.structs);
    expect(
      check.findings.filter(({ outcome }) => outcome === 'not there').map(({ member }) => member),
    ).toEqual(NOT_IN_THE_SAMPLE.members);
    expect(check.missingEnumerators).toEqual([]);
    expect(check.missingSymbols).not.toBeNull();
  });
});
