import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Inflater } from '../../src/snapshot/inflate.ts';

const PAGE = Uint8Array.from({ length: 4096 }, (_, index) => (index * index) >> 3);

/** What comes of a stream: the page, or null where it is refused. */
function unpacked(inflater: Inflater, stream: Uint8Array): Uint8Array | null {
  const into = new Uint8Array(PAGE.length);
  return inflater.unpack(stream, into) ? into : null;
}

const damaged = (at: number): Uint8Array => {
  const stream = deflateSync(PAGE);
  stream[at < 0 ? stream.length + at : at]! ^= 0x55;
  return stream;
};

describe.each([
  ["the inside of Node's streams", () => new Inflater(PAGE.length)],
  ['a Node whose inside is another', () => new Inflater(PAGE.length, null)],
])('an inflater over %s', (_, made) => {
  it('unpacks one block after the other', () => {
    const inflater = made();
    for (const page of [PAGE, new Uint8Array(PAGE.length), PAGE.toReversed()])
      for (const level of [0, 1, 9]) expect(unpacked(inflater, deflateSync(page, { level }))).toEqual(page);
  });

  it.each<[string, Uint8Array]>([
    ['is empty', new Uint8Array(0)],
    ['unpacks to a byte less', deflateSync(PAGE.subarray(1))],
    ['unpacks to a byte more', deflateSync(Buffer.concat([PAGE, Uint8Array.of(1)]))],
    ['unpacks to very much more', deflateSync(new Uint8Array(1 << 20))],
    ['is cut', deflateSync(PAGE).subarray(0, 400)],
    ['lacks the last byte of its checksum', deflateSync(PAGE).subarray(0, -1)],
    ['has a damaged head', damaged(0)],
    ['has a damaged body', damaged(40)],
    ['has another checksum', damaged(-1)],
    ['wants a dictionary', deflateSync(PAGE, { dictionary: Buffer.from('dictionary') })],
  ])('refuses a stream that %s, and unpacks the next', (_name, stream) => {
    const inflater = made();
    expect(unpacked(inflater, stream)).toBeNull();
    expect(unpacked(inflater, deflateSync(PAGE))).toEqual(PAGE);
  });
});
