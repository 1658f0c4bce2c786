import { describe, expect, it } from 'vitest';
import { aes } from '../../src/crypto/aes.ts';
import { aesForms, bytesOf, scheduleAt } from '../../src/crypto/aes-form.ts';
import type { AesSchedule } from '../../src/crypto/aes-schedule.ts';
import { noise } from '../scan/noise.ts';
import { Random } from '../support/random.ts';
import { drawSchedule, kinds } from './schedules.ts';

function finds(bytes: Uint8Array, from = 0, to = bytes.length): [number, AesSchedule][] {
  const found: [number, AesSchedule][] = [];
  aes.scan(bytes, from, to, (at, schedule) => found.push([at, schedule]));
  return found.sort(([a], [b]) => a - b);
}

/** The twin: every form tried at every byte, with nothing left out. */
function findsByTheBook(bytes: Uint8Array): [number, AesSchedule][] {
  const found: [number, AesSchedule][] = [];
  for (let at = 0; at < bytes.length; at++) {
    for (const form of Object.values(aesForms)) {
      const schedule = scheduleAt(bytes, at, form);
      if (schedule !== null)
        found.push([at, { bits: form.bits, form: form.form, part: 'whole', ...schedule }]);
    }
  }
  return found;
}

describe('the AES scanner', () => {
  it.each(kinds)(
    'finds AES-%i %s schedules, words %s-endian, at every byte offset',
    (bits, form, byteOrder) => {
      const random = new Random(bits);
      for (let at = 0; at < 4096 - 240; at += at < 700 ? 1 : 13) {
        const { bytes, truth } = drawSchedule(random.bytes(bits / 8), form, byteOrder);
        const page = at % 2 === 0 ? new Uint8Array(4096) : noise(4096, at);
        page.set(bytes, at);
        expect(finds(page)).toEqual([[at, truth]]);
      }
    },
  );

  it('finds a schedule that fills all bytes there are', () => {
    for (const [bits, form, byteOrder] of kinds) {
      const { bytes, truth } = drawSchedule(new Random(bits).bytes(bits / 8), form, byteOrder);
      expect(finds(bytes.slice())).toEqual([[0, truth]]);
    }
  });

  it('finds the schedules of keys that look like nothing: zeros, ones, a counter, a letter', () => {
    for (const keyBytes of [16, 24, 32]) {
      const keys = [
        new Uint8Array(keyBytes),
        new Uint8Array(keyBytes).fill(255),
        new Uint8Array(keyBytes).fill(65),
        Uint8Array.from({ length: keyBytes }, (_, i) => i),
      ];
      for (const key of keys) {
        for (const surroundings of [0, 0xcc]) {
          const page = new Uint8Array(4096).fill(surroundings);
          const { bytes, truth } = drawSchedule(key);
          page.set(bytes, 1001);
          expect(finds(page)).toEqual([[1001, truth]]);
        }
      }
    }
  });

  it('finds both halves of a context: the encryption schedule and the decryption schedule behind it', () => {
    const key = new Random(5).bytes(32);
    const page = new Uint8Array(4096);
    const encryption = drawSchedule(key, 'encryption');
    const decryption = drawSchedule(key, 'decryption');
    page.set(encryption.bytes, 48);
    page.set(decryption.bytes, 288);
    expect(finds(page)).toEqual([
      [48, encryption.truth],
      [288, decryption.truth],
    ]);
  });

  it('finds a hundred copies one behind the other, each once', () => {
    const { bytes, truth } = drawSchedule(new Random(6).bytes(16));
    const page = new Uint8Array(176 * 100);
    for (let i = 0; i < 100; i++) page.set(bytes, 176 * i);
    const whole = finds(page).filter(([, { part }]) => part === 'whole');
    expect(whole).toEqual(Array.from({ length: 100 }, (_, i) => [176 * i, truth]));
  });

  it('finds nothing where one bit of the schedule is wrong', () => {
    for (const [bits, form, byteOrder] of kinds) {
      const { bytes } = drawSchedule(new Random(bits + 1).bytes(bits / 8), form, byteOrder);
      for (let bit = 0; bit < bytes.length * 8; bit += 7) {
        const page = new Uint8Array(1024);
        page.set(bytes, 333);
        page[333 + (bit >>> 3)]! ^= 1 << (bit & 7);
        expect(finds(page)).toEqual([]);
      }
    }
  });

  it('gives each find to the call in whose stretch it starts', () => {
    const { bytes, truth } = drawSchedule(new Random(8).bytes(32));
    const pages = noise(16384, 8);
    for (const at of [3900, 4095, 4096, 4097, 4300]) {
      const drawn = pages.slice();
      drawn.set(bytes, at);
      const before = finds(drawn, 0, 4096);
      const after = finds(drawn, 4096, 16384);
      expect([before, after]).toEqual(at < 4096 ? [[[at, truth]], []] : [[], [[at, truth]]]);
    }
  });

  it('finds nothing in 64 MiB of random bytes', () => {
    expect(finds(noise(1 << 26, 9))).toEqual([]);
  });

  it('finds nothing in zeros, and in tables whose rows resemble each other', () => {
    const counter = new Uint32Array(65536).map((_, i) => i);
    const pointers = new BigUint64Array(32768).map((_, i) => 0xffff888000000000n + BigInt(i * 64));
    const records = new Uint8Array(262144).map((_, i) => (i % 16 === 0 ? 5 : 0));
    for (const table of [new Uint32Array(65536), counter, pointers, records]) {
      expect(finds(new Uint8Array(table.buffer))).toEqual([]);
    }
  });

  it('agrees with its slow twin on sparse, dense and repeating bytes with schedules strewn in', () => {
    const random = new Random(10);
    for (let round = 0; round < 60; round++) {
      const bytes = noise(8192, round).map((byte) => (random.below(8) < round % 9 ? byte : 0));
      for (let i = 0; i < 6; i++) {
        const [bits, form, byteOrder] = random.pick(kinds);
        const key = random.bytes(bits / 8).map((byte) => (round % 5 === 0 ? byte & 1 : byte));
        bytes.set(drawSchedule(key, form, byteOrder).bytes, random.below(8192 - 240));
      }
      expect(finds(bytes).filter(([, { part }]) => part === 'whole')).toEqual(findsByTheBook(bytes));
    }
  });
});

