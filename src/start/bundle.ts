// How a start gets the program from its bundle: the parts that it needs, each with the code that V8 kept of it, and in each part only
// the chunks that are asked for.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';

/** Runs one command line (without node and script). @returns the exit code */
export type Main = (words: readonly string[]) => Promise<number>;

/** What a chunk exports, by name. */
type Exports = Readonly<Record<string, unknown>>;

/** What stands in a part: a function that is given what a file by itself has, and returns the part's chunks, none of which has run. */
type Wrapped = (
  require: NodeJS.Require,
  urlOf: (compiled: string) => string,
  load: (chunk: string) => Exports,
  later: (chunk: string) => Promise<Exports>,
) => Readonly<Record<string, () => Exports>>;

/** What the build puts before and after the chunks of a part: the other side of `Wrapped`. */
export const WRAPPING = ['(function (require, urlOf, load, later) { "use strict"; return {', '}})'] as const;

/** The chunk that exports `main`. Any chunk is named by its part and itself. */
export const ENTRY = 'main/main';

/** The file of a part, in the bundle's folder `dist/bundle`. */
export const partFile = (part: string): string => `${part}.cjs`;

/** V8's code for a part, beside it. Each Node has its own: another's would be read in vain. */
export const codeFile = (part: string): string =>
  `${part}.${process.version}-${process.platform}-${process.arch}.v8`;

/** The variable of the environment that a supervisor sets for the process that scans. */
export const SUPERVISED = 'VESTIGE_SUPERVISED';

const DIGEST_BYTES = 32;

/** SHA-256 over both: V8 looks at the length of the source alone, and runs damaged code as if it were right. */
const digest = (source: Uint8Array, code: Uint8Array): Buffer =>
  createHash('sha256').update(source).update(code).digest();

/** The content of a code file: a digest of source and code, and then V8's code. */
export const seal = (source: Uint8Array, code: Uint8Array): Buffer =>
  Buffer.concat([digest(source, code), code]);

/** The code in a code file; undefined where it was not made of this source, or is not whole. */
export function unseal(source: Uint8Array, sealed: Buffer): Buffer | undefined {
  const code = sealed.subarray(DIGEST_BYTES);
  return digest(source, code).equals(sealed.subarray(0, DIGEST_BYTES)) ? code : undefined;
}

/** A part as V8 has it: compiled, and not yet run. */
export interface Part {
  readonly source: Buffer;
  readonly script: vm.Script;
}

/**
 * Reads and compiles a part of the bundle in `folder`, by the code beside it where that is whole, of this part and of this Node:
 * V8 then neither parses nor compiles what mostly runs of it. Without it everything is the same and takes longer.
 * @throws where there is no such part
 */
export function openPart(folder: string, part: string): Part {
  const filename = join(folder, partFile(part));
  const source = readFileSync(filename);
  const code = codeBeside(folder, source, part);
  // The build leaves nothing but ASCII in it, which is read four times as fast as UTF-8 with one other letter.
  const script = new vm.Script(source.toString('latin1'), {
    filename,
    ...(code === undefined ? {} : { cachedData: code }),
    // Node before 20.12 lacks it. Only `--plugin` imports what is not in the bundle, and that is not done from here.
    ...(vm.constants === undefined
      ? {}
      : { importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER }),
  });
  return { source, script };
}

function codeBeside(folder: string, source: Uint8Array, part: string): Buffer | undefined {
  let sealed: Buffer;
  try {
    sealed = readFileSync(join(folder, codeFile(part)));
  } catch {
    return undefined; // none was made for this Node, or we may not read it
  }
  return unseal(source, sealed);
}

/** The program in a folder of parts. */
export class Bundle {
  /** The parts that were opened so far, by their names. */
  readonly parts = new Map<string, Part>();
  readonly #folder: string;
  readonly #require: NodeJS.Require;
  readonly #chunks = new Map<string, () => Exports>();
  readonly #loaded = new Map<string, Exports>();

  /** @param require is for the packages outside the bundle */
  constructor(folder: string, require: NodeJS.Require) {
    this.#folder = folder;
    this.#require = require;
  }

  /** The command line. @throws where there is no bundle */
  get main(): Main {
    return this.#load(ENTRY)['main'] as Main;
  }

  /** What a chunk exports: it runs when it is first asked for. Chunks ask for each other in no circle. */
  readonly #load = (chunk: string): Exports => {
    let exports = this.#loaded.get(chunk);
    if (exports === undefined) {
      exports = this.#chunk(chunk)();
      this.#loaded.set(chunk, exports);
    }
    return exports;
  };

  #chunk(name: string): () => Exports {
    if (!this.#chunks.has(name)) this.#open(name.slice(0, name.indexOf('/')));
    return this.#chunks.get(name)!;
  }

  #open(name: string): void {
    const part = openPart(this.#folder, name);
    this.parts.set(name, part);
    const compiled = pathToFileURL(join(this.#folder, '..', '/')).href;
    const chunks = (part.script.runInThisContext() as Wrapped)(
      this.#require,
      (path) => compiled + path,
      this.#load,
      async (chunk) => this.#load(chunk),
    );
    for (const [chunk, run] of Object.entries(chunks)) this.#chunks.set(chunk, run);
  }
}
