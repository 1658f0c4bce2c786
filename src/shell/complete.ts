// Completes what is typed in the shell: members of the kernel's structs along a path, and in quotes names of symbols, types
// and questions. Types alone are looked at: nothing of the evidence is read for it.
import { ForensicError } from '../base/errors.ts';
import type { LibrarySession } from '../library/library-session.ts';
import { ArrayOfValues, Struct } from '../library/values.ts';
import { type KernelType, namedMembers } from '../types/kernel-type.ts';

/** Words that one completion offers. */
const MOST_WORDS = 500;
/** Names of the evidence are offered where they are plain names only: a terminal shows them as they are. */
const PLAIN = /^[A-Za-z_]\w*$/;

/** A root (a name, or a call), members and indexes behind it, and the beginning of another member. */
const PATH =
  /([A-Za-z_$][\w$]*(?:\((?:[^()'"]|'[^']*'|"[^"]*")*\))?)((?:\.[A-Za-z_$][\w$]*|\[\d+\])*)\.([A-Za-z_]\w*)?$/;
/** A call that takes a name in quotes as its first or a later argument, and the beginning of the name. */
const QUOTED = /\b([a-zA-Z]+)\(((?:[^()'"]|'[^']*'|"[^"]*")*)['"]([^'"]*)$/;

/**
 * `lookUp`: what a name of the scope stands for.
 *
 * @returns words that begin as what is typed does, and what of that they replace; undefined where nothing of the kernel's is meant
 */
export function completionsOf(
  line: string,
  session: LibrarySession,
  lookUp: (name: string) => unknown,
  questions: readonly string[],
): [words: string[], replaced: string] | undefined {
  const quoted = QUOTED.exec(line);
  if (quoted !== null) {
    const [, call = '', before = '', begun = ''] = quoted;
    const names = namesFor(call, before, session, questions);
    return names === undefined ? undefined : [beginning(names, begun), begun];
  }
  const path = PATH.exec(line);
  if (path === null) return undefined;
  const [, root = '', steps = '', begun = ''] = path;
  const type = typeBehind(rootType(root, session, lookUp), steps);
  return type === undefined ? undefined : [beginning(namedMembers(type).keys(), begun), begun];
}

function namesFor(
  call: string,
  before: string,
  session: LibrarySession,
  questions: readonly string[],
): Iterable<string> | undefined {
  const nth = before.split(',').length - 1;
  if (call === 'ask') return questions;
  if (['types', 'sizeof', 'offsetof', 'struct', 'read'].includes(call) && nth === 0)
    return session.types.names();
  if (call === 'list' && nth === 1) return session.types.names();
  // The member of the type that is named before it.
  if ((call === 'offsetof' && nth === 1) || (call === 'list' && nth === 2)) {
    const [, named = ''] = /['"]([^'"]+)['"],\s*$/.exec(before) ?? [];
    return namedMembers(foundType(named, session) ?? NOTHING).keys();
  }
  return ['symbol', 'hexdump', 'disasm', 'nameOf', 'struct', 'read', 'list'].includes(call)
    ? symbolNames(session)
    : undefined;
}

function* symbolNames({ symbols }: LibrarySession): Generator<string> {
  for (const { name } of symbols.all()) yield name;
}

/** What a root of a path is of. */
function rootType(
  root: string,
  session: LibrarySession,
  lookUp: (name: string) => unknown,
): KernelType | undefined {
  if (/^task\(/.test(root)) return foundType('task_struct', session);
  const [, named] = /^(?:struct|read)\(\s*['"]([^'"]+)['"]/.exec(root) ?? [];
  if (named !== undefined) return foundType(named, session);
  const value = root.endsWith(')') ? undefined : lookUp(root);
  return value instanceof Struct || value instanceof ArrayOfValues ? value.$type : undefined;
}

function typeBehind(root: KernelType | undefined, steps: string): KernelType | undefined {
  let type = root;
  for (const [, member] of steps.matchAll(/\.([A-Za-z_$][\w$]*)|\[\d+\]/g)) {
    if (type === undefined) return undefined;
    const next: KernelType | null | undefined =
      member === undefined
        ? type.kind === 'array'
          ? type.target
          : null
        : namedMembers(type).get(member)?.type;
    type = next?.kind === 'pointer' ? (next.target ?? undefined) : (next ?? undefined);
  }
  return type;
}

function foundType(name: string, { types }: LibrarySession): KernelType | undefined {
  try {
    return types.find(name);
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
    return undefined;
  }
}

/** The plain names among these that begin so, in order of the alphabet; few enough to be looked at. */
function beginning(names: Iterable<string>, begun: string): string[] {
  const found = new Set<string>();
  for (const name of names) {
    if (!name.startsWith(begun) || !PLAIN.test(name.replaceAll('-', '_'))) continue;
    found.add(name);
    if (found.size >= MOST_WORDS) break;
  }
  return [...found].sort();
}

/** A type without members. */
const NOTHING: KernelType = {
  ...({ kind: 'void', name: 'void', size: 0, signed: false, target: null, count: 0 } as const),
  ...{ members: [], enumerators: [], isDeclaredOnly: false, isPartial: true },
  declare: (name) => name,
};
