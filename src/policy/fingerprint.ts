// Fingerprints: what names a finding in other snapshots of its machine.
// Baselines, suppressions and news are matched by them.
import { createHash } from 'node:crypto';
import { type Cell, isAbsent, type Row } from '../plugin/cell.ts';
import { type AnyPlugin, kindOf, processColumn } from '../plugin/contract.ts';
import { secretColumns } from '../plugin/options.ts';
import type { Rule } from './policy.ts';

/** Hex digits of a fingerprint: 128 bits, so that two things never share one. */
const DIGITS = 32;

/**
 * What names a finding in other snapshots of its machine: the rule, and of the row what outlasts a boot. Where the
 * question does not say what that is, the process stands for it, and the cells that the condition looks at.
 */
export function fingerprintOfRow(
  rule: Rule,
  row: Row,
  process: Row | undefined,
  processes?: AnyPlugin,
): string {
  const { plugin } = rule;
  if (plugin.enduring !== undefined) return digest(rule, plugin.enduring(row));
  const words = process === undefined ? [] : (processes?.enduring?.(process) ?? []);
  return digest(rule, [...words, ...telling(rule).map((name) => row[name] ?? null)]);
}

/** The same for too many or too few rows. */
export const fingerprintOfCount = (rule: Rule, group: string): string => digest(rule, [group]);

/** The columns that say the same of the same thing in another boot: those of the condition, or all. */
function telling({ plugin, where }: Rule): string[] {
  const lasting = Object.keys(plugin.columns).filter((name) => isLasting(plugin, name));
  const mentioned = lasting.filter((name) => where?.columns.has(name));
  return mentioned.length > 0 ? mentioned : lasting;
}

/** Secrets are left out too: who has the fingerprint could try which one gives it. */
function isLasting(plugin: AnyPlugin, name: string): boolean {
  const { columns, ofBoot = [], restless = [], confidential = [] } = plugin;
  if (
    [processColumn(plugin), ...ofBoot, ...restless, ...confidential, ...secretColumns(plugin)].includes(name)
  )
    return false;
  return !['address', 'time', 'seconds'].includes(kindOf(columns[name]!));
}

function digest({ facts: { id, plugin } }: Rule, cells: readonly Cell[]): string {
  const words = JSON.stringify([id, plugin, ...cells.map(cellWord)]);
  return createHash('sha256').update(words).digest('hex').slice(0, DIGITS);
}

function cellWord(cell: Cell): unknown {
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell === 'bigint') return String(cell);
  return typeof cell === 'object' && cell !== null && isAbsent(cell) ? ['absent'] : (cell ?? null);
}
