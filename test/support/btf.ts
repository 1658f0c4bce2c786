/** A C type as tests draw it: names of types point at other drawn types. */
export type DrawnType =
  | { readonly int: string; readonly size: number; readonly signed?: true }
  | { readonly ptr: string }
  | { readonly array: string; readonly count: number }
  | {
      readonly struct: string;
      readonly size: number;
      readonly members: readonly DrawnMember[];
      readonly union?: true;
    }
  | { readonly typedef: string; readonly of: string }
  | { readonly const: string }
  | { readonly fwd: string }
  | { readonly enum: string; readonly values: Readonly<Record<string, number>> }
  /** A kind of record that this program does not know, with what follows its three words. */
  | { readonly kind: number; readonly vlen: number; readonly words: readonly number[] };

/** What a BTF may have beside types and strings. */
export interface DrawnBtfOptions {
  /** Bytes of each kind's record behind its three words, by kind: fixed ones, and those of each member. */
  readonly lengths?: readonly (readonly [fixed: number, each: number])[];
}

/** A member: name (empty for a nameless inner struct), type, byte offset; bits for a bitfield. */
export type DrawnMember = readonly [
  name: string,
  type: string,
  offset: number,
  bits?: readonly [first: number, count: number],
];

/** Writes the BTF of drawn types; `key` names each for the others to refer to. Mirrors src/profile/btf.ts. */
export function drawBtf(
  types: Readonly<Record<string, DrawnType>>,
  { lengths }: DrawnBtfOptions = {},
): Uint8Array {
  const ids = new Map(Object.keys(types).map((key, index) => [key, index + 1]));
  const id = (key: string): number => {
    const found = ids.get(key);
    if (found === undefined) throw new Error(`no drawn type ${key}`);
    return found;
  };
  let strings = '\0';
  const text = (name: string): number => {
    if (name === '') return 0;
    const at = strings.length;
    strings += `${name}\0`;
    return at;
  };
  const words: number[] = [];
  const record = (name: string, kind: number, vlen: number, third: number, kindFlag = 0) =>
    words.push(text(name), ((kindFlag << 31) | (kind << 24) | vlen) >>> 0, third);
  for (const type of Object.values(types)) {
    if ('int' in type)
      record(type.int, 1, 0, type.size) && words.push(((type.signed ? 1 : 0) << 24) | (type.size * 8));
    else if ('kind' in type) record('', type.kind, type.vlen, 0) && words.push(...type.words);
    else if ('fwd' in type) record(type.fwd, 7, 0, 0);
    else if ('ptr' in type) record('', 2, 0, id(type.ptr));
    else if ('array' in type) record('', 3, 0, 0) && words.push(id(type.array), id(type.array), type.count);
    else if ('typedef' in type) record(type.typedef, 8, 0, id(type.of));
    else if ('const' in type) record('', 10, 0, id(type.const));
    else if ('enum' in type) {
      record(type.enum, 6, Object.keys(type.values).length, 4);
      for (const [name, value] of Object.entries(type.values)) words.push(text(name), value >>> 0);
    } else {
      const bitfields = type.members.some(([, , , bits]) => bits !== undefined);
      record(type.struct, type.union ? 5 : 4, type.members.length, type.size, bitfields ? 1 : 0);
      for (const [name, of, offset, bits] of type.members) {
        const place = offset * 8 + (bits?.[0] ?? 0);
        words.push(text(name), id(of), bitfields ? (((bits?.[1] ?? 0) << 24) | place) >>> 0 : place);
      }
    }
  }
  const typeBytes = words.length * 4;
  const table = Buffer.from((lengths ?? []).flatMap(([fixed, each]) => [fixed, each, 0, 0]));
  const places = [0, typeBytes, typeBytes, strings.length];
  if (lengths !== undefined) places.push(typeBytes + strings.length, table.length);
  const header = Buffer.alloc(8 + 4 * places.length);
  header.writeUInt16LE(0xeb9f, 0);
  header.writeUInt8(1, 2);
  for (const [index, word] of [header.length, ...places].entries()) header.writeUInt32LE(word, 4 + 4 * index);
  const body = Buffer.alloc(typeBytes);
  for (const [index, word] of words.entries()) body.writeUInt32LE(word >>> 0, 4 * index);
  return Buffer.concat([header, body, Buffer.from(strings, 'latin1'), table]);
}
