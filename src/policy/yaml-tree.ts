// Reads YAML into a tree in which every value knows its place.
// Aliases and size are bounded.
import {
  boolCoreTag,
  EVENT_ID,
  type Event,
  floatCoreTag,
  getScalarValue,
  intCoreTag,
  NOT_RESOLVED,
  nullCoreTag,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  YAMLException,
} from 'js-yaml';
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
  const lines = new Lines(file, text);
  try {
    if (Buffer.byteLength(text) > LARGEST_FILE)
      throw new Unreadable(0, `the file is larger than ${LARGEST_FILE >> 20} MiB`);
    return new Reader(text, eventsIn(text), lines, problems).document();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    problems.add(lines.placeAt(error.offset), error.message);
    return undefined;
  }
}

/** Why a text cannot be read on, and from which of its characters. */
class Unreadable extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

function eventsIn(text: string): readonly Event[] {
  try {
    return parseEvents(text, { maxDepth: DEEPEST });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const isDeep = error.reason.startsWith('nesting exceeded');
    throw new Unreadable(
      error.mark?.position ?? 0,
      isDeep ? 'lists and maps are nested too deep' : error.reason,
    );
  }
}

/** Places of characters, by line and column. */
class Lines {
  readonly #file: string;
  readonly #starts: readonly number[];

  constructor(file: string, text: string) {
    this.#file = file;
    const starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#starts = starts;
  }

  placeAt(offset: number): Place {
    let low = 0;
    for (let high = this.#starts.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return { file: this.#file, line: low + 1, column: offset - this.#starts[low]! + 1 };
  }
}

/** Turns the parser's events into a tree of bounded size. */
class Reader {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #lines: Lines;
  readonly #problems: Problems;
  /** Where the value begins that each anchor names at this point of the document. */
  readonly #anchors = new Map<string, number>();
  /** The next event, and where in the text the last one was. */
  #next = 0;
  #offset = 0;
  #nodes = 0;

  constructor(text: string, events: readonly Event[], lines: Lines, problems: Problems) {
    this.#text = text;
    this.#events = events;
    this.#lines = lines;
    this.#problems = problems;
  }

  /** @throws Unreadable */
  document(): Tree {
    this.#next = 1;
    if (this.#isAtEnd()) throw new Unreadable(0, 'the file is empty');
    const tree = this.#value(0);
    const beyond = this.#events.slice(this.#next + 1);
    if (beyond.length > 0) throw new Unreadable(startOf(beyond) ?? this.#offset, 'a policy is one document');
    return tree;
  }

  #isAtEnd(): boolean {
    const event = this.#events[this.#next];
    return event === undefined || event.type === EVENT_ID.POP;
  }

  #value(depth: number): Tree {
    const index = this.#next++;
    const event = this.#events[index]!;
    if (++this.#nodes > MOST_NODES)
      throw new Unreadable(this.#offset, `there are more than ${MOST_NODES} values`);
    if (event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT)
      throw new Unreadable(this.#offset, 'a value is missing');
    const anchor = event.anchorStart < 0 ? undefined : this.#text.slice(event.anchorStart, event.anchorEnd);
    if (event.type === EVENT_ID.ALIAS) {
      this.#offset = event.anchorStart - 1;
      return this.#alias(anchor!, depth);
    }
    if (event.tagStart >= 0)
      throw new Unreadable(event.tagStart, 'a text that begins with ! must stand in quotes');
    if (anchor !== undefined) this.#anchors.set(anchor, index);
    if (event.type === EVENT_ID.SCALAR) return this.#scalar(event);
    this.#offset = event.start;
    return event.type === EVENT_ID.SEQUENCE ? this.#list(depth) : this.#map(depth);
  }

  #alias(name: string, depth: number): Tree {
    const offset = this.#offset;
    const index = this.#anchors.get(name);
    if (index === undefined) throw new Unreadable(offset, `there is no anchor ${name} before this`);
    if (depth > DEEPEST) throw new Unreadable(offset, 'aliases are nested too deep');
    const next = this.#next;
    this.#next = index;
    const tree = this.#value(depth + 1);
    this.#next = next;
    this.#offset = offset;
    return tree;
  }

  #list(depth: number): ListTree {
    const at = this.#lines.placeAt(this.#offset);
    const items: Tree[] = [];
    while (!this.#isAtEnd()) items.push(this.#value(depth + 1));
    this.#next++;
    return { kind: 'list', at, items };
  }

  #map(depth: number): MapTree {
    const at = this.#lines.placeAt(this.#offset);
    const entries = new Map<string, { key: Place; value: Tree }>();
    while (!this.#isAtEnd()) {
      const key = this.#value(depth + 1);
      if (key.kind !== 'scalar') throw new Unreadable(this.#offset, 'a list or a map cannot be a key');
      const name = String(key.value);
      if (entries.has(name)) this.#problems.add(key.at, `the key ${name} is there already`);
      entries.set(name, { key: key.at, value: this.#value(depth + 1) });
    }
    this.#next++;
    return { kind: 'map', at, entries };
  }

  #scalar(event: ScalarEvent): ScalarTree {
    const { valueStart, valueEnd, style } = event;
    if (valueStart >= 0) this.#offset = valueStart;
    const start = this.#offset;
    const isQuoted = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED;
    const at = this.#lines.placeAt(isQuoted ? start - 1 : start);
    const text = valueStart < 0 ? '' : getScalarValue(this.#text, event);
    const value = style === SCALAR_STYLE.PLAIN ? plainValue(text) : text;
    if (style === SCALAR_STYLE.LITERAL_BLOCK)
      return { kind: 'scalar', at, value, placeOf: (offset) => literalPlace(at, event.indent, text, offset) };
    const isVerbatim = this.#text.slice(valueStart, valueEnd) === text;
    return {
      kind: 'scalar',
      at,
      value,
      placeOf: (offset) => (isVerbatim ? this.#lines.placeAt(start + offset) : at),
    };
  }
}

/** Where the first of these events stands that stands anywhere. */
const startOf = (events: readonly Event[]): number | undefined =>
  events
    .map((event) => ('valueStart' in event ? event.valueStart : 'start' in event ? event.start : -1))
    .find((start) => start >= 0);

/** A text below a `|` stands line by line as it is, but for its indentation. */
function literalPlace(at: Place, indent: number, text: string, offset: number): Place {
  const before = text.slice(0, offset).split('\n');
  return { ...at, line: at.line + before.length - 1, column: indent + before.at(-1)!.length + 1 };
}

/** What YAML 1.2's core schema takes a text for that stands in no quotes. */
function plainValue(text: string): ScalarTree['value'] {
  const isInteger = intCoreTag.resolve(text, false, intCoreTag.tagName) !== NOT_RESOLVED;
  if (isInteger) return BigInt(text.replace(/^\+/, ''));
  for (const tag of [nullCoreTag, boolCoreTag, floatCoreTag]) {
    const value = tag.resolve(text, false, tag.tagName);
    if (value !== NOT_RESOLVED) return value;
  }
  return text;
}
