import { describe, expect, it } from 'vitest';
import dmesg from '../../plugins/dmesg.ts';
import { drawWords, linuxWith } from '../support/drawn-symbols.ts';
import { type FakeKernel, fakeKernel } from '../support/kernel.ts';
import { ask, column } from '../support/rows.ts';

const OLD = ['printk_log'];
const NEW = ['printk_ringbuffer', 'prb_desc_ring', 'prb_data_ring', 'prb_desc', 'printk_info'];
const DATA_BYTES = 256;
const [RESERVED, COMMITTED, FINALIZED, REUSABLE] = [0n, 1n, 2n, 3n];

interface Drawn {
  readonly text: string;
  readonly state?: bigint;
  readonly begin: number;
  readonly next?: number;
  /** What the text block says of whose it is. */
  readonly owner?: bigint;
  /** What the descriptor says of whose it is. */
  readonly id?: bigint;
  readonly info?: Readonly<Record<string, number | bigint>>;
}

/** A ring of eight descriptors and 256 bytes of text, with these records from number `tail` on. */
function drawRing(drawn: FakeKernel, records: readonly Drawn[], tail = 0n) {
  const { image } = drawn;
  const bytes = (type: string): number => drawn.profile.types[type]!.size;
  const descs = drawn.virtual(image.take(8 * bytes('prb_desc'), 4096));
  const infos = drawn.virtual(image.take(8 * bytes('printk_info'), 4096));
  const data = drawn.virtual(image.take(DATA_BYTES, 4096));
  for (const [nth, { text, state = FINALIZED, begin, next, owner, info, id: told }] of records.entries()) {
    const id = BigInt.asUintN(62, tail + BigInt(nth));
    const desc = descs + (id & 7n) * BigInt(bytes('prb_desc'));
    const length = Math.ceil((8 + text.length) / 8) * 8;
    drawn.write(desc, 'prb_desc', { state_var: (state << 62n) | (told ?? id) });
    drawn.write(drawn.member(desc, 'prb_desc', 'text_blk_lpos'), 'prb_data_blk_lpos', {
      begin,
      next: next ?? begin + length,
    });
    drawn.write(infos + (id & 7n) * BigInt(bytes('printk_info')), 'printk_info', {
      text_len: text.length,
      ts_nsec: BigInt(nth) * 1_000_001_999n,
      ...info,
    });
    const wraps = Math.floor(begin / DATA_BYTES) !== Math.floor(((next ?? begin + length) - 1) / DATA_BYTES);
    if ((begin & 1) === 1) continue;
    const block = drawn.physical(data) + (wraps ? 0 : begin % DATA_BYTES);
    image.put64(block, owner ?? id);
    image.write(block + 8, Buffer.from(text, 'latin1'));
  }
  const ring = drawn.draw('printk_ringbuffer');
  drawn.write(drawn.member(ring, 'printk_ringbuffer', 'desc_ring'), 'prb_desc_ring', {
    ...{ count_bits: 3, descs, infos },
    ...{ tail_id: tail, head_id: BigInt.asUintN(62, tail + BigInt(records.length) - 1n) },
  });
  drawn.write(drawn.member(ring, 'printk_ringbuffer', 'text_data_ring'), 'prb_data_ring', {
    size_bits: 8,
    data,
  });
  return linuxWith(drawn, { prb: drawWords(drawn, [ring]) });
}

