import type { ImageReader } from '../../src/profile/piecewise.ts';

/** Which kernels' order of tables to draw. */
export type DrawnOrder = 'before 6.4' | 'since 6.4' | 'since 7.0';

/** Tables as a kernel keeps them, at an address, and where each is. */
export interface DrawnKallsyms {
  readonly base: bigint;
  readonly bytes: Buffer;
  readonly read: ImageReader;
  readonly namesAt: bigint;
  readonly symbolCount: number;
}

/** Writes kallsyms tables: each character is a token of its own, and token 1 is "init_". Mirrors scripts/kallsyms.c. */
export function drawKallsyms(
  symbols: ReadonlyMap<string, bigint>,
  order: DrawnOrder,
  base: bigint,
): DrawnKallsyms {
  const relativeBase = 0xffff_ffff_8100_0000n;
  const names: number[] = [];
  const markers: number[] = [];
  for (const [index, name] of [...symbols.keys()].entries()) {
    if (index % 256 === 0) markers.push(names.length);
    const tokens = [...`T${name}`.replaceAll('init_', '\x01')].map((character) => character.charCodeAt(0));
    if (tokens.length < 0x80) names.push(tokens.length, ...tokens);
    else names.push((tokens.length & 0x7f) | 0x80, tokens.length >> 7, ...tokens);
  }
  const tokens = Array.from({ length: 256 }, (_, code) =>
    code === 1 ? 'init_' : code === 0 ? '' : String.fromCharCode(code),
  );
  const starts = tokens.map((_, index) =>
    tokens.slice(0, index).reduce((sum, token) => sum + token.length + 1, 0),
  );
  const tokenTable = Buffer.from(`${tokens.join('\0')}\0`, 'latin1');
  const tokenIndex = Buffer.alloc(512);
  for (const [index, start] of starts.entries()) tokenIndex.writeUInt16LE(start, 2 * index);
  const count = Buffer.alloc(4);
  count.writeUInt32LE(symbols.size);
  const markerTable = Buffer.alloc(markers.length * 4);
  for (const [index, marker] of markers.entries()) markerTable.writeUInt32LE(marker, 4 * index);
  const relative = Buffer.alloc(8);
  relative.writeBigUInt64LE(relativeBase);
  const offsets = Buffer.alloc(symbols.size * 4);

  // From 6.2 to 6.3 the tokens follow the sequence of names, whose last byte need not be zero.
  const sequence = Buffer.alloc(order === 'before 6.4' ? 4 * symbols.size : 0, 0xa5);
  const parts = { count, names: Buffer.from(names), markers: markerTable, sequence, tokenTable, tokenIndex };
  const all: Buffer[] =
    order === 'before 6.4'
      ? [offsets, relative, ...Object.values(parts)]
      : [...Object.values(parts), offsets, ...(order === 'since 6.4' ? [relative] : [])];
  const places = new Map<Buffer, number>();
  let end = 131072; // the search reads a window before the tables, as a kernel's image has
  for (const part of all) {
    places.set(part, end);
    end = Math.ceil((end + part.length) / 8) * 8;
  }
  const offsetsAt = base + BigInt(places.get(offsets)!);
  for (const [index, address] of [...symbols.values()].entries()) {
    const offset =
      order === 'since 7.0'
        ? Number(address - offsetsAt - BigInt(4 * index))
        : address < 0x1000_0000n
          ? Number(address)
          : Number(relativeBase - 1n - address);
    offsets.writeInt32LE(offset, 4 * index);
  }
  const bytes = Buffer.alloc(end + 65536);
  for (const [part, at] of places) part.copy(bytes, at);
  return {
    base,
    bytes,
    read: (address, length) => {
      const at = Number(address - base);
      return new Uint8Array(at < 0 ? [] : Uint8Array.prototype.slice.call(bytes, at, at + length));
    },
    namesAt: base + BigInt(places.get(parts.names)!),
    symbolCount: symbols.size,
  };
}
