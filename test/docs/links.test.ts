// Every relative link of every Markdown file leads to a file, and to a heading where it names one.
// The README stays one page, and what it leads to is all that the folders of documents hold.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { marked, type Token } from 'marked';
import { describe, expect, it } from 'vitest';

/** What is made or installed holds no documents of this project. */
const LEFT_OUT = new Set(['node_modules', 'dist', '.git', 'fuzz-findings']);
const MAXIMUM_README_BYTES = 8 * 1024;

const files = filesBelow('.');
const documents = files.filter((path) => path.endsWith('.md'));

describe.each(documents)('%s', (path) => {
  it('has links that lead somewhere', () => {
    expect(brokenLinksOf(path, readFileSync(path, 'utf8'))).toEqual([]);
  });

  it('names source files and folders that are there', () => {
    expect(missingSourcesOf(readFileSync(path, 'utf8'))).toEqual([]);
  });
});

it.each([
  ['`session/gone.ts`', ['session/gone.ts']],
  ['`src/gone/`, `src/session/`', ['src/gone/']],
  ['`test/docs/links.test.ts`, `links.test.ts`, `docs/links.test.ts`', []],
  ['`plugins/NAME.ts`, `./threads.js`, `structs/*.ts`', []],
])('would notice the source files that %s names and that are not there', (text, missing) => {
  expect(missingSourcesOf(text)).toEqual(missing);
});

it('the README is one page', () => {
  expect(statSync('README.md').size).toBeLessThanOrEqual(MAXIMUM_README_BYTES);
});

it('every document is reached from the README by links', () => {
  const reached = new Set(['README.md']);
  for (const path of reached) {
    for (const target of linksOf(readFileSync(path, 'utf8'))) {
      const [file = ''] = target.split('#');
      const other = posix.join(posix.dirname(path), file);
      if (!isRelative(target) || file === '') continue;
      if (other.endsWith('.md') && existsSync(other)) reached.add(other);
    }
  }
  expect(documents.filter((path) => path.startsWith('docs/') && !reached.has(path))).toEqual([]);
});

it.each([
  ['[a](gone.md)', ['gone.md']],
  ['[a](#nowhere)', ['#nowhere']],
  ['[a](README.md#no-such-heading)', ['README.md#no-such-heading']],
  ['![a](docs/gone.png)', ['docs/gone.png']],
  ['| a |\n|---|\n| [b](gone.md) |', ['gone.md']],
  ['- **[b](gone.md)**', ['gone.md']],
  ['[a](README.md) and [b](https://example.org/x) and `[c](gone.md)`', []],
  ['# What `x` is, and why\n\n[a](#what-x-is-and-why)', []],
])('would notice what is wrong with %j', (text, broken) => {
  expect(brokenLinksOf('drawn.md', text)).toEqual(broken);
});

function brokenLinksOf(path: string, text: string): string[] {
  return linksOf(text).filter((target) => {
    if (!isRelative(target)) return false;
    const [file = '', heading] = target.split('#');
    const other = file === '' ? path : posix.join(posix.dirname(path), decodeURI(file));
    if (file !== '' && !existsSync(other)) return true;
    if (heading === undefined) return false;
    return !anchorsOf(file === '' ? text : readFileSync(other, 'utf8')).includes(heading);
  });
}

/** Source files, by the end of their path, and folders below others that a text names and that are nowhere. */
function missingSourcesOf(text: string): string[] {
  const named = [...text.matchAll(/`([a-z][\w./-]*(?:\.ts|(?<=\/[\w.-]+)\/))`/g)].map(([, name]) => name!);
  return named.filter(
    (name) =>
      !/[A-Z]{2}/.test(name) &&
      !files.some((path) =>
        name.endsWith('/') ? `/${path}`.includes(`/${name}`) : `/${path}`.endsWith(`/${name}`),
      ),
  );
}

const isRelative = (target: string): boolean => !/^[a-z]+:/.test(target);

/** Where links and images lead to, code left out. */
function linksOf(text: string): string[] {
  const found: string[] = [];
  marked.walkTokens(marked.lexer(text), (token: Token) => {
    if ((token.type === 'link' || token.type === 'image') && typeof token['href'] === 'string')
      found.push(token['href']);
  });
  return found;
}

/** The headings as GitHub links them: lowercase words between hyphens, without other marks. */
function anchorsOf(text: string): string[] {
  const found: string[] = [];
  marked.walkTokens(marked.lexer(text), (token: Token) => {
    if (token.type !== 'heading') return;
    const words = (token.text as string).toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '');
    found.push(words.trim().replaceAll(/\s/g, '-'));
  });
  return found;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    return entry.isDirectory() ? (LEFT_OUT.has(entry.name) ? [] : filesBelow(path)) : [path];
  });
}
