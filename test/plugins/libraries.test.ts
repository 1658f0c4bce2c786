// Libraries of drawn programs: what the linker lists, what is mapped besides, and lists that break, loop or lead astray.
import { describe, expect, it } from 'vitest';
import libraries from '../../plugins/libraries.ts';
import { LINKER_DATA, LinkedProgram, PROGRAM, type ProgramWishes } from '../support/linked-program.ts';
import { ask, column } from '../support/rows.ts';

const [ONE, TWO, HIDDEN] = [0x50_0000n, 0x51_0000n, 0x60_0000n];

/** A program with two libraries that are listed, and one that is only mapped. */
function drawn(wishes: ProgramWishes = {}): LinkedProgram {
  const program = new LinkedProgram(wishes);
  program.file(ONE, 'libone.so');
  program.file(TWO, 'libtwo.so');
  program.file(HIDDEN, 'hidden.so');
  program.list([
    { start: PROGRAM, name: '' },
    { start: ONE, name: '/lib/libone.so' },
    { start: TWO, name: '/lib/libtwo.so' },
  ]);
  return program;
}

const incomplete = { absent: 'walk-incomplete' };

describe('libraries', () => {
  it.each([8, 4] as const)('shows what is listed and what is mapped, in words of %i bytes', async (width) => {
    const { rows, notes } = await ask(libraries, drawn({ width }).linux());
    expect(notes).toEqual([]);
    const of = { pid: 9, name: 'bash', mapped: true, container: null };
    expect(rows).toEqual([
      { ...of, position: 0, library: null, path: '/prog', start: PROGRAM, bias: PROGRAM, listed: true },
      {
        ...of,
        position: 1,
        library: '/lib/libone.so',
        path: '/libone.so',
        start: ONE,
        bias: ONE,
        listed: true,
      },
      {
        ...of,
        position: 2,
        library: '/lib/libtwo.so',
        path: '/libtwo.so',
        start: TWO,
        bias: TWO,
        listed: true,
      },
      { ...of, position: null, library: null, path: '/hidden.so', start: HIDDEN, bias: null, listed: false },
    ]);
    expect(libraries.why!(rows[3] as never, undefined as never)).toEqual([
      'has /hidden.so mapped, which its dynamic linker does not list',
    ]);
    expect(libraries.why!(rows[1] as never, undefined as never)).toEqual([]);
  });

  it('leaves out files that are no programs, and programs that are mapped as data', async () => {
    const program = drawn();
    program.file(0x61_0000n, 'words.txt', { magic: 0x6c6c_6568 });
    program.file(0x62_0000n, 'read.so', { isCode: false });
    expect(column(await ask(libraries, program.linux()), 'path')).toEqual([
      ...['/prog', '/libone.so', '/libtwo.so', '/hidden.so'],
    ]);
  });

  it('says that nothing is mapped where the linker has a library', async () => {
    const program = drawn();
    program.put(program.entry(2) + 16n, 0x69_0800n);
    const { rows } = await ask(libraries, program.linux());
    expect(rows[2]).toMatchObject({ library: '/lib/libtwo.so', path: null, start: null, mapped: false });
    expect(libraries.why!(rows[2] as never, undefined as never)).toEqual([
      'its dynamic linker lists /lib/libtwo.so, and no file is mapped there',
    ]);
    expect(rows[3]).toMatchObject({ path: '/libtwo.so', listed: false });
  });

  it('has no rows of a program that needs no linker', async () => {
    const program = new LinkedProgram({ isStatic: true });
    expect(await ask(libraries, program.linux())).toEqual({ rows: [], notes: [] });
    program.file(HIDDEN, 'hidden.so');
    expect((await ask(libraries, program.linux())).rows).toMatchObject([
      { path: '/hidden.so', listed: null },
    ]);
  });

  it('accuses nobody before the linker has begun, and misses nothing', async () => {
    const program = drawn();
    program.dynamic(21n, 0n);
    const { rows, notes } = await ask(libraries, program.linux());
    expect(notes).toEqual([]);
    expect(rows.map(({ listed }) => listed)).toEqual([incomplete, incomplete, incomplete, incomplete]);
  });

  it.each<[string, (program: LinkedProgram) => void, RegExp, number]>([
    [
      'loops',
      (program) => program.put(program.entry(2) + 24n, program.entry(0)),
      /leads? (?:in a circle|back)/,
      3,
    ],
    [
      'loops back to its second',
      (program) => program.put(program.entry(2) + 24n, program.entry(1)),
      /circle/,
      3,
    ],
    ['is cut', (program) => program.put(program.entry(1) + 24n, 0x7f00_0000_0000n), /is not mapped/, 2],
    ['does not lead back', (program) => program.put(program.entry(2) + 32n, 0n), /does not lead back/, 2],
    [
      'leads into the kernel',
      (program) => program.put(program.entry(0) + 24n, 0xffff_ffff_8100_0000n),
      /no address of a program/,
      1,
    ],
    ['is being changed', (program) => program.put(LINKER_DATA + 24n, 1n), /being changed/, 3],
    [
      'leads to itself in another namespace',
      (program) => {
        program.put(LINKER_DATA, 2n);
        program.put(LINKER_DATA + 40n, LINKER_DATA);
      },
      /circle/,
      3,
    ],
    ['is lost', (program) => program.lose(LINKER_DATA), /not in the snapshot/, 0],
    [
      'is led to by a program whose page is lost',
      (program) => program.lose(PROGRAM),
      /not in the snapshot/,
      0,
    ],
    ['is not led to', (program) => program.dynamic(20n, 0n), /does not lead to it/, 0],
  ])('calls nothing hidden where the list %s', async (_, damage, why, listed) => {
    const program = drawn();
    damage(program);
    const { rows, notes } = await ask(libraries, program.linux());
    expect(notes.join('\n')).toMatch(why);
    expect(rows.filter((row) => row['listed'] === true)).toHaveLength(listed);
    expect(rows.some((row) => row['listed'] === false)).toBe(false);
    // What is mapped is shown all the same, but for what cannot be told to be a program.
    expect(rows.some((row) => row['path'] === '/hidden.so')).toBe(true);
  });

  it('finds the list by the data of a program whose header is in no memory any more', async () => {
    const program = drawn();
    const data = PROGRAM + 0x1000n;
    program.more(PROGRAM, data);
    program.words(data + 0x810n, [21n, LINKER_DATA]);
    program.put(program.entry(0) + 16n, data + 0x800n);
    program.lose(PROGRAM);
    const { rows, notes } = await ask(libraries, program.linux());
    expect(notes).toEqual([]);
    expect(rows.map(({ listed }) => listed)).toEqual([true, true, true, false]);
    expect(rows[0]).toMatchObject({ path: '/prog', start: PROGRAM, bias: PROGRAM });
  });

  it.each<[string, (program: LinkedProgram) => void]>([
    ['whose first library is another', (program) => program.put(program.entry(0) + 16n, ONE)],
    ['that begins with another', (program) => program.put(program.entry(0) + 32n, ONE)],
    ['of no version', (program) => program.put(LINKER_DATA, 7n)],
    ['that is nowhere', (program) => program.lose(LINKER_DATA)],
  ])('takes no words of a program’s data for a list %s', async (_, damage) => {
    const program = drawn();
    const data = PROGRAM + 0x1000n;
    program.more(PROGRAM, data);
    program.words(data + 0x810n, [21n, LINKER_DATA]);
    program.put(program.entry(0) + 16n, data + 0x800n);
    damage(program);
    program.lose(PROGRAM);
    const { rows, notes } = await ask(libraries, program.linux());
    expect(rows.every(({ listed }) => (listed as { absent?: string }).absent === 'walk-incomplete')).toBe(
      true,
    );
    expect(notes.join('\n')).toMatch(/list of libraries of process 9: .*not in the snapshot/);
  });

  it('knows a library whose beginning and data are mapped apart, though its header is lost', async () => {
    const program = drawn();
    program.more(ONE, ONE + 0x4000n, 0n);
    program.put(program.entry(1) + 16n, ONE + 0x4800n);
    program.lose(ONE);
    const { rows, notes } = await ask(libraries, program.linux());
    expect(notes).toEqual([]);
    const found = rows.map(({ start, listed }) => ({ start, listed }));
    expect(found).toEqual([
      { start: PROGRAM, listed: true },
      { start: ONE, listed: true },
      { start: TWO, listed: true },
      { start: HIDDEN, listed: false },
    ]);
  });

  it('follows the lists of other namespaces', async () => {
    const program = drawn();
    program.put(LINKER_DATA, 2n);
    program.put(LINKER_DATA + 40n, LINKER_DATA + 0x400n);
    program.words(LINKER_DATA + 0x400n, [1n, LINKER_DATA + 0x500n, 0n, 0n, 0n, 0n]);
    program.words(LINKER_DATA + 0x500n, [HIDDEN, LINKER_DATA + 0x800n + 0x40n, HIDDEN + 0x800n, 0n, 0n]);
    expect((await ask(libraries, program.linux())).rows[3]).toMatchObject({
      path: '/hidden.so',
      listed: true,
    });
  });

  it('says that a name is lost, and shows the library', async () => {
    const program = drawn();
    program.put(program.entry(1) + 8n, 0x7f00_0000_0000n);
    expect((await ask(libraries, program.linux())).rows[1]).toMatchObject({
      library: { absent: 'not-present' },
      path: '/libone.so',
      listed: true,
    });
  });

  it('does not say that a library has no file where mappings are missing', async () => {
    const program = drawn();
    program.put(program.entry(2) + 16n, 0x69_0800n);
    const kernel = program.linux();
    const memory = program.kernel.read(program.kernel.task(9), 'task_struct', 'mm');
    program.kernel.write(memory, 'mm_struct', { map_count: 9 });
    const { rows, notes } = await ask(libraries, kernel);
    expect(rows[2]).toMatchObject({ library: '/lib/libtwo.so', mapped: incomplete });
    expect(notes).toEqual(['mappings of process 9: the kernel counts 9, and 4 are found']);
  });
});
