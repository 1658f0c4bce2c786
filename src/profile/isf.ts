// Reads ISF, the symbol tables of Volatility 3 (schemas 4.0 to 6.x), into a profile.
// It keeps what the program needs, and checks all of that.
import { hex } from '../base/address.ts';
import { BadProfile } from '../base/errors.ts';
import { absentIn } from './completeness.ts';
import { BadJson, JsonBytes } from './isf-json.ts';
import { type IsfSections, IsfTypes, recordOf } from './isf-types.ts';
import {
  type Architecture,
  PROFILE_FORMAT,
  type Profile,
  type RequiredNames,
  readProfile,
  writeProfile,
} from './profile.ts';

// Volatility 3's Intermediate Symbol Format: volatility3/schemas/schema-*.json in its repository.
/** Major versions of the schema that are read: 4.0 to 6.x differ in what may be left out. */
const MAJOR = { least: 4, most: 6 } as const;

/** Members of `struct pt_regs` that CPUs of one family have and no others. */
const TELLING_REGISTERS = [
  { member: 'orig_ax', pointerBytes: 8, architecture: 'x86-64' },
  { member: 'orig_ax', pointerBytes: 4, architecture: 'i386' },
  { member: 'pstate', pointerBytes: 8, architecture: 'aarch64' },
] as const;
/** Symbols that kernels of one architecture have and no others: for tables whose types were cut down. */
const TELLING_SYMBOLS: Readonly<Record<string, Architecture>> = {
  init_top_pgt: 'x86-64',
  init_level4_pgt: 'x86-64',
  phys_base: 'x86-64',
  kimage_voffset: 'aarch64',
  vabits_actual: 'aarch64',
  initial_page_table: 'i386',
};

/** What the symbols of a table give. */
interface IsfSymbols {
  readonly addresses: ReadonlyMap<string, bigint>;
  readonly banner: string;
  readonly telling: Architecture | undefined;
}

/**
 * Reads a kernel's symbol table in Volatility 3's ISF, schemas 4.0 to 6.x, and keeps what is wanted. `name` stands
 * in messages. What the text says is checked where it is used: the rest is passed over. @throws BadProfile
 */
export function readIsf(bytes: Uint8Array, required: RequiredNames, name: string): Profile {
  return explaining(name, () => {
    const json = new JsonBytes(bytes);
    const sections = sectionsOf(json, name);
    const { addresses, banner, telling } = symbolsOf(json, sections.symbols, required.symbols, name);
    const types = new IsfTypes(json, sections, name);
    if (types.count === 0)
      throw new BadProfile(
        `${name} has no types: it was made from a System.map alone, and the kernel's debug file is wanted too`,
      );
    const architecture = architectureOf(types, telling, name);
    const layouts = Object.entries(required.types).map(
      ([type, members]) => [type, types.layoutOf(type, members)] as const,
    );
    const told = {
      symbols: Object.fromEntries([...addresses].map(([symbol, address]) => [symbol, hex(address)])),
      types: Object.fromEntries(layouts.flatMap(([type, layout]) => (layout ? [[type, layout]] : []))),
      enumerators: types.enumerators(required.enumerators),
    };
    const profile: Profile = {
      format: PROFILE_FORMAT,
      banner,
      release: /^Linux version (\S+)/.exec(banner)?.[1] ?? '',
      buildId: null,
      architecture,
      pointerBytes: types.pointerBytes as 4 | 8,
      source: sourceOf(json, sections.metadata),
      ...told,
      absent: absentIn(told, required),
    };
    return readProfile(writeProfile(profile), name); // whatever made a profile, it is held to the same
  });
}

/** The banner of the kernel that a table is of, without reading its types. @throws BadProfile */
export function isfBanner(bytes: Uint8Array, name: string): string {
  return explaining(name, () => {
    const json = new JsonBytes(bytes);
    return symbolsOf(json, sectionsOf(json, name).symbols, [], name).banner;
  });
}

/** Which of the program's two kinds of JSON file begins here, told by its first keys; undefined where neither. */
export function tableKind(bytes: Uint8Array): 'isf' | 'profile' | undefined {
  const json = new JsonBytes(bytes);
  try {
    if (!json.isObject(json.root)) return undefined;
    for (const [key] of json.members(json.root)) {
      if (ISF_KEYS.includes(key)) return 'isf';
      if (PROFILE_KEYS.includes(key)) return 'profile';
    }
  } catch (error) {
    if (!(error instanceof BadJson)) throw error;
  }
  return undefined;
}

const ISF_KEYS: readonly string[] = ['metadata', 'base_types', 'user_types', 'enums'];
const PROFILE_KEYS: readonly string[] = ['format', 'banner', 'vocabulary'];

