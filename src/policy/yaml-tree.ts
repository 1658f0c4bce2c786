import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument, Scalar } from 'yaml';
import type { Place, Problems } from './problem.ts';

/** A YAML value with the place where it stands. Aliases are followed. */
export type Tree = ScalarTree | ListTree | MapTree;

export interface ScalarTree {
  readonly kind: 'scalar';
  readonly at: Place;
  /** Whole numbers are `bigint`, so that `22` and `22.0` can be told apart. */
  readonly value: string | bigint | number | boolean | null;
  /** Where a character of a text stands, as exactly as the style of the text allows. */
  readonly placeOf: (offset: number) => Place;
}

export interface ListTree {
  readonly kind: 'list';
  readonly at: Place;
  readonly items: readonly Tree[];
}

export interface MapTree {
  readonly kind: 'map';
  readonly at: Place;
  readonly entries: ReadonlyMap<string, { readonly key: Place; readonly value: Tree }>;
}

/** A policy is written by people: what is larger than this is none. */
const LARGEST_FILE = 1 << 20;
/** With all aliases followed: a few lines of YAML can name each other into billions. */
const MOST_NODES = 100_000;
const DEEPEST = 32;

/** Reads a YAML document. Undefined where it is none: the problems then say why. */
export function readYaml(file: string, text: string, problems: Problems): Tree | undefined {
  const start: Place = { file, line: 1, column: 1 };
  if (Buffer.byteLength(text) > LARGEST_FILE) {
    problems.add(start, `the file is larger than ${LARGEST_FILE >> 20} MiB`);
    return undefined;
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    intAsBigInt: true,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faults = [...document.errors, ...document.warnings];
  for (const { code, message, pos } of faults)
    problems.add(placeAt(pos[0]), ADVICE[code] ?? lowered(message));
  if (faults.length > 0) return undefined;
  const { contents } = document;
  if (contents === null) {
    problems.add(start, 'the file is empty');
    return undefined;
  }
  try {
    return new Reader(text, placeAt).read(contents, 0, start);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    problems.add(error.at, error.message);
    return undefined;
  }
}

const TOO_DEEP = 'lists and maps are nested too deep';

/** What is said in place of the parser's own words: conditions often begin with a `!`, which is YAML's for a tag. */
const ADVICE: Readonly<Record<string, string>> = {
  RESOURCE_EXHAUSTION: TOO_DEEP,
  TAG_RESOLVE_FAILED: 'a text that begins with ! must stand in quotes',
};

/** Messages of the parser begin with a capital and may go on for lines. */
const lowered = (message: string): string => {
  const [line = ''] = message.split('\n');
  return line.charAt(0).toLowerCase() + line.slice(1);
};

class Unreadable extends Error {
  readonly at: Place;
  constructor(at: Place, message: string) {
    super(message);
    this.at = at;
  }
}

/** Turns the parser's nodes into a tree of bounded size. */
class Reader {
  readonly #text: string;
  readonly #placeAt: (offset: number) => Place;
  /** The node that each anchor names at this point of the document. */
  readonly #anchors = new Map<string, Node>();
  #nodes = 0;

  constructor(text: string, placeAt: (offset: number) => Place) {
    this.#text = text;
    this.#placeAt = placeAt;
  }

  /** @throws Unreadable */
  read(node: unknown, depth: number, after: Place): Tree {
    if (!isNode(node)) return { kind: 'scalar', at: after, value: null, placeOf: () => after };
    const at = node.range ? this.#placeAt(node.range[0]) : after;
    if (++this.#nodes > MOST_NODES) throw new Unreadable(at, `there are more than ${MOST_NODES} values`);
    if (depth > DEEPEST) throw new Unreadable(at, TOO_DEEP);
    if (isAlias(node)) {
      const meant = this.#anchors.get(node.source);
      if (meant === undefined) throw new Unreadable(at, `there is no anchor ${node.source} before this`);
      return this.read(meant, depth + 1, at);
    }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isSeq(node)) {
      return { kind: 'list', at, items: node.items.map((item) => this.read(item, depth + 1, at)) };
    }
    if (isMap(node)) {
      const entries = new Map<string, { key: Place; value: Tree }>();
      for (const { key, value } of node.items) {
        const name = this.read(key, depth + 1, at);
        if (name.kind !== 'scalar') throw new Unreadable(name.at, 'a list or a map cannot be a key');
        entries.set(String(name.value), { key: name.at, value: this.read(value, depth + 1, name.at) });
      }
      return { kind: 'map', at, entries };
    }
    if (!isScalar(node)) throw new Unreadable(at, 'this is no value');
    return { kind: 'scalar', at, value: scalarValue(node.value), placeOf: this.#placesIn(node, at) };
  }

  #placesIn(node: Scalar, at: Place): ScalarTree['placeOf'] {
    const { value, range, type } = node;
    if (typeof value !== 'string' || !range) return () => at;
    const source = this.#text.slice(range[0], range[1]);
    const verbatim = source.indexOf(value);
    if (verbatim >= 0) return (offset) => this.#placeAt(range[0] + verbatim + offset);
    if (type !== Scalar.BLOCK_LITERAL) return () => at;
    // The lines of the text are those below the `|`, without their indentation.
    return (offset) => {
      const lines = value.slice(0, offset).split('\n');
      const below = source.split('\n').slice(1, lines.length + 1);
      const indented = below.at(-1) ?? '';
      const indent = Math.max(0, indented.indexOf(value.split('\n')[lines.length - 1]!));
      return { ...at, line: at.line + lines.length, column: indent + lines.at(-1)!.length + 1 };
    };
  }
}

const scalarValue = (value: unknown): ScalarTree['value'] =>
  ['string', 'bigint', 'number', 'boolean'].includes(typeof value) ? (value as string) : null;
