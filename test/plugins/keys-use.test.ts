// What a key is used for: a generator of OpenSSL drawn in a process's heap, beside keys that are in use.
import { describe, expect, it } from 'vitest';
import keys from '../../plugins/keys.ts';
import { areasOf } from '../../src/kernel/linux/process/areas.ts';
import { generatorKeys, SearchAllowance } from '../../src/kernel/linux/process/openssl-drbg.ts';
import { tasks } from '../../src/kernel/linux/process/processes.ts';
import { drawSchedule } from '../crypto/schedules.ts';
import { DrawnAreas } from '../support/areas.ts';
import { fakeKernel } from '../support/kernel.ts';
import { ask, column } from '../support/rows.ts';

const HEAP = 0x5555_0000_0000n;
const CONSTANT = Uint8Array.from({ length: 32 }, (_, i) => i);
const STATE = Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + 11) & 0xff);
const IN_USE = Uint8Array.from({ length: 32 }, (_, i) => (i * 91 + 5) & 0xff);

/** Places in the drawn heap, one page. */
const AT = { generator: 0x40, context: 0x200, constant: 0x400, state: 0x600, inUse: 0x800 } as const;

interface Head {
  /** What stands between the pointers and the raw key. */
  readonly tail: Uint8Array;
  readonly pointers: number;
}

const word = (value: bigint, bytes: 4 | 8): Buffer => {
  const out = Buffer.alloc(bytes);
  if (bytes === 8) out.writeBigUInt64LE(value);
  else out.writeUInt32LE(Number(value));
  return out;
};

/** PROV_DRBG_CTR of OpenSSL 3: keylen and use_df. */
const OPENSSL_3: Head = { pointers: 5, tail: Buffer.concat([word(32n, 8), word(1n, 4)]) };
/** RAND_DRBG_CTR of OpenSSL 1.1.1: keylen. */
const OPENSSL_1: Head = { pointers: 5, tail: word(32n, 8) };

/** The heap of process 9 with a generator, its schedules, and a key that is in use. */
function drawn({ pointers, tail }: Head, context = HEAP + BigInt(AT.context)) {
  const kernel = fakeKernel('init(1)  openssl(9)', {
    without: ['mm_struct.mmap', 'vm_area_struct.vm_next', 'vm_area_struct.shared'],
  });
  const areas = new DrawnAreas(kernel);
  const page = kernel.image.takePages(1);
  const put = (at: number, bytes: Uint8Array) => kernel.image.write(page + at, bytes);
  put(AT.constant, drawSchedule(CONSTANT).bytes);
  put(AT.state, drawSchedule(STATE).bytes);
  put(AT.inUse, drawSchedule(IN_USE).bytes);
  // The context's data begin 16 bytes before the schedule.
  put(AT.context + 0x78, word(HEAP + BigInt(AT.state) - 16n, 8));
  const heads = Array.from({ length: pointers }, (_, i) => word(i === 0 ? context : HEAP, 8));
  put(AT.generator, Buffer.concat([...heads, tail, STATE]));
  kernel.image.map(HEAP, { to: page, root: kernel.rootOf(9) });
  kernel.write(areas.memoryOf(9), 'mm_struct', { start_brk: HEAP, brk: HEAP + 0x1000n });
  areas.giveTree(9, [areas.area(HEAP, HEAP + 0x1000n)]);
  return kernel.linux();
}

describe('what a key is', () => {
  it.each([
    ['OpenSSL 3', OPENSSL_3],
    ['OpenSSL 1.1.1', OPENSSL_1],
  ])('is the state of a random generator where %s keeps it so', async (_, head) => {
    const answer = await ask(keys, drawn(head));
    expect(column(answer, 'use')).toEqual(['public constant', 'random generator', null]);
    expect(answer.notes).toEqual([]);
  });

  it.each([
    [
      'whose length is another',
      { ...OPENSSL_3, tail: Buffer.concat([word(16n, 8), word(1n, 4)]) },
      undefined,
    ],
    ['whose context leads elsewhere', OPENSSL_3, HEAP + 0xa00n],
    ['whose context is nowhere', OPENSSL_3, 0x1234_5678n],
  ])('is a key in use beside a structure %s', async (_, head, context) => {
    const answer = await ask(keys, drawn(head, context));
    expect(column(answer, 'use')).toEqual(['public constant', null, null]);
  });
});

describe('keys and states that somebody planted by the thousand', () => {
  const KEYS = 4300;
  const EACH = 256;

  /** The heap of process 9, which has the generators' constant and so many other keys. */
  const crowded = (count: number) => {
    const kernel = fakeKernel('init(1)  openssl(9)', {
      without: ['mm_struct.mmap', 'vm_area_struct.vm_next', 'vm_area_struct.shared'],
    });
    const areas = new DrawnAreas(kernel);
    const pages = Math.ceil(((count + 1) * EACH) / 4096);
    const heap = kernel.image.map(HEAP, { pages, root: kernel.rootOf(9) });
    const end = HEAP + BigInt(pages * 4096);
    kernel.image.write(heap, drawSchedule(CONSTANT).bytes);
    for (let nth = 1; nth <= count; nth++) {
      const key = Uint8Array.from(
        { length: 32 },
        (_, i) => (i * 91 + nth * (i % 2 === 0 ? 1 : 7) + (nth >>> (i % 13))) & 0xff,
      );
      kernel.image.write(heap + nth * EACH, drawSchedule(key).bytes);
    }
    kernel.write(areas.memoryOf(9), 'mm_struct', { start_brk: HEAP, brk: end });
    areas.giveTree(9, [areas.area(HEAP, end)]);
    return kernel.linux();
  };

  it('are all shown, and that they were not all looked for in generators is said', async () => {
    const { rows, notes } = await ask(keys, crowded(KEYS));
    expect(rows.length).toBeGreaterThan(KEYS * 0.9);
    expect(notes).toEqual([
      expect.stringMatching(/^processes hold more keys than are looked for in random generators/),
    ]);
  });

  it('end the search where states lead to schedules by the thousand', () => {
    const kernel = drawn(OPENSSL_3, HEAP + 0xa00n);
    const task = [...tasks(kernel)].find(({ pid }) => pid === 9)!;
    const [area] = [...areasOf(task)];
    const held = Array.from({ length: 5000 }, (_, nth) => ({
      key: STATE,
      area: area!,
      address: HEAP + 0x10_0000n + BigInt(nth * EACH),
    }));
    // One page is searched for one key, and one state of it is held against all schedules.
    const allowance = new SearchAllowance(4096 + 512 * 4999);
    expect([...generatorKeys(task, held, allowance)]).toEqual([]);
    expect(allowance.isSpent).toBe(true);
    const enough = new SearchAllowance(4096 + 512 * 5000 * 4);
    expect([...generatorKeys(task, held, enough)]).toEqual([]);
    expect(enough.isSpent).toBe(false);
  });
});
