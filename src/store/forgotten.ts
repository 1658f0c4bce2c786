import { StoreError } from '../base/errors.ts';

/** Rows that were yet to be read are there no more: another process has forgotten their snapshot. Asking anew helps. */
export class ForgottenRows extends StoreError {}
