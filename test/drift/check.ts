import { structs } from '../../src/kernel/linux/structs.ts';
import { enumerators, symbols } from '../../src/kernel/linux/symbols.ts';
import type { Btf } from '../../src/profile/btf.ts';
import type { Field, Links, StructTable } from '../../src/types/struct.ts';
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
  /** No member that must be there is missing, and every member can be read by its field. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  /** Of other kernels, of modules, or renamed: somebody must know which. */
  readonly missingStructs: readonly string[];
  readonly missingEnumerators: readonly string[];
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
  const values = btf.enumerators(enumerators);
  return {
    ok: findings.every(({ outcome }) => outcome === 'fits' || outcome === 'not there'),
    findings,
    missingStructs: Object.keys(table).filter((type) => kernel[type] === undefined),
    missingEnumerators: enumerators.filter((name) => values[name] === undefined),
    missingSymbols: symbolNames === null ? null : symbols.filter((name) => !symbolNames.has(name)),
  };
}

/** The members of the table, and those that its lists are linked through. */
function wantedOf(table: StructTable): Record<string, string[]> {
  const wanted = Object.fromEntries(
    Object.entries(table).map(([type, fields]) => [type, Object.keys(fields)]),
  );
  for (const field of Object.values(table).flatMap((fields) => Object.values(fields))) {
    if (field.reads !== 'links') continue;
    const { entry, through } = field as Links<string>;
    wanted[entry]?.push(through);
  }
  return wanted;
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
  return isThere(instead, type, kernel)
    ? { member, outcome: 'not there', detail: `not there (optional: ${instead} is)`, notable: true }
    : { member, outcome: 'missing', detail: `not there, nor is ${instead}`, notable: true };
}

/** Whether the kernel has a member: `member` of the struct at hand, or `type.member`. */
function isThere(name: string, type: string, kernel: Kernel): boolean {
  const [first, second] = name.split('.');
  return (
    (second === undefined ? kernel[type]?.members[first!] : kernel[first!]?.members[second]) !== undefined
  );
}