function explaining<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof BadJson) throw new BadProfile(`${name} is no sound JSON: ${error.message}`);
    throw error;
  }
}

function sectionsOf(
  json: JsonBytes,
  name: string,
): IsfSections & { readonly metadata: number; readonly symbols: number } {
  if (!json.isObject(json.root)) throw new BadProfile(`${name} is no symbol table: no object`);
  const found = json.all();
  const at = (key: string): number => {
    const place = found.get(key);
    if (place === undefined || !json.isObject(place))
      throw new BadProfile(`${name} is no symbol table: it has no ${key}`);
    return place;
  };
  const metadata = at('metadata');
  checkMetadata(json, metadata, name);
  return {
    metadata,
    base_types: at('base_types'),
    user_types: at('user_types'),
    enums: at('enums'),
    symbols: at('symbols'),
  };
}

function checkMetadata(json: JsonBytes, at: number, name: string): void {
  const { format, windows, mac } = recordOf(json.value(at));
  const [, major] = /^(\d{1,4})\.\d+\.\d+$/.exec(typeof format === 'string' ? format : '') ?? [];
  if (major === undefined) throw new BadProfile(`${name} is no symbol table: its metadata tell no format`);
  if (Number(major) < MAJOR.least || Number(major) > MAJOR.most)
    throw new BadProfile(
      `${name} has ISF format ${String(format)}, and this version reads ${MAJOR.least} to ${MAJOR.most}`,
    );
  if (windows !== undefined || mac !== undefined)
    throw new BadProfile(`${name} is of ${windows !== undefined ? 'Windows' : 'macOS'}, not of Linux`);
}

function symbolsOf(json: JsonBytes, at: number, wanted: readonly string[], name: string): IsfSymbols {
  const names = new Set(wanted);
  const addresses = new Map<string, bigint>();
  let banner: string | undefined;
  let telling: Architecture | undefined;
  for (const [symbol, value] of json.members(at)) {
    if (symbol === 'linux_banner') banner = bannerIn(json, value, name);
    if (Object.hasOwn(TELLING_SYMBOLS, symbol)) telling ??= TELLING_SYMBOLS[symbol];
    if (!names.has(symbol)) continue;
    const address = addressIn(json, value, symbol, name);
    // dwarf2json gives what is declared and not linked, and names of source files, the address 0.
    if (address === 0n) addresses.delete(symbol);
    else addresses.set(symbol, address);
  }
  if (banner === undefined)
    throw new BadProfile(`${name} does not say of which kernel it is: it has no text for linux_banner`);
  return { addresses, banner, telling };
}

function bannerIn(json: JsonBytes, at: number, name: string): string | undefined {
  const { constant_data: data } = recordOf(json.value(at));
  if (typeof data !== 'string') return undefined;
  const banner = Buffer.from(data, 'base64')
    .toString('latin1')
    .split(/[\n\0]/)[0]!;
  if (!/^Linux version [\x20-\x7e]+$/.test(banner))
    throw new BadProfile(`${name} has a linux_banner that is none: "${banner.slice(0, 60)}"`);
  return banner;
}

function addressIn(json: JsonBytes, at: number, symbol: string, name: string): bigint {
  const addressAt = json.isObject(at) ? json.member(at, 'address') : undefined;
  const text = addressAt === undefined ? 'nothing' : json.text(addressAt);
  const address = /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  if (address === undefined || address >= 1n << 64n || address < -(1n << 63n))
    throw new BadProfile(`${name} has no address for symbol ${symbol}: ${text.slice(0, 40)}`);
  return BigInt.asUintN(64, address);
}

function architectureOf(types: IsfTypes, telling: Architecture | undefined, name: string): Architecture {
  const { pointerBytes } = types;
  const registers = types.memberNames('pt_regs');
  const told = TELLING_REGISTERS.find(
    (sign) => sign.pointerBytes === pointerBytes && registers.has(sign.member),
  );
  const architecture = told?.architecture ?? telling;
  if (architecture === undefined || (architecture === 'i386' ? 4 : 8) !== pointerBytes) {
    throw new BadProfile(
      `${name} is of a CPU that is not known: neither its pt_regs nor its symbols are of x86 or AArch64`,
    );
  }
  return architecture;
}

/** `isf, by dwarf2json 0.9.0`. */
function sourceOf(json: JsonBytes, at: number): string {
  const { name, version } = recordOf(recordOf(json.value(at))['producer']);
  const words = [name, version].filter(
    (word): word is string => typeof word === 'string' && /^[\w.+-]{1,40}$/.test(word),
  );
  return words.length === 0 ? 'isf' : `isf, by ${words.join(' ')}`;
}
