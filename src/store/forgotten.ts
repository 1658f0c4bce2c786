// Errors of reading rows that were forgotten or damaged meanwhile.
// Asking anew helps.
import { StoreError } from '../base/errors.ts';

/** Rows that were yet to be read are there no more: another process has forgotten their snapshot. Asking anew helps. */
export class ForgottenRows extends StoreError {}

/** An answer is not what it was when it was kept. Asking anew helps, once it is forgotten. */
export class DamagedAnswer extends ForgottenRows {
  /** The number of its run. */
  readonly run: number;
  constructor(message: string, run: number) {
    super(message);
    this.run = run;
  }
}
