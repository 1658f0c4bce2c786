// What the flags of `vestige check` say: their types and the words that may stand behind them. The command, what it does
// and how verdicts are printed all rest on this.
import { SEVERITIES, type Severity } from '../../policy/verdict.ts';
import type { OpenFlags, ShowFlags } from './settings.ts';

/** How a verdict may be printed. */
export const CHECK_FORMATS = ['text', 'json', 'sarif', 'junit', 'github', 'markdown'] as const;

export const ON_UNEVALUATED = ['fail', 'pass'] as const;

/** What may stand after flags of `vestige check`, for shells to offer. */
export const CHECK_CHOICES: Readonly<Record<string, readonly string[]>> = {
  '--format': CHECK_FORMATS,
  '--fail-on': SEVERITIES,
  '--unevaluated': ON_UNEVALUATED,
};

/** Flags of `vestige check`, as commander gives them. */
export interface CheckFlags extends OpenFlags, Pick<ShowFlags, 'color'> {
  readonly policy?: readonly string[];
  readonly since?: string;
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly failOn: Severity;
  readonly unevaluated: (typeof ON_UNEVALUATED)[number];
  readonly format?: (typeof CHECK_FORMATS)[number];
  readonly json?: true;
  readonly output?: string;
}
