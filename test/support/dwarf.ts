import { ATTRIBUTE, FORM, TAG, UNIT } from '../../src/debuginfo/dwarf-constants.ts';
import type { DrawnMember, DrawnType } from './btf.ts';
import type { DrawnSection } from './elf-object.ts';

/** A value of an attribute: a number, text, bytes of a block, or the place of another entry. */
export type DrawnValue = number | bigint | string | Uint8Array | { readonly to: string } | 'sibling';

/** An entry as tests draw it; `label` is what references name it by. */
export interface DrawnEntry {
  readonly tag: number;
  readonly label?: string;
  readonly attributes?: readonly (readonly [name: number, form: number, value: DrawnValue])[];
  readonly children?: readonly DrawnEntry[];
}

/** A unit as tests draw it. Version 5 and 32-bit offsets, where nothing else is said. */
export interface DrawnUnit {
  readonly version?: number;
  readonly isWide?: boolean;
  readonly addressBytes?: number;
  /** DW_UT_…, since version 5. */
  readonly kind?: number;
  /** Of a type unit: its signature, and the label of its type. */
  readonly signature?: bigint;
  readonly typeLabel?: string;
  readonly root?: DrawnEntry['attributes'];
  readonly entries: readonly DrawnEntry[];
}

/** Bytes and the places in them that are only known at the end. */
class Writer {
  readonly bytes: number[] = [];

  number(value: number | bigint, bytes: number): void {
    let rest = BigInt.asUintN(8 * bytes, BigInt(value));
    for (let i = 0; i < bytes; i++, rest >>= 8n) this.bytes.push(Number(rest & 0xffn));
  }

  uleb(value: number | bigint): void {
    let rest = BigInt(value);
    do {
      const byte = Number(rest & 0x7fn);
      rest >>= 7n;
      this.bytes.push(rest === 0n ? byte : byte | 0x80);
    } while (rest !== 0n);
  }

  sleb(value: number | bigint): void {
    let rest = BigInt(value);
    for (;;) {
      const byte = Number(rest & 0x7fn);
      rest >>= 7n;
      const isLast = (rest === 0n && (byte & 0x40) === 0) || (rest === -1n && (byte & 0x40) !== 0);
      this.bytes.push(isLast ? byte : byte | 0x80);
      if (isLast) return;
    }
  }

  text(value: string): void {
    for (const byte of Buffer.from(`${value}\0`, 'latin1')) this.bytes.push(byte);
  }

  patch(at: number, value: number, bytes: number): void {
    for (let i = 0; i < bytes; i++) this.bytes[at + i] = Math.floor(value / 256 ** i) & 0xff;
  }
}

/** Bytes of references and numbers by form; what else there is depends on the unit or on the value. */
const PLAIN_BYTES: Readonly<Record<number, number>> = {
  [FORM.data1]: 1,
  [FORM.data2]: 2,
  [FORM.data4]: 4,
  [FORM.data8]: 8,
  [FORM.data16]: 16,
  [FORM.flag]: 1,
  [FORM.ref1]: 1,
  [FORM.ref2]: 2,
  [FORM.ref4]: 4,
  [FORM.ref8]: 8,
  [FORM.refSig8]: 8,
};

/** Writes units with their abbreviations and strings. Mirrors src/debuginfo/dwarf*.ts. */
export function drawDwarf(units: readonly DrawnUnit[]): DrawnSection[] {
  const drawing = new Drawing();
  for (const unit of units) drawing.unit(unit);
  return drawing.sections();
}

class Drawing {
  readonly #info = new Writer();
  readonly #abbreviations = new Writer();
  readonly #strings = new Writer();
  readonly #lineStrings = new Writer();
  readonly #offsets = new Writer();
  readonly #labels = new Map<string, number>();
  /** References, once all labels have a place. */
  readonly #later: (() => void)[] = [];

  constructor() {
    this.#strings.text('first');
    this.#lineStrings.text('line');
    this.#offsets.number(0, 8);
  }

