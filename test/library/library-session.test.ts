// The library on the shipped sample, held against what the guest said of itself and what the questions print; and the same
// with pages taken away.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import modules from '../../plugins/modules.ts';
import pslist from '../../plugins/pslist.ts';
import { physical } from '../../src/base/address.ts';
import { NotInKernel, UsageError } from '../../src/base/errors.ts';
import { policyFrom } from '../../src/judging/policy-files.ts';
import { compareSnapshots, judgeSnapshot } from '../../src/library/compare.ts';
import { LibrarySession, openSession } from '../../src/library/library-session.ts';
import type { Struct } from '../../src/library/values.ts';
import { startSession } from '../../src/session/session.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import type { Truth } from '../guests/truth.ts';
import { Overlay } from '../support/overlay.ts';

const SAMPLE = 'samples/web-1/after.kdump';
const BEFORE = 'samples/web-1/before.kdump';

let session: LibrarySession;
let truth: Truth;

beforeAll(() => {
  session = openSession(SAMPLE);
  truth = JSON.parse(gunzipSync(readFileSync('samples/web-1/after.truth.json.gz')).toString('utf8')) as Truth;
});

afterAll(() => session.close());

describe('symbols', () => {
  it('are where the guest says', () => {
    for (const [name, address] of Object.entries(truth.system.symbols))
      expect([name, session.symbols.address(name)]).toEqual([name, BigInt(`0x${address}`)]);
  });

  it('of modules lie in the memory of their module, and are named with it', () => {
    const loaded = session.modules();
    expect(loaded.length).toBeGreaterThan(10);
    for (const module of loaded) {
      expect([module.name, module.symbols.length]).not.toEqual([module.name, 0]);
      const inside = module.symbols.filter(({ address }) =>
        module.ranges.some(({ start, end }) => start <= address && address < end),
      );
      // Absolute ones (checksums of exports) are nowhere; all others are in the module.
      const elsewhere = module.symbols.filter((symbol) => !inside.includes(symbol));
      expect(elsewhere.filter(({ type }) => !/^[aA]$/.test(type))).toEqual([]);
      const [symbol] = inside;
      expect(session.symbols.nearest(symbol!.address)).toMatchObject({
        module: module.name,
        address: symbol!.address,
      });
    }
  });

  it('are resolved from addresses, names and names with an offset', () => {
    const at = session.symbols.address('init_task');
    expect(session.symbols.resolve('init_task+0x10')).toBe(at + 16n);
    expect(session.symbols.resolve('init_task-1')).toBe(at - 1n);
    expect(session.symbols.resolve(`0x${at.toString(16)}`)).toBe(at);
    expect(session.symbols.resolve('4096')).toBe(4096n);
    expect(() => session.symbols.resolve('no_such_symbol')).toThrow(UsageError);
    expect(() => session.symbols.resolve('init_tusk')).toThrow('did you mean init_task?');
    expect(() => session.symbols.resolve('0x10000000000000000')).toThrow(UsageError);
  });

  it('name addresses up to the end of the image and no further', () => {
    const at = session.symbols.address('do_exit');
    expect(session.symbols.nearest(at + 5n)).toMatchObject({ name: 'do_exit', offset: 5n, module: null });
    expect(session.nameOf(at + 5n)).toBe('do_exit+0x5');
    expect(session.nameOf(session.symbols.address('_end') + 1n)).toBeNull();
    expect(session.nameOf(4096n)).toBeNull();
  });
});

describe('types', () => {
  it('have all members that the profile has, in the same places', () => {
    let members = 0;
    for (const [name, layout] of Object.entries(session.profile.types)) {
      const candidates = session.types.all(name);
      for (const [member, [offset, size, firstBit = 0, bits = 0]] of Object.entries(layout.members)) {
        const places = candidates.flatMap(({ type }) => {
          const found = session.struct(type.name === name ? name : type.name, 0n);
          const place = found.$values.membersOf(type).get(member);
          return place === undefined ? [] : [[place.offset, place.type.size, place.firstBit, place.bits]];
        });
        expect([name, member, places]).toEqual([
          name,
          member,
          expect.arrayContaining([[offset, size, firstBit, bits]]),
        ]);
        members++;
      }
    }
    expect(members).toBeGreaterThan(200);
  });

  it('give size and place of members however deep', () => {
    const { types } = session;
    expect(types.sizeOf('list_head')).toBe(16);
    expect(types.offsetOf('task_struct', 'se.run_node.rb_left')).toBe(
      types.offsetOf('task_struct', 'se') +
        types.offsetOf('sched_entity', 'run_node') +
        types.offsetOf('rb_node', 'rb_left'),
    );
    expect(types.offsetOf('task_struct', 'comm[3]')).toBe(types.offsetOf('task_struct', 'comm') + 3);
    expect(() => types.offsetOf('task_struct', 'comm[16]')).toThrow(NotInKernel);
    expect(() => types.offsetOf('task_struct', 'com')).toThrow('did you mean comm?');
    expect(() => types.offsetOf('task_struct', 'a b')).toThrow(NotInKernel);
    expect(() => types.find('tsk_struct')).toThrow('did you mean task_struct?');
    expect(() => session.struct('pid_t', 0n)).toThrow(NotInKernel);
  });

  it('of modules are found behind the kernel’s own', () => {
    const [found] = session.types.all('virtnet_info');
    expect(found).toMatchObject({ module: 'virtio_net' });
    expect(session.types.member('virtnet_info', 'dev').type.name).toBe('struct net_device *');
    expect(session.drainNotes()).toEqual([]);
  });
});