describe('an AES schedule across two pages that are no neighbours in physical memory', () => {
  const page = 4096;

  /** The part of the schedule before its byte `cut` ends one page, the rest begins another, and a page lies between. */
  function torn(schedule: Uint8Array, cut: number, seed: number): Uint8Array {
    const bytes = seed % 2 === 0 ? noise(3 * page, seed) : new Uint8Array(3 * page);
    bytes.set(schedule.subarray(0, cut), page - cut);
    bytes.set(schedule.subarray(cut), 2 * page);
    return bytes;
  }

  it.each(kinds.filter(([, form]) => form === 'encryption'))(
    'gives the key of AES-%i %s, words %s-endian, wherever it is torn',
    (bits, form, byteOrder) => {
      const aesForm = aesForms[`aes${bits}`];
      const least = (2 * bits) / 8 + 4;
      for (let cut = 1; cut < bytesOf(aesForm); cut++) {
        const { bytes, truth } = drawSchedule(new Random(cut).bytes(bits / 8), form, byteOrder);
        const head = [page - cut, { ...truth, part: 'head' }];
        const tail = [2 * page, { ...truth, part: 'tail' }];
        const expected = [...(cut >= least ? [head] : []), ...(bytes.length - cut >= least ? [tail] : [])];
        expect(expected.length).toBeGreaterThan(0);
        expect(finds(torn(bytes, cut, cut))).toEqual(expected);
      }
    },
  );

  it('is no two finds where the pages are neighbours after all', () => {
    const { bytes, truth } = drawSchedule(new Random(3).bytes(32));
    for (let cut = 1; cut < 240; cut++) {
      const pages = noise(2 * page, cut);
      pages.set(bytes, page - cut);
      expect(finds(pages)).toEqual([[page - cut, truth]]);
    }
  });

  it('is found at the last bytes of memory and at the first', () => {
    const { bytes, truth } = drawSchedule(new Random(4).bytes(16));
    const last = new Uint8Array(page);
    last.set(bytes.subarray(0, 100), page - 100);
    expect(finds(last)).toEqual([[page - 100, { ...truth, part: 'head' }]]);
    const first = new Uint8Array(page);
    first.set(bytes.subarray(100));
    expect(finds(first)).toEqual([[0, { ...truth, part: 'tail' }]]);
  });
});
