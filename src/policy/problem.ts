// Problems of a policy, each with its place in the file.
// They are collected, so that an author sees all of them at once.
import { ForensicError } from '../base/errors.ts';

/** A place in a policy's file, as editors count: from one. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a policy, and where. */
export interface Problem {
  readonly at: Place;
  readonly message: string;
}

/** `policy.yaml:12:5` */
export const placeText = ({ file, line, column }: Place): string => `${file}:${line}:${column}`;

/** Nobody reads on past so many; a file that is no policy at all has one for every line. */
const MOST_PROBLEMS = 100;

/** Collects what is wrong with a policy, so that its author sees all of it at once. */
export class Problems {
  readonly list: Problem[] = [];

  add(at: Place, message: string): void {
    if (this.list.length < MOST_PROBLEMS) this.list.push({ at, message });
  }

  /** @throws BadPolicy where there is one */
  throwIfAny(): void {
    if (this.list.length > 0) throw new BadPolicy(inOrder(this.list));
  }
}

/** File by file as they were found, each from its beginning. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map(({ at }) => at.file))];
  return problems.toSorted(
    ({ at: a }, { at: b }) =>
      files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}

/** A policy that cannot be used. Its message has a line for each problem. */
export class BadPolicy extends ForensicError {
  readonly code = 'bad-policy';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ at, message }) => `${placeText(at)}: ${message}`).join('\n'));
    this.problems = problems;
  }
}