describe('structs, lists and processes', () => {
  it('say of every process what pslist prints', async () => {
    const { rows, notes } = await session.ask(pslist, { columns: ['pid', 'name', 'uid', 'task'] });
    expect(notes).toEqual([]);
    const told = [...session.processes()].map(({ raw, pid }) => ({
      pid,
      name: raw['comm'],
      uid: raw['real_cred'].uid.val,
      task: raw.$address,
    }));
    expect(told).toEqual(rows);
    expect(session.process(1).raw['mm'].total_vm).toBeGreaterThan(0n);
    expect(() => session.process(999_999)).toThrow(UsageError);
  });

  it('walk a list to its end', () => {
    const head =
      session.symbols.address('init_task') + BigInt(session.types.offsetOf('task_struct', 'tasks'));
    const names = [...session.list(head, 'task_struct', 'tasks')].map((task) => task['comm'] as string);
    expect(names).toEqual([...session.processes()].map(({ name }) => name));
    expect(() => [...session.list(head, 'task_struct', 'no_such')]).toThrow(NotInKernel);
  });

  it('find a process by its page tables, and read its memory through them', () => {
    const init = session.process(1);
    const root = init.pageTableRoot!;
    expect(session.processOfRoot(root)?.pid).toBe(1);
    expect(session.processOfRoot(root + 5)?.pid).toBe(1); // with the flags of CR3
    expect(session.processOfRoot(4096)).toBeUndefined();
    const memory = session.memoryOf(1);
    expect(memory.cString(init.raw['mm'].arg_start as bigint)).toBe(
      init.task.memory!.commandLine.split(' ')[0],
    );
    expect(memory.walk(init.raw['mm'].arg_start as bigint).steps.length).toBe(4);
    expect(() => session.memoryOf(2)).toThrow('kernel thread');
  });
});

describe('questions', () => {
  it('refuse options and columns that do not exist', async () => {
    await expect(session.ask(pslist, { options: { nope: 1 } })).rejects.toThrow(UsageError);
    await expect(session.ask(modules, { columns: ['nope' as 'name'] })).rejects.toThrow(UsageError);
  });

  it('are answered one after the other, each with its own notes, when asked at once', async () => {
    const [one, other] = await Promise.all([session.ask(modules), session.ask(pslist)]);
    expect([one.question.name, other.question.name]).toEqual(['modules', 'pslist']);
    expect([one.rows.length > 0, other.rows.length > 0]).toEqual([true, true]);
  });

  it('compare two snapshots that are open at once, and judge one by a policy', async () => {
    const before = openSession(BEFORE);
    try {
      const asked = plugins.filter(({ name }) => ['pslist', 'modules'].includes(name));
      const { relation, tables } = await compareSnapshots(before, session, asked);
      expect(relation).toMatchObject({ machine: 'same', boot: 'same' });
      expect(tables.find(({ plugin }) => plugin === 'pslist')!.added.length).toBeGreaterThan(0);
      const policy = await policyFrom(['cloud-linux'], plugins);
      const verdict = await judgeSnapshot(session, policy, plugins, { since: before, today: '2027-01-31' });
      expect(verdict.rules.some(({ outcome }) => outcome === 'failed')).toBe(true);
    } finally {
      before.close();
    }
  });
});

