import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';

/** Runs one command line (without node and script). @returns the exit code */
export type Main = (words: readonly string[]) => Promise<number>;

/** What stands in a bundle: a function that is given what a file by itself has, and leaves its exports in `module`. */
type Wrapped = (
  require: NodeJS.Require,
  module: { exports: { readonly main: Main } },
  urlOf: (compiled: string) => string,
) => void;

/** What the build puts before and after the bundle's text: the other side of `Wrapped`. */
export const WRAPPING = ['(function (require, module, urlOf) {', '})'] as const;

/** The bundle, in its folder `dist/bundle`. */
export const BUNDLE = 'main.cjs';

/** What a start is about to do: mostly to answer from memory (`main`), or to read a snapshot (`reading`). */
export type Purpose = 'main' | 'reading';

/** V8's code for the bundle, beside it: for each purpose its own, and each Node has its own: another's would be read in vain. */
export const codeFile = (purpose: Purpose = 'main'): string =>
  `${purpose}.${process.version}-${process.platform}-${process.arch}.v8`;

/** The variable of the environment that a supervisor sets for the process that scans. */
export const SUPERVISED = 'VESTIGE_SUPERVISED';

/** What a command line is certain to do. Only where nothing can be remembered a snapshot will surely be read. */
export const purposeOf = ([, ...words]: readonly string[], env = process.env): Purpose =>
  env[SUPERVISED] !== undefined || words.includes('--no-cache') ? 'reading' : 'main';

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

/** The bundle as V8 has it: compiled, and not yet run. */
export interface Bundle {
  readonly source: Buffer;
  readonly script: vm.Script;
  /** Runs it. `require` is for the packages outside it. */
  main(require: NodeJS.Require): Main;
}

/**
 * Reads and compiles the bundle in `folder`, by the code beside it where that is whole, of this bundle and of this Node:
 * V8 then neither parses nor compiles what is run for `purpose`. Without it everything is the same and takes longer.
 * @throws where there is no bundle
 */
export function openBundle(folder: string, purpose: Purpose = 'main'): Bundle {
  const filename = join(folder, BUNDLE);
  const source = readFileSync(filename);
  const code = codeBeside(folder, source, purpose);
  // The build leaves nothing but ASCII in it, which is read four times as fast as UTF-8 with one other letter.
  const script = new vm.Script(source.toString('latin1'), {
    filename,
    ...(code === undefined ? {} : { cachedData: code }),
    // Node before 20.12 lacks it. Only `--plugin` imports what is not in the bundle, and that is not done from here.
    ...(vm.constants === undefined
      ? {}
      : { importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER }),
  });
  const compiled = pathToFileURL(join(folder, '..', '/')).href;
  return {
    source,
    script,
    main(require) {
      const module = { exports: {} as { readonly main: Main } };
      (script.runInThisContext() as Wrapped)(require, module, (path) => compiled + path);
      return module.exports.main;
    },
  };
}

function codeBeside(folder: string, source: Uint8Array, purpose: Purpose): Buffer | undefined {
  let sealed: Buffer;
  try {
    sealed = readFileSync(join(folder, codeFile(purpose)));
  } catch {
    return undefined; // none was made for this Node, or we may not read it
  }
  return unseal(source, sealed);
}