  unit(unit: DrawnUnit): void {
    const { version = 5, isWide = false, addressBytes = 8, kind = UNIT.compile } = unit;
    const info = this.#info;
    const start = info.bytes.length;
    const offsetBytes = isWide ? 8 : 4;
    if (isWide) info.number(0xffff_ffff, 4);
    const lengthAt = info.bytes.length;
    info.number(0, offsetBytes);
    const from = info.bytes.length;
    info.number(version, 2);
    if (version >= 5) {
      info.number(kind, 1);
      info.number(addressBytes, 1);
    }
    info.number(this.#abbreviations.bytes.length, offsetBytes);
    if (version < 5) info.number(addressBytes, 1);
    if (kind === UNIT.type) {
      info.number(unit.signature ?? 0n, 8);
      const at = info.bytes.length;
      info.number(0, offsetBytes);
      this.#later.push(() => info.patch(at, this.#placeOf(unit.typeLabel ?? '') - start, offsetBytes));
    }
    const codes = new Map<string, number>();
    const shape = { start, offsetBytes, addressBytes, version, codes };
    this.#entry({ tag: 0x11, attributes: unit.root ?? [], children: unit.entries }, shape);
    this.#abbreviations.number(0, 1);
    info.patch(lengthAt, info.bytes.length - from, offsetBytes);
  }

  sections(): DrawnSection[] {
    for (const write of this.#later) write();
    const section = (name: string, { bytes }: Writer) => ({ name, content: Uint8Array.from(bytes) });
    return [
      section('.debug_info', this.#info),
      section('.debug_abbrev', this.#abbreviations),
      section('.debug_str', this.#strings),
      section('.debug_line_str', this.#lineStrings),
      section('.debug_str_offsets', this.#offsets),
    ];
  }

  #entry(entry: DrawnEntry, shape: Shape): void {
    const info = this.#info;
    if (entry.label !== undefined) this.#labels.set(entry.label, info.bytes.length);
    info.uleb(this.#codeOf(entry, shape));
    const siblings: [at: number, bytes: number][] = [];
    for (const [, form, value] of entry.attributes ?? []) {
      if (value === 'sibling') siblings.push([info.bytes.length, PLAIN_BYTES[form]!]);
      this.#value(form, value === 'sibling' ? 0 : value, shape);
    }
    if (entry.children !== undefined) {
      for (const child of entry.children) this.#entry(child, shape);
      info.number(0, 1);
    }
    for (const [at, bytes] of siblings) info.patch(at, info.bytes.length - shape.start, bytes);
  }

  #codeOf({ tag, attributes = [], children }: DrawnEntry, { codes }: Shape): number {
    const implicit = (form: number, value: DrawnValue) => (form === FORM.implicitConst ? Number(value) : '');
    const key = JSON.stringify([
      tag,
      children !== undefined,
      attributes.map(([name, form, value]) => [name, form, implicit(form, value)]),
    ]);
    const known = codes.get(key);
    if (known !== undefined) return known;
    const code = codes.size + 1;
    codes.set(key, code);
    const table = this.#abbreviations;
    table.uleb(code);
    table.uleb(tag);
    table.number(children === undefined ? 0 : 1, 1);
    for (const [name, form, value] of attributes) {
      table.uleb(name);
      table.uleb(form);
      if (form === FORM.implicitConst) table.sleb(Number(value));
    }
    table.number(0, 2);
    return code;
  }

  #value(form: number, value: DrawnValue, shape: Shape): void {
    const info = this.#info;
    if (typeof value === 'object' && 'to' in value) this.#reference(form, value.to, shape);
    else if (typeof value === 'string') this.#text(form, value, shape);
    else if (value instanceof Uint8Array) {
      if (form === FORM.block1) info.number(value.length, 1);
      else info.uleb(value.length);
      info.bytes.push(...value);
    } else if (form === FORM.udata || form === FORM.strx) info.uleb(value);
    else if (form === FORM.sdata) info.sleb(value);
    else if (form === FORM.addr) info.number(value, shape.addressBytes);
    else if ([FORM.secOffset, FORM.strp, FORM.refAddr, FORM.gnuStrpAlt].some((one) => one === form))
      info.number(value, shape.offsetBytes);
    else if (form !== FORM.flagPresent && form !== FORM.implicitConst)
      info.number(value, PLAIN_BYTES[form] ?? 1);
  }

  #reference(form: number, label: string, { start, offsetBytes, addressBytes, version }: Shape): void {
    const info = this.#info;
    const isGlobal = form === FORM.refAddr;
    const bytes = isGlobal ? (version === 2 ? addressBytes : offsetBytes) : PLAIN_BYTES[form]!;
    const at = info.bytes.length;
    info.number(0, bytes);
    this.#later.push(() => info.patch(at, this.#placeOf(label) - (isGlobal ? 0 : start), bytes));
  }

  #text(form: number, text: string, { offsetBytes }: Shape): void {
    const info = this.#info;
    if (form === FORM.string) {
      info.text(text);
      return;
    }
    const strings = form === FORM.lineStrp ? this.#lineStrings : this.#strings;
    const at = strings.bytes.length;
    strings.text(text);
    const isIndexed = form === FORM.strx || form === FORM.strx1;
    const index = (this.#offsets.bytes.length - 8) / offsetBytes;
    if (isIndexed) this.#offsets.number(at, offsetBytes);
    if (form === FORM.strx) info.uleb(index);
    else if (form === FORM.strx1) info.number(index, 1);
    else info.number(at, offsetBytes);
  }

  #placeOf(label: string): number {
    const place = this.#labels.get(label);
    if (place === undefined) throw new Error(`no drawn entry ${label}`);
    return place;
  }
}

interface Shape {
  readonly start: number;
  readonly offsetBytes: number;
  readonly addressBytes: number;
  readonly version: number;
  readonly codes: Map<string, number>;
}

/** Types of C, as `drawBtf` takes them: without what only BTF has. */
export type DrawnCType = Extract<
  DrawnType,
  | { readonly int: string }
  | { readonly ptr: string }
  | { readonly array: string }
  | { readonly struct: string }
  | { readonly typedef: string }
  | { readonly const: string }
  | { readonly enum: string }
>;

/** How a compiler writes the same types: what differs between versions, compilers and their options. */
export interface DwarfStyle {
  readonly name?: number;
  readonly reference?: number;
  /** Members of structs tell their place by an expression. */
  readonly hasExpressions?: boolean;
  /** Bitfields count from the highest bit of their storage unit. */
  readonly hasOldBitfields?: boolean;
  readonly hasSiblings?: boolean;
}

/** Entries of drawn types, the same that `drawBtf` takes, so that both roads can be compared. */
export function entriesOf(types: Readonly<Record<string, DrawnCType>>, style: DwarfStyle = {}): DrawnEntry[] {
  return Object.entries(types).map(([label, type]) => ({ label, ...entryOf(type, types, style) }));
}

type Attributes = NonNullable<DrawnEntry['attributes']>;

function entryOf(
  type: DrawnCType,
  types: Readonly<Record<string, DrawnCType>>,
  style: DwarfStyle,
): DrawnEntry {
  const name = (text: string): Attributes =>
    text === '' ? [] : [[ATTRIBUTE.name, style.name ?? FORM.strp, text]];
  const of = (key: string): Attributes => [[ATTRIBUTE.type, style.reference ?? FORM.ref4, { to: key }]];
  const size = (bytes: number): Attributes => [[ATTRIBUTE.byteSize, FORM.data2, bytes]];
  const sibling: Attributes = style.hasSiblings ? [[ATTRIBUTE.sibling, FORM.ref4, 'sibling']] : [];
  if ('int' in type) return { tag: TAG.base, attributes: [...name(type.int), ...size(type.size)] };
  if ('ptr' in type) return { tag: TAG.pointer, attributes: of(type.ptr) };
  if ('typedef' in type) return { tag: TAG.typedef, attributes: [...name(type.typedef), ...of(type.of)] };
  if ('const' in type) return { tag: TAG.const, attributes: of(type.const) };
  if ('array' in type) {
    const bound: Attributes = type.count === 0 ? [] : [[ATTRIBUTE.upperBound, FORM.data1, type.count - 1]];
    return {
      tag: TAG.array,
      attributes: [...of(type.array), ...sibling],
      children: [{ tag: TAG.subrange, attributes: bound }],
    };
  }
  if ('enum' in type) {
    return {
      tag: TAG.enumeration,
      attributes: [...name(type.enum), ...size(4), ...sibling],
      children: Object.entries(type.values).map(([enumerator, value]) => ({
        tag: TAG.enumerator,
        attributes: [...name(enumerator), [ATTRIBUTE.constValue, value < 0 ? FORM.sdata : FORM.data1, value]],
      })),
    };
  }
  return {
    tag: type.union ? TAG.union : TAG.structure,
    attributes: [...name(type.struct), ...size(type.size), ...sibling],
    children: type.members.map((member) => ({
      tag: TAG.member,
      attributes: [...name(member[0]), ...of(member[1]), ...placeOf(member, types, style)],
    })),
  };
}

function placeOf(
  [, type, offset, bits]: DrawnMember,
  types: Readonly<Record<string, DrawnCType>>,
  { hasExpressions, hasOldBitfields }: DwarfStyle,
): Attributes {
  const location: Attributes = hasExpressions
    ? [[ATTRIBUTE.memberLocation, FORM.block1, Uint8Array.of(0x23, (offset & 0x7f) | 0x80, offset >>> 7)]]
    : [[ATTRIBUTE.memberLocation, FORM.udata, offset]];
  if (bits === undefined) return location;
  const [first, count] = bits;
  const size: Attributes = [[ATTRIBUTE.bitSize, FORM.data1, count]];
  if (!hasOldBitfields) return [...size, [ATTRIBUTE.dataBitOffset, FORM.data2, 8 * offset + first]];
  const storage = types[type];
  const bytes = storage !== undefined && 'int' in storage ? storage.size : 4;
  return [
    ...location,
    ...size,
    [ATTRIBUTE.byteSize, FORM.data1, bytes],
    [ATTRIBUTE.bitOffset, FORM.data1, 8 * bytes - first - count],
  ];
}
