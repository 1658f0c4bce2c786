import { structs } from '../../src/kernel/linux/structs.ts';
import { enumerators, symbols } from '../../src/kernel/linux/symbols.ts';
import type { Btf } from '../../src/profile/btf.ts';
import type { Field, Links, StructTable } from '../../src/types/struct.ts';
import { CONSTANTS } from './constants.ts';
import { type Kernel, verdictOf } from './fits.ts';

/** What was found out about one member of the table. */
export interface Finding {
  /** `task_struct.state`. */
  readonly member: string;
  readonly outcome: 'fits' | 'not there' | 'missing' | 'misfit';
  /** What the kernel has, how it is read, why that fits or does not: the rest of the report's line. */
  readonly detail: string;
  /** It fits, and there is more to say than that. */
  readonly notable: boolean;
}

/** A kernel held against everything that the program reads of kernels. */
export interface Check {
  /** No member that must be there is missing, every member can be read by its field, and no constant has changed. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  /** Of other kernels, of modules, or renamed: somebody must know which. */
  readonly missingStructs: readonly string[];
  readonly missingEnumerators: readonly string[];
  /** Enumerators that are not what the program takes them for: `MOD_TEXT is 1, taken for 0`. */
  readonly changedConstants: readonly string[];
  /** Null where the source tells no symbols. */
  readonly missingSymbols: readonly string[] | null;
}

/** Holds a kernel's own description against a table of what the program reads: the program's own unless told otherwise. */
export function checkKernel(
  btf: Btf,
  symbolNames: ReadonlySet<string> | null,
  table: StructTable = structs,
): Check {
  const kernel = btf.describe(wantedOf(table));
  const findings = Object.entries(table).flatMap(([type, fields]) =>
    kernel[type] === undefined
      ? []
      : Object.entries(fields).map(([name, field]) => findingOf(type, name, field, kernel)),
  );
  const values = btf.enumerators([...enumerators, ...Object.keys(CONSTANTS)]);
  const changedConstants = Object.entries(CONSTANTS)
    .filter(([name, taken]) => (values[name] ?? taken) !== taken)
    .map(([name, taken]) => `${name} is ${values[name]}, taken for ${taken}`);
  return {
    ok:
      changedConstants.length === 0 &&
      findings.every(({ outcome }) => outcome === 'fits' || outcome === 'not there'),
    findings,
    missingStructs: Object.keys(table).filter((type) => kernel[type] === undefined),
    missingEnumerators: enumerators.filter((name) => values[name] === undefined),
    changedConstants,
    missingSymbols: symbolNames === null ? null : symbols.filter((name) => !symbolNames.has(name)),
  };
}

/** The members of the table, and those that its fields name: what links a list, what is there instead. */
function wantedOf(table: StructTable): Record<string, readonly string[]> {
  const wanted = new Map(Object.entries(table).map(([type, fields]) => [type, new Set(Object.keys(fields))]));
  for (const [type, fields] of Object.entries(table)) {
    for (const field of Object.values(fields)) {
      if (field.reads === 'links')
        wanted.get((field as Links<string>).entry)?.add((field as Links<string>).through);
      if (field.instead === undefined) continue;
      const [owner, member] = placeOf(field.instead, type);
      wanted.get(owner)?.add(member);
    }
  }
  return Object.fromEntries([...wanted].map(([type, members]) => [type, [...members]]));
}

/** Where a member is that is named as `member`, of the struct at hand, or as `type.member`. */
function placeOf(name: string, type: string): readonly [type: string, member: string] {
  const [first = '', second] = name.split('.');
  return second === undefined ? [type, first] : [first, second];
}

function findingOf(type: string, name: string, field: Field<unknown>, kernel: Kernel): Finding {
  const member = `${type}.${name}`;
  const found = kernel[type]?.members[name];
  if (found === undefined) return absenceOf(member, type, field, kernel);
  const { fits, what, why } = verdictOf(field, found, kernel);
  const read = `${what}, read as ${field.reads}`;
  return fits
    ? { member, outcome: 'fits', detail: `${read}: fits${why && `, ${why}`}`, notable: why !== '' }
    : { member, outcome: 'misfit', detail: `${read}: ${why}`, notable: true };
}

function absenceOf(
  member: string,
  type: string,
  { optional, instead }: Field<unknown>,
  kernel: Kernel,
): Finding {
  if (optional !== true) return { member, outcome: 'missing', detail: 'not there', notable: true };
  if (instead === undefined)
    return { member, outcome: 'not there', detail: 'not there (optional)', notable: true };
  const [owner, other] = placeOf(instead, type);
  return kernel[owner]?.members[other] !== undefined
    ? { member, outcome: 'not there', detail: `not there (optional: ${instead} is)`, notable: true }
    : { member, outcome: 'missing', detail: `not there, nor is ${instead}`, notable: true };
}
