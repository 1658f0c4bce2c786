import { readFileSync } from 'node:fs';
import { decompress } from '../../../src/profile/decompress.ts';
import { required } from '../../../src/session/linux/required-members.ts';

/** What the architecture is told by, beside what is wanted. */
const TELLING = { type: 'pt_regs', symbols: ['init_top_pgt', 'phys_base', 'initial_page_table'] };

interface TypeText {
  readonly kind: string;
  readonly name?: string;
  readonly subtype?: TypeText;
  readonly type?: TypeText;
}

interface Table {
  readonly metadata: unknown;
  readonly base_types: unknown;
  readonly user_types: Readonly<Record<string, { readonly fields: Readonly<Record<string, TypeText>> }>>;
  readonly enums: Readonly<Record<string, { readonly constants: Readonly<Record<string, number>> }>>;
  readonly symbols: Readonly<Record<string, unknown>>;
}

/**
 * A symbol table of dwarf2json without what this program does not look at, each entry to the letter: of the wanted
 * structs and of those within them everything, so that members that are wanted one day are there.
 */
function cut({ metadata, base_types, user_types, enums, symbols }: Table): Table {
  const types = new Map<string, Table['user_types'][string]>();
  const numbers = new Map<string, Table['enums'][string]>();
  const keep = (name: string): void => {
    const type = user_types[name];
    if (type === undefined || types.has(name)) return;
    types.set(name, type);
    for (const { type: field } of Object.values(type.fields)) if (field !== undefined) follow(field);
  };
  const follow = ({ kind, name, subtype, type }: TypeText): void => {
    if (kind === 'pointer') return;
    if (name !== undefined && enums[name] !== undefined) numbers.set(name, enums[name]);
    if (name !== undefined && kind !== 'enum') keep(name);
    for (const inner of [subtype, type]) if (inner !== undefined) follow(inner);
  };
  for (const name of [...Object.keys(required.types), TELLING.type]) keep(name);
  for (const [name, held] of Object.entries(enums))
    if (required.enumerators.some((wanted) => Object.hasOwn(held.constants, wanted))) numbers.set(name, held);
  const wanted = new Set<string>([...required.symbols, ...TELLING.symbols, 'linux_banner']);
  return {
    metadata,
    base_types,
    user_types: Object.fromEntries(types),
    enums: Object.fromEntries(numbers),
    symbols: Object.fromEntries(Object.entries(symbols).filter(([name]) => wanted.has(name))),
  };
}

/** Writes the table named on the command line to stdout. Addresses of the kernel are no numbers of JavaScript: their digits stay. */
function main([path = '']: readonly string[]): void {
  const digits = (text: string) => text.replace(/("address": *)(\d{16,})/g, '$1"#$2#"');
  const plain = Buffer.from(decompress(readFileSync(path), path)).toString('utf8');
  process.stdout.write(JSON.stringify(cut(JSON.parse(digits(plain)) as Table)).replace(/"#(\d+)#"/g, '$1'));
}

if (process.argv[1]?.endsWith('dwarf2json/cut.js')) main(process.argv.slice(2));