describe('a snapshot that lacks pages', () => {
  let snapshot: Snapshot;
  let overlay: Overlay;

  beforeAll(() => {
    snapshot = openSnapshot(SAMPLE);
    overlay = new Overlay(snapshot.contents.source);
  });
  afterEach(() => overlay.mend());

  /** The sample as the overlay has it now. */
  const begin = (): LibrarySession =>
    new LibrarySession(startSession({ ...snapshot, memory: overlay.memory() }));
  const frameOf = (address: bigint): number => {
    const at = session.memory.translate(address);
    return at - (at % 4096);
  };

  it('has the types whose records are there, and says that others are missing', () => {
    const opened = begin(); // bound while all was there, as by a profile that is remembered
    const start = opened.kernel.symbol('__start_BTF');
    for (let page = 100; page < 110; page++) overlay.damage(frameOf(start + BigInt(4096 * page)), null);
    const torn = new LibrarySession({
      ...startSession({ ...snapshot, memory: overlay.memory() }, { profile: opened.profile }),
      profile: opened.profile,
    });
    expect(torn.types.find('list_head').size).toBe(16);
    expect([...torn.types.names()].length).toBeLessThan([...session.types.names()].length);
    expect(torn.drainNotes()).toEqual([
      expect.stringMatching(/^\d+ of \d+ bytes of this kernel's BTF are missing/),
    ]);
  });

  it('has what the profile tells where all of the BTF is gone', () => {
    const { profile } = session;
    const start = session.kernel.symbol('__start_BTF');
    const stop = session.kernel.symbol('__stop_BTF');
    for (let at = start; at < stop; at += 4096n) overlay.damage(frameOf(at), null);
    const bare = new LibrarySession(startSession({ ...snapshot, memory: overlay.memory() }, { profile }));
    expect(bare.struct('task_struct', bare.symbols.address('init_task'))['pid']).toBe(0);
    const init = bare.process(1).raw;
    expect([init['comm'], init['real_parent'].comm]).toEqual(['init', 'swapper/0']);
    expect(init['mm'].$type.name).toBe('struct mm_struct');
    expect(bare.layout('task_struct').holeBits).toBe(0); // what it does not tell is no hole
    expect(bare.types.offsetOf('task_struct', 'comm')).toBe(session.types.offsetOf('task_struct', 'comm'));
    expect(bare.drainNotes()).toEqual([expect.stringContaining('structs of its profile')]);
    expect(() => bare.types.find('virtnet_info')).toThrow(NotInKernel);
  });

  it('lists what a broken list still leads to, and says that some may be lost', () => {
    const head =
      session.symbols.address('init_task') + BigInt(session.types.offsetOf('task_struct', 'tasks'));
    const all = [...session.list(head, 'task_struct', 'tasks')];
    const lost = all[20]!.$address;
    const damaged = begin();
    overlay.damage(frameOf(lost + BigInt(session.types.offsetOf('task_struct', 'tasks'))), null);
    const again = new LibrarySession(
      startSession({ ...snapshot, memory: overlay.memory() }, { profile: damaged.profile }),
    );
    again.drainNotes();
    const walk = [...again.list(head, 'task_struct', 'tasks')];
    expect(walk.length).toBeGreaterThan(all.length - 5);
    expect(again.drainNotes()).toEqual([expect.stringContaining('task_struct.tasks list breaks after')]);
  });

  it('has the types of other modules where one cannot be read, and says whose are missing', () => {
    const opened = begin();
    const [entry] = [...session.list(session.symbols.address('btf_modules'), 'btf_module', 'list')].filter(
      ({ module }) => module.name === 'dm_mod',
    );
    const data = entry!['btf'].data.$address as bigint;
    overlay.damage(frameOf(entry!['module'].$address), null);
    overlay.damage(frameOf(data), null);
    const torn = new LibrarySession(
      startSession({ ...snapshot, memory: overlay.memory() }, { profile: opened.profile }),
    );
    torn.drainNotes();
    expect(torn.types.all('virtnet_info').map(({ module }) => module)).toEqual(['virtio_net']);
    expect(() => torn.types.find('no_type_of_any_module')).toThrow(NotInKernel);
    expect(torn.drainNotes()).toContainEqual(
      expect.stringMatching(/^types of module 0x[0-9a-f]+: \d+ of \d+ bytes are missing/),
    );
  });

  it('says which symbols of a module it lacks', () => {
    const opened = begin();
    const module = session.modules().find(({ name }) => name === 'dm_mod')!;
    const table = module.raw['kallsyms'].symtab as Struct;
    overlay.damage(frameOf(table.$address), null);
    const torn = new LibrarySession(
      startSession({ ...snapshot, memory: overlay.memory() }, { profile: opened.profile }),
    );
    const found = torn.modules().find(({ name }) => name === 'dm_mod')!;
    expect(found.symbols.length).toBeLessThan(module.symbols.length);
    expect(torn.drainNotes()).toEqual([
      expect.stringMatching(/^\d+ of the \d+ symbols of module dm_mod are not in the snapshot$/),
    ]);
  });

  it('stands for others that are read at physical addresses', () => {
    const at = session.memory.translate(session.symbols.address('init_task'));
    expect(session.physical.bytes(BigInt(at), 16)).toEqual(
      session.memory.bytes(session.symbols.address('init_task'), 16),
    );
    expect(session.physical.isReadable(BigInt(physical(2 ** 50)))).toBe(false);
  });
});

describe('a session', () => {
  it('is closed by the block that declares it with `using`', () => {
    const opened = openSession(SAMPLE);
    opened[Symbol.dispose]();
    expect(() => opened.physical.u8(0n)).toThrow();
  });
});
