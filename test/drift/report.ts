import type { Check } from './check.ts';
import type { KernelSource } from './sources.ts';

/** The report's format in JSON; counts up when a reader of it would have to change. */
const REPORT_FORMAT = 1;

/** A kernel that was checked, or why it could not be. */
export interface Checked {
  readonly file: string;
  readonly source?: KernelSource;
  readonly check?: Check;
  readonly error?: string;
}

/** What a person reads: what is missing or does not fit, and with `all` every member. */
export function textOf({ file, source, check, error }: Checked, all: boolean): string {
  if (source === undefined || check === undefined) return `${file}\n  ${error ?? 'not checked'}\n`;
  const lines = [`${file}: ${source.banner || 'a kernel without a banner'}`];
  const { findings, missingStructs, missingEnumerators, missingSymbols, changedConstants } = check;
  for (const { member, detail, notable } of findings) if (all || notable) lines.push(`${member}: ${detail}`);
  lines.push(...changedConstants);
  if (missingStructs.length > 0) lines.push(`no struct ${missingStructs.join(', ')}`);
  if (missingEnumerators.length > 0) lines.push(`no enumerator ${missingEnumerators.join(', ')}`);
  if (missingSymbols !== null && missingSymbols.length > 0)
    lines.push(`no symbol ${missingSymbols.join(', ')}`);
  const count = (outcome: string) => findings.filter((finding) => finding.outcome === outcome).length;
  lines.push(
    `${check.ok ? 'ok' : 'drift'}: ${count('fits')} members fit, ${count('not there')} optional ones are not there, ` +
      `${count('missing')} are missing, ${count('misfit')} do not fit` +
      (missingSymbols === null ? '; this source tells no symbols' : ''),
  );
  return `${lines.join('\n  ')}\n`;
}

/** What a program reads: everything. */
export function jsonOf(checked: readonly Checked[]): string {
  const kernels = checked.map(({ file, source, check, error }) =>
    source === undefined || check === undefined
      ? { file, error: error ?? 'not checked' }
      : { file, banner: source.banner, ...check },
  );
  return `${JSON.stringify({ format: REPORT_FORMAT, kernels }, null, 2)}\n`;
}