describe('dmesg', () => {
  const ring = () => fakeKernel('init(1)', { without: OLD });

  it('shows each record with its level, facility and caller', async () => {
    const kernel = drawRing(ring(), [
      { text: 'Linux version', begin: 0, info: { level: 5 } },
      { text: 'two\nlines', begin: 24, info: { level: 3, facility: 3, caller_id: 77 } },
      { text: 'odd', begin: 48, info: { level: 7, facility: 13, caller_id: 0x8000_0001 } },
      { text: 'local', begin: 64, info: { level: 0, facility: 23 } },
    ]);
    expect(await ask(dmesg, kernel)).toEqual({
      rows: [
        {
          time: 0,
          date: new Date('2026-01-01T00:00:00.000Z'),
          level: 'notice',
          facility: 'kern',
          caller: 'T0',
          text: 'Linux version',
        },
        {
          time: 1.000_001,
          date: new Date('2026-01-01T00:00:01.000Z'),
          level: 'err',
          facility: 'daemon',
          caller: 'T77',
          text: 'two\nlines',
        },
        {
          time: 2.000_003,
          date: new Date('2026-01-01T00:00:02.000Z'),
          level: 'debug',
          facility: '13',
          caller: 'C1',
          text: 'odd',
        },
        {
          time: 3.000_005,
          date: new Date('2026-01-01T00:00:03.000Z'),
          level: 'emerg',
          facility: 'local7',
          caller: 'T0',
          text: 'local',
        },
      ],
      notes: [],
    });
  });

  it('goes round the ring, and to its beginning for a text that does not fit at the end', async () => {
    const records = [
      { text: 'at the end', begin: 200, next: 224 },
      { text: 'at the beginning', begin: 224, next: 256 + 24 },
      // Kernels differ in whether a block that ends with the ring counts as wrapped; its text is at the end.
      { text: 'the last eight b', begin: 488, next: 512 },
    ];
    const answer = await ask(dmesg, drawRing(ring(), records, (1n << 62n) - 2n));
    expect(column(answer, 'text')).toEqual(['at the end', 'at the beginning', 'the last eight b']);
    expect(answer.notes).toEqual([]);
  });

  it('shows what is complete: committed texts too, reserved and reused ones not', async () => {
    const answer = await ask(
      dmesg,
      drawRing(ring(), [
        { text: 'reused', begin: 0, state: REUSABLE },
        { text: 'whole', begin: 24 },
        { text: '', begin: 1, next: 1 },
        { text: 'reserved', begin: 48, state: RESERVED },
        { text: 'committed', begin: 72, state: COMMITTED },
      ]),
    );
    expect(column(answer, 'text')).toEqual(['whole', '', 'committed']);
  });

  it('says how many records are lost with damaged descriptors and heads of zeros', async () => {
    const answer = await ask(
      dmesg,
      drawRing(ring(), [
        { text: 'whole', begin: 0 },
        { text: 'another’s', begin: 24, id: 5n },
        { text: 'no head', begin: 48, info: { text_len: 0, ts_nsec: 0 } },
        { text: 'shortened', begin: 72, info: { text_len: 0 } },
      ]),
    );
    expect(column(answer, 'text')).toEqual(['whole', '']);
    expect(answer.notes).toEqual(['2 of 4 records of the kernel log are damaged, and left out']);
  });

  it('shows an absent text where another record has overwritten it', async () => {
    const answer = await ask(
      dmesg,
      drawRing(ring(), [
        { text: 'lost', begin: 0, owner: 9n },
        { text: 'kept', begin: 16 },
      ]),
    );
    expect(column(answer, 'text')).toEqual([{ absent: 'corrupt-structure' }, 'kept']);
  });

  it('refuses a ring that claims more records than it can have', async () => {
    const drawn = ring();
    const kernel = drawRing(drawn, [{ text: 'only', begin: 0 }]);
    const buffer = kernel.pointerAt(kernel.symbol('prb'));
    drawn.write(drawn.member(buffer, 'printk_ringbuffer', 'desc_ring'), 'prb_desc_ring', {
      head_id: 1n << 40n,
    });
    expect(await ask(dmesg, linuxWith(drawn, { prb: kernel.symbol('prb') }))).toEqual({
      rows: [],
      notes: ['dmesg stopped early: kernel log has 1099511627777 records in 2^3 descriptors'],
    });
  });

  it('shows absent texts where their buffer has an impossible size', async () => {
    const drawn = ring();
    const kernel = drawRing(drawn, [{ text: 'only', begin: 0 }]);
    const buffer = kernel.pointerAt(kernel.symbol('prb'));
    const data = drawn.member(buffer, 'printk_ringbuffer', 'text_data_ring');
    drawn.write(data, 'prb_data_ring', { size_bits: 0xffff_ffff });
    const answer = await ask(dmesg, linuxWith(drawn, { prb: kernel.symbol('prb') }));
    expect(column(answer, 'text')).toEqual([{ absent: 'corrupt-structure' }]);
  });

  it('reads the plain buffer of older kernels, round its end', async () => {
    const drawn = fakeKernel('init(1)', { without: [...NEW, 'printk_log.caller_id'] });
    const header = drawn.profile.types['printk_log']!.size;
    const buffer = drawn.virtual(drawn.image.take(256, 4096));
    const put = (at: number, text: string, level: number) => {
      const values = { len: header + 16, text_len: text.length, level, ts_nsec: 5_000_000n };
      drawn.write(buffer + BigInt(at), 'printk_log', values);
      drawn.image.write(drawn.physical(buffer) + at + header, text);
    };
    put(128, 'before the end', 6);
    put(0, 'at the start', 4);
    const number = (value: number) => drawWords(drawn, [BigInt(value)]);
    const kernel = linuxWith(drawn, {
      log_buf: drawWords(drawn, [buffer]),
      log_buf_len: number(256),
      log_first_idx: number(128),
      log_next_idx: number(header + 16),
      log_first_seq: number(41),
      log_next_seq: number(43),
    });
    expect(await ask(dmesg, kernel)).toEqual({
      rows: [
        {
          time: 0.005,
          date: new Date('2026-01-01T00:00:00.005Z'),
          level: 'info',
          facility: 'kern',
          caller: null,
          text: 'before the end',
        },
        {
          time: 0.005,
          date: new Date('2026-01-01T00:00:00.005Z'),
          level: 'warn',
          facility: 'kern',
          caller: null,
          text: 'at the start',
        },
      ],
      notes: [],
    });
  });
});
