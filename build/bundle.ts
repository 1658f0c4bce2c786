import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { partsOf } from './parts.ts';

/**
 * One file of CommonJS, which Node starts sooner than a module. Names stay as they are, since people read stacks, but for a
 * number where two are alike: `keepNames` would define the name of each function whenever it is made, in every loop.
 */
const ONE_FILE = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  charset: 'ascii',
  write: false,
  logLevel: 'warning',
  logOverride: { 'empty-import-meta': 'error' },
} satisfies BuildOptions;

/** The launcher as it is run, from its source `bin/vestige.ts`. */
export async function launcherOf(source: string): Promise<string> {
  const { outputFiles } = await build({
    ...ONE_FILE,
    entryPoints: [source],
    plugins: [modulesBeside],
  });
  return outputFiles[0]!.text;
}

/** Where the launcher wants the command line's modules, they are those in `dist/src`. */
const modulesBeside: Plugin = {
  name: 'modules-beside',
  setup({ onResolve }) {
    onResolve({ filter: /\/cli\/main\.ts$/ }, ({ path }) => ({
      path: path.replace(/\.ts$/, '.js'),
      external: true,
    }));
  },
};

/**
 * Where npm puts the compiled part of better-sqlite3, which stays outside. The part that is bundled fits no other version:
 * package.json names one.
 */
const ADDON = 'better-sqlite3/build/Release/';

/** better-sqlite3 looks for it by the package bindings, by the caller's stack and in a dozen places: 10 ms of each start. */
const nearAddon: Plugin = {
  name: 'near-addon',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^bindings$/ }, ({ path }) => ({ path, namespace: 'near-addon' }));
    onLoad({ filter: /.*/, namespace: 'near-addon' }, () => ({
      contents: `module.exports = () => require('${ADDON}better_sqlite3.node')`,
    }));
  },
};

/** What a bundle is made of. */
export interface Bundled {
  /** The texts of its parts, nothing but ASCII, by their names. */
  readonly parts: ReadonlyMap<string, string>;
  /** The packages in it, as folders in `node_modules`. */
  readonly packages: readonly string[];
}

/** The command line, compiled into `dist`, and the packages that it uses. */
export async function bundleOf(dist: string): Promise<Bundled> {
  const { outputFiles, metafile } = await build({
    ...ONE_FILE,
    format: 'esm',
    legalComments: 'none', // the licences are copied whole
    splitting: true,
    outdir: join(dist, 'bundle'),
    entryPoints: [join(dist, 'src/cli/main.js')],
    // What cli-table3 colours with, if it is there: it is given no colours.
    external: [`${ADDON}*`, '@colors/colors'],
    metafile: true,
    plugins: [ownUrls(dist), nearAddon],
  });
  const outputs = new Map(
    Object.entries(metafile.outputs).map(([path, { inputs }]) => [basename(path), inputs]),
  );
  const chunks = outputFiles.map(({ path, text }) => ({
    file: basename(path),
    text: asciiOf(text),
    inputs: outputs.get(basename(path))!,
  }));
  const packages = Object.keys(metafile.inputs).flatMap((path) => packageOf(path) ?? []);
  return { parts: await partsOf(chunks), packages: [...new Set(packages)].sort() };
}

/** A module in a bundle keeps the URL that it has by itself: the package's files and the threads are found by it. */
const ownUrls = (dist: string): Plugin => ({
  name: 'own-urls',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/ }, ({ path }) => {
      if (packageOf(path) !== undefined) return undefined;
      const compiled = relative(dist, path).replaceAll(sep, '/');
      const text = readFileSync(path, 'utf8');
      return { contents: text.replaceAll('import.meta.url', `urlOf(${JSON.stringify(compiled)})`) };
    });
  },
});

const packageOf = (path: string): string | undefined =>
  /^.*[\\/]?node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path)?.[0];

/** esbuild escapes what is not ASCII in strings and names, and leaves it in comments and regular expressions. */
const asciiOf = (text: string): string =>
  text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The licences of packages, each under the package's name: a bundle is a copy of them. */
export const licencesOf = (packages: readonly string[]): string => packages.map(licenceOf).join('\n');

function licenceOf(folder: string): string {
  const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string };
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${dirname(folder)}: ${name} has no licence to copy`);
  return `${name}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}
