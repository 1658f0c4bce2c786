// Walks JSON where it lies, without parsing all of it.
// Symbol tables are 30 to 60 MB, of which a few hundred values are needed.

/** The text is no JSON, or is not as it is looked at: the message says where. */
export class BadJson extends Error {}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
/** Lists in lists in objects …: what tools write stays below twenty. */
const MAXIMUM_DEPTH = 256;
/** Names of C and of symbols are shorter. A longer one is nobody's and is not spelled out. */
const MAXIMUM_NAME_BYTES = 512;
/** Members of the outermost object. A symbol table has five. */
const MAXIMUM_SECTIONS = 1_000;
/** The description of one type: that of task_struct has 25 KB. */
const MAXIMUM_VALUE_BYTES = 1 << 20;
/** Text that is made into objects in all: what is wanted of a whole kernel is a hundredth of it. */
const MAXIMUM_PARSED_BYTES = 32 << 20;

/**
 * JSON that is walked where it lies. Tables of whole kernels are 30 to 60 MB, of which a few hundred values are
 * wanted: what is not asked for is passed over and never becomes an object, so that a file that means harm fills no
 * memory. And addresses keep all of their 64 bits, which `JSON.parse` rounds away.
 */
export class JsonBytes {
  readonly #bytes: Buffer;
  #parsed = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Where the outermost value begins: past white space and the mark of byte order that some editors leave. */
  get root(): number {
    const marked = this.#bytes[0] === 0xef && this.#bytes[1] === 0xbb && this.#bytes[2] === 0xbf;
    return this.#pastSpace(marked ? 3 : 0);
  }

  /** True where an object begins at `at`. */
  isObject(at: number): boolean {
    return this.#bytes[at] === OPEN_OBJECT;
  }

  /**
   * Name → place of the value, for every member of the object at `at`, in the order of the text. @returns where the
   * object ends @throws BadJson
   */
  *members(at: number): Generator<readonly [name: string, at: number], number> {
    if (!this.isObject(at)) throw new BadJson(`byte ${at} begins no object`);
    let next = this.#pastSpace(at + 1);
    if (this.#bytes[next] === CLOSE_OBJECT) return next + 1;
    for (;;) {
      if (this.#bytes[next] !== QUOTE) throw this.#unexpected(next, 'a name');
      const nameEnd = this.#pastString(next);
      const colon = this.#pastSpace(nameEnd);
      if (this.#bytes[colon] !== COLON) throw this.#unexpected(colon, 'a colon');
      const value = this.#pastSpace(colon + 1);
      yield [this.#spell(next, nameEnd), value];
      next = this.#pastSpace(this.#pastValue(value));
      if (this.#bytes[next] === CLOSE_OBJECT) return next + 1;
      if (this.#bytes[next] !== COMMA) throw this.#unexpected(next, 'a comma');
      next = this.#pastSpace(next + 1);
    }
  }

  /** The place of one member's value; of several of that name the last counts, as `JSON.parse` has it. @throws BadJson */
  member(at: number, wanted: string): number | undefined {
    let found: number | undefined;
    for (const [name, value] of this.members(at)) if (name === wanted) found = value;
    return found;
  }

  /** The value at `at` as an object of JavaScript. @throws BadJson also where that would take more room than any kernel's types */
  value(at: number): unknown {
    const text = this.text(at);
    this.#parsed += text.length;
    if (this.#parsed > MAXIMUM_PARSED_BYTES) throw new BadJson('what is wanted of it is too large');
    try {
      return JSON.parse(text);
    } catch {
      throw new BadJson(`byte ${at} begins no value`);
    }
  }

  /** The value at `at` as it is spelled. @throws BadJson */
  text(at: number): string {
    const end = this.#pastValue(at);
    if (end - at > MAXIMUM_VALUE_BYTES) throw new BadJson(`the value at byte ${at} has ${end - at} bytes`);
    return this.#bytes.toString('utf8', at, end);
  }

  /** The members of the outermost value, which must be an object that nothing follows. @throws BadJson */
  all(): Map<string, number> {
    const found = new Map<string, number>();
    const walk = this.members(this.root);
    for (let step = walk.next(); ; step = walk.next()) {
      if (step.done) {
        const end = this.#pastSpace(step.value);
        if (end < this.#bytes.length) throw this.#unexpected(end, 'the end');
        return found;
      }
      found.set(...step.value);
      if (found.size > MAXIMUM_SECTIONS) throw new BadJson(`it has more than ${MAXIMUM_SECTIONS} parts`);
    }
  }

  #spell(start: number, end: number): string {
    if (end - start > MAXIMUM_NAME_BYTES) return '';
    const name = this.#bytes.toString('utf8', start + 1, end - 1);
    if (!name.includes('\\')) return name;
    try {
      return String(JSON.parse(`"${name}"`));
    } catch {
      throw new BadJson(`byte ${start} begins no name`);
    }
  }

  #pastSpace(at: number): number {
    const bytes = this.#bytes;
    let next = at;
    for (let byte = bytes[next]; byte === 0x20 || (byte! >= 0x09 && byte! <= 0x0d); byte = bytes[next])
      next++;
    return next;
  }

  #pastString(at: number): number {
    const bytes = this.#bytes;
    for (let next = at + 1; next < bytes.length; next++) {
      const byte = bytes[next];
      if (byte === QUOTE) return next + 1;
      if (byte === BACKSLASH) next++;
    }
    throw this.#unexpected(bytes.length, 'the end of a text');
  }

  /** Passes over a value. Of what is passed over only texts and brackets are looked at. */
  #pastValue(at: number): number {
    const bytes = this.#bytes;
    const first = bytes[at];
    if (first === QUOTE) return this.#pastString(at);
    if (first !== OPEN_OBJECT && first !== OPEN_LIST) return this.#pastWord(at);
    const closing: number[] = [];
    for (let next = at; next < bytes.length; next++) {
      const byte = bytes[next];
      if (byte === QUOTE) next = this.#pastString(next) - 1;
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        closing.push(byte === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_LIST);
        if (closing.length > MAXIMUM_DEPTH) throw new BadJson(`byte ${next} is nested too deeply`);
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        if (closing.pop() !== byte) throw this.#unexpected(next, 'the other bracket');
        if (closing.length === 0) return next + 1;
      }
    }
    throw this.#unexpected(bytes.length, 'a bracket');
  }

  /** Passes over a number, `true`, `false` or `null`. */
  #pastWord(at: number): number {
    const bytes = this.#bytes;
    let next = at;
    for (let byte = bytes[next]; isOfWord(byte); byte = bytes[next]) next++;
    if (next === at) throw this.#unexpected(at, 'a value');
    return next;
  }

  #unexpected(at: number, what: string): BadJson {
    return new BadJson(at >= this.#bytes.length ? 'it ends early' : `byte ${at} is not ${what}`);
  }
}

const isOfWord = (byte: number | undefined): boolean =>
  byte !== undefined &&
  ((byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2b ||
    byte === 0x2d ||
    byte === 0x2e ||
    byte === 0x45);
