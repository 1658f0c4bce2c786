// Errors on their way from one process to another: those of the program arrive as the classes that they were, so that
// whoever catches them decides as if the snapshot had been read in the same process.
import * as errors from '../base/errors.ts';
import { ForgottenRows } from '../store/forgotten.ts';
import { UnusableStore } from '../store/unusable.ts';

/** An error as a message. */
export interface CarriedError {
  /** The name of its class. */
  readonly kind: string;
  readonly message: string;
  readonly stack: string;
  /** What else it says, by name. */
  readonly fields: Readonly<Record<string, unknown>>;
}

type ErrorClass = new (message: string) => Error;

/** What opening and asking may throw. Faults of the evidence are no errors: they have become cells and notes. */
const CLASSES: ReadonlyMap<string, ErrorClass> = new Map(
  [...Object.values(errors), ForgottenRows, UnusableStore]
    .filter(({ prototype }) =>
      [errors.SnapshotError, errors.ProfileError, errors.StoreError].some(
        (base) => prototype instanceof base,
      ),
    )
    .concat(errors.StoreError)
    .map((kind) => [kind.name, kind as unknown as ErrorClass]),
);

/** Makes a message of whatever was thrown. */
export function carry(error: unknown): CarriedError {
  if (!(error instanceof Error)) return { kind: '', message: String(error), stack: '', fields: {} };
  const { message, stack = '' } = error;
  return { kind: error.constructor.name, message, stack, fields: { ...error } };
}

/** The error again. One of a class that is none of the program's is a plain `Error` with the stack that it had. */
export function revive({ kind, message, stack, fields }: CarriedError): Error {
  const error = new (CLASSES.get(kind) ?? Error)(message);
  return Object.assign(error, fields, { stack });
}
