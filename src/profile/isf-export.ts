// Writes a kernel's types and symbols as ISF, the symbol tables of Volatility 3.
// The text comes in pieces: whole kernels are tens of MB.
import { BtfSection } from './btf-section.ts';
import { SYMBOL_TYPES } from './isf-export-symbols.ts';
import { type IsfType, IsfTypeTable } from './isf-export-types.ts';

/** What a kernel tells of itself, to be written as a whole. */
export interface KernelDescription {
  /** The bytes of its BTF. */
  readonly btf: Uint8Array;
  readonly pointerBytes: 4 | 8;
  /** `linux_banner`, without its newline. */
  readonly banner: string;
  /** Every symbol, at its link-time address; of several of one name the first counts. */
  readonly symbols: Iterable<{ readonly name: string; readonly address: bigint }>;
}

/** The schema that the text keeps to: volatility3/schemas/schema-6.2.0.json. */
const FORMAT = '6.2.0';

/**
 * A kernel's whole symbol table as the text of an ISF file, in pieces: every type of its BTF and every symbol. `program`
 * is what metadata call its producer. @throws BadProfile where the BTF is unsound
 */
export function* isfText(
  kernel: KernelDescription,
  program: { readonly name: string; readonly version: string },
): Generator<string> {
  const types = new IsfTypeTable(new BtfSection(kernel.btf, kernel.pointerBytes), kernel.pointerBytes);
  yield `{\n"metadata":${JSON.stringify({ format: FORMAT, producer: program, linux: {} })},\n"base_types":`;
  yield* objectOf(types.bases, JSON.stringify);
  yield ',\n"user_types":';
  yield* objectOf(types.users, ({ fields, ...rest }) =>
    JSON.stringify(rest).replace(/\}$/, `,"fields":${[...objectOf(fields, JSON.stringify)].join('')}}`),
  );
  yield ',\n"enums":';
  yield* objectOf(
    types.enums,
    ({ size, base, constants }) =>
      `{"size":${size},"base":${JSON.stringify(base)},"constants":${[...objectOf(constants, String)].join('')}}`,
  );
  yield ',\n"symbols":';
  yield* objectOf(symbolsOf(kernel, types), ({ address, ...rest }) =>
    // Written by hand: a number of JavaScript holds no address of the kernel.
    JSON.stringify(rest).replace(/^\{/, `{"address":${address}${Object.keys(rest).length === 0 ? '' : ','}`),
  );
  yield '\n}\n';
}

interface IsfSymbol {
  readonly address: bigint;
  readonly type?: IsfType;
  readonly constant_data?: string;
}

function symbolsOf({ symbols, banner }: KernelDescription, types: IsfTypeTable): Map<string, IsfSymbol> {
  const found = new Map<string, IsfSymbol>();
  for (const { name, address } of symbols) {
    if (found.has(name)) continue;
    const words = Object.hasOwn(SYMBOL_TYPES, name) ? SYMBOL_TYPES[name] : undefined;
    const type = (words === undefined ? undefined : types.spelled(words)) ?? types.variables.get(name);
    const data =
      name === 'linux_banner' ? Buffer.from(`${banner}\n\0`, 'latin1').toString('base64') : undefined;
    found.set(name, {
      address,
      ...(type === undefined ? {} : { type }),
      ...(data === undefined ? {} : { constant_data: data }),
    });
  }
  return found;
}

/** An object of JSON, one member to a line. Names come from evidence: `__proto__` is one like any other. */
function* objectOf<T>(members: ReadonlyMap<string, T>, write: (value: T) => string): Generator<string> {
  let separator = '{\n';
  for (const [name, value] of members) {
    yield `${separator}${JSON.stringify(name)}:${write(value)}`;
    separator = ',\n';
  }
  yield separator === '{\n' ? '{}' : '\n}';
}
