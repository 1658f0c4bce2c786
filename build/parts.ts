// A bundle in parts, so that a start reads and compiles what it runs and little more: which part a chunk of esbuild's belongs to, and how
// chunks become functions in the text of a part.
import { type TransformOptions, transform } from 'esbuild';
import { WRAPPING } from '../src/start/bundle.ts';

/** A chunk as esbuild leaves it: a module with imports from other chunks in front, and its exports at the end. */
export interface Chunk {
  /** The name of its file: `chunk-ABC.js`. */
  readonly file: string;
  readonly text: string;
  /** The files that it was made of, each with the bytes that are left of it. */
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
}

/** The part that hardly any start needs. */
export const REST = 'rest';

/**
 * The parts but for `main`, and what lies in them; a file is of the first that fits. `snapshot` is files of snapshots and their formats,
 * `scanning` what scans need to find something new, `reading` the way from memory to rows, `judging` policies.
 */
const PARTS: readonly (readonly [part: string, files: RegExp])[] = [
  [
    'main',
    /src\/(kernel\/linux\/walkers|profile\/profile|cli\/profile-file|snapshot\/(may-be-piece|kdump-header|piece-names)|memory\/source|policy\/(verdict|problem)|judging\/policy-files)\.js$/,
  ],
  [
    'scanning',
    /src\/(watch|reader)\/|src\/cli\/(commands|terminal)\/scan|policy\/(policy|anomaly-rules)\.js$|judging\/(new-findings|previous)\.js$/,
  ],
  ['judging', /src\/(policy|judging)\/|js-yaml|cel-js|re2js/],
  ['snapshot', /src\/snapshot\//],
  [
    REST,
    /src\/(debuginfo|library|shell|acquire|page|extract)\/|src\/report\/box|cli-table3|src\/profile\/isf-export|src\/cli\/commands\.js|src\/cli\/commands\/(acquire|build|cache|completion|policy|profile|read|saving|shell|type|watch)|fast-xml-builder|path-expression-matcher/,
  ],
  ['reading', /src\/(session|kernel|translate|profile|types|memory|scan|crypto)\/|fzstd/],
];

const partOf = ({ inputs }: Chunk): string => {
  const bytes = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const part = PARTS.find(([, pattern]) => pattern.test(path))?.[0] ?? 'main';
    bytes.set(part, (bytes.get(part) ?? 0) + bytesInOutput);
  }
  return [...bytes].sort(([, one], [, other]) => other - one)[0]?.[0] ?? 'main';
};

/**
 * Names stay as they are, since people read stacks; what is between them does not: each byte of a part is read, hashed and copied at each
 * start.
 */
const FUNCTION = {
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  charset: 'ascii',
  minifyWhitespace: true,
  lineLimit: 160,
} satisfies TransformOptions;

/** The texts of the parts of a bundle, by their names. */
export async function partsOf(chunks: readonly Chunk[]): Promise<ReadonlyMap<string, string>> {
  const parts = new Map(chunks.map((chunk) => [chunk.file, partOf(chunk)]));
  const texts = new Map<string, string[]>();
  const nameOf = (file: string): string => {
    const part = parts.get(file);
    if (part === undefined) throw new Error(`there is no chunk ${file}`);
    return JSON.stringify(`${part}/${file.replace(/\.js$/, '')}`);
  };
  for (const chunk of chunks) {
    const body = await functionOf(chunk, nameOf);
    const part = parts.get(chunk.file)!;
    texts.set(part, [...(texts.get(part) ?? []), `${nameOf(chunk.file)}: function () {\n${body}},\n`]);
  }
  const [before, after] = WRAPPING;
  return new Map([...texts].map(([part, bodies]) => [part, `${before}\n${bodies.join('')}${after}\n`]));
}

const IMPORT = /import (?:\{([^}]*)\} from )?"\.\/([^"]+)";\n/y;
const EXPORT = /export \{([^}]*)\};\n$/;

/**
 * A chunk as the body of a function that returns its exports. Nothing that is exported is ever assigned to again (a test looks), and
 * chunks import each other in no circle: so what is imported are constants.
 */
async function functionOf({ file, text }: Chunk, nameOf: (file: string) => string): Promise<string> {
  let head = '';
  let at = 0;
  IMPORT.lastIndex = 0;
  for (let found = IMPORT.exec(text); found !== null; found = IMPORT.exec(text)) {
    const [, names, from] = found;
    const bound = names === undefined ? '' : `const {${names.replaceAll(' as ', ': ')}} = `;
    head += `${bound}load(${nameOf(from!)});\n`;
    at = IMPORT.lastIndex;
  }
  const [exported, names = ''] = EXPORT.exec(text) ?? [''];
  const { code } = await transform(text.slice(at, text.length - exported.length), FUNCTION);
  const body = code.replaceAll(/\bimport\("\.\/([^"]+)"\)/g, (_, to: string) => `later(${nameOf(to)})`);
  if (/\b(require|import)\("\.\.?\//.test(body))
    throw new Error(`${file} has imports that are not understood`);
  return `${head}${body}return {${names.replaceAll(/([\w$]+) as ([\w$]+)/g, '$2: $1')}};\n`;
}
