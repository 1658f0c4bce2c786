import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plugins } from '../plugins/index.ts';
import { flawInReferences } from '../src/plugin/references.ts';
import { circlesIn, importsIn } from './support/import-graph.ts';

/** The repository: compiled tests and their sources are both run from there. */
const ROOT = process.cwd();

/**
 * Which rooms a room may import from, besides itself. What is behind `later` must not be loaded at start-up, when
 * the cache may have the answer already: from there only types, and code by dynamic import.
 */
interface Doors {
  readonly code: readonly string[];
  readonly later?: readonly string[];
}

/** Room → its doors. A folder that is not here may not exist. Why each room exists is told in src/README.md. */
const ROOMS: Readonly<Record<string, Doors>> = {
  'src/base': { code: [] },
  'src/files': { code: ['src/base'] },
  'src/memory': { code: ['src/base'] },
  'src/snapshot': { code: ['src/base', 'src/memory'] },
  'src/translate': { code: ['src/base', 'src/memory'] },
  'src/types': { code: ['src/base', 'src/translate'] },
  'src/profile': { code: ['src/base', 'src/types'] },
  'src/debuginfo': { code: ['src/base', 'src/types', 'src/profile'] },
  'src/kernel': {
    code: ['src/base', 'src/translate', 'src/types'],
    later: ['src/memory', 'src/profile', 'src/scan'],
  },
  'src/scan': { code: ['src/base', 'src/memory', 'src/snapshot'] },
  'src/crypto': { code: ['src/base', 'src/memory'], later: ['src/scan'] },
  'src/plugin': { code: ['src/base'], later: ['src/kernel', 'src/scan'] },
  'src/disassembly': { code: ['src/base', 'src/profile'] },
  plugins: {
    code: ['src/base', 'src/plugin'],
    later: ['src/kernel', 'src/scan', 'src/crypto', 'src/disassembly'],
  },
  'src/session': {
    code: ['src/base', 'src/memory', 'src/snapshot', 'src/translate', 'src/profile', 'src/kernel'],
    later: ['src/plugin'],
  },
  'src/report': {
    code: ['src/base', 'src/plugin'],
    later: ['src/triage', 'src/diff', 'src/policy', 'src/library', 'src/disassembly'],
  },
  'src/store': { code: ['src/base', 'src/files', 'src/plugin', 'src/profile'] },
  'src/convert': { code: ['src/base', 'src/files', 'src/memory', 'src/snapshot'] },
  'src/extract': { code: ['src/base', 'src/files', 'src/plugin'] },
  'src/triage': { code: ['src/base', 'src/plugin'] },
  'src/diff': { code: ['src/base', 'src/plugin', 'src/triage'] },
  'src/policy': { code: ['src/base', 'src/plugin', 'src/diff'] },
  // What programs that import the package work with, and the commands `read`, `type` and `shell`.
  'src/library': {
    code: [
      ...['src/base', 'src/memory', 'src/types', 'src/profile', 'src/session', 'src/plugin'],
      ...['src/kernel', 'src/diff', 'src/policy', 'src/judging'],
    ],
    later: ['src/translate', 'src/snapshot'],
  },
  'src/shell': {
    code: ['src/base', 'src/types', 'src/library', 'src/report', 'src/disassembly'],
    later: ['src/plugin'],
  },
  // The one road from a snapshot to answers. A remembered answer needs nothing of what opens snapshots.
  'src/inquiry': {
    code: [
      ...['src/base', 'src/files', 'src/snapshot', 'src/profile', 'src/session', 'src/plugin', 'plugins'],
      ...['src/store', 'src/diff', 'src/report'],
    ],
    later: ['src/memory', 'src/page'],
  },
  // The one road from a policy and what is known already to verdicts.
  'src/judging': {
    code: ['src/base', 'src/files', 'src/plugin', 'src/diff', 'src/policy', 'src/report'],
    later: ['src/store'],
  },
  'src/watch': {
    code: [
      ...['src/base', 'src/snapshot', 'src/plugin', 'src/store', 'src/diff', 'src/policy'],
      ...['src/inquiry', 'src/judging'],
    ],
  },
  'src/reader': {
    code: ['src/base', 'src/plugin', 'src/inquiry', 'src/watch', 'src/store'],
    later: ['src/profile'],
  },
  'src/acquire': { code: ['src/base'] },
  'src/page': {
    code: ['src/base', 'src/plugin', 'src/report', 'src/triage', 'src/diff', 'src/policy'],
  },
  // What runs in a browser: a program of its own, of which nothing else knows but the build.
  'src/page/client': { code: ['src/report'], later: ['src/page'] },
  'src/cli': { code: ['src', 'plugins'] },
  'src/start': { code: [] },
  bin: { code: ['src/start'], later: ['src/cli'] },
  build: { code: ['plugins', 'src/reader', 'src/start', 'src/report', 'src/cli'] },
};

const KERNEL = 'src/kernel/linux';
/** Subsystem of the kernel → those that it may know. What lies beside the folders every one may know. */
const SUBSYSTEMS: Readonly<Record<string, readonly string[]>> = {
  containers: [],
  machine: ['containers'],
  vfs: ['containers'],
  memory: ['containers', 'machine', 'vfs'],
  cgroup: ['containers'],
  process: ['containers', 'machine', 'vfs', 'memory', 'cgroup'],
  locks: ['containers', 'machine', 'vfs', 'process'],
  coredump: ['vfs', 'memory', 'process'],
  notify: ['containers', 'vfs', 'process'],
  libraries: ['memory', 'process'],
  block: ['containers', 'vfs'],
  module: ['containers', 'memory'],
  symbols: ['module'],
  stacks: ['module', 'symbols', 'process'],
  kthreads: ['process', 'stacks', 'symbols'],
  net: ['containers', 'machine', 'vfs', 'process'],
  integrity: ['containers', 'module', 'symbols', 'net', 'vfs'],
};
/** What gathers something of every subsystem, and what it gathers there. */
const GATHERING: Readonly<Record<string, RegExp>> = {
  'structs.ts': /\bstructs\.ts$|-structs\.ts$/,
  'symbols.ts': /\bsymbols\.ts$/,
  'walkers.ts': /./,
};

/** Which rooms may import each package. One that is not here is imported by none. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  commander: ['src/cli', 'build'],
  chalk: ['src/report'],
  'cli-table3': ['src/report'],
  'get-east-asian-width': ['src/report'],
  'fast-xml-builder': ['src/report'],
  sarif: ['src/report'], // types only: nothing of that name is installed
  'better-sqlite3': ['src/store'],
  esbuild: ['build'],
  fzstd: ['src/profile'],
  'tar-stream': ['src/extract'],
  'js-yaml': ['src/policy'],
  '@marcbachmann/cel-js': ['src/policy'],
  re2js: ['src/policy'],
  'node:buffer': ['src/snapshot'],
  'node:child_process': ['src/acquire', 'src/watch', 'src/reader', 'src/cli', 'build'],
  'node:crypto': [
    ...[
      'src/plugin',
      'src/session',
      'src/memory',
      'src/scan',
      'src/store',
      'src/policy',
      'src/inquiry',
      'src/judging',
      'src/watch',
      'src/page',
      'src/cli',
      'src/start',
      'src/extract',
      'src/convert',
    ],
  ],
  'node:fs': [
    'src/shell',
    'src/snapshot',
    'src/store',
    'src/watch',
    'src/reader',
    'src/acquire',
    'src/cli',
    'src/start',
    'build',
    'src/extract',
    'src/files',
    'src/inquiry',
    'src/judging',
  ],
  'node:module': ['src/disassembly', 'src/cli', 'build'],
  'node:events': ['src/reader', 'src/extract'],
  'node:net': ['src/acquire', 'src/reader'],
  'node:os': ['src/scan', 'src/store', 'src/reader', 'src/inquiry', 'src/cli', 'build'],
  'node:path': [
    'src/shell',
    'src/snapshot',
    'src/store',
    'src/watch',
    'src/acquire',
    'src/cli',
    'src/start',
    'bin',
    'build',
    'src/extract',
    'src/files',
    'src/inquiry',
    'src/judging',
  ],
  'node:console': ['src/shell'],
  'node:repl': ['src/shell'],
  'node:util': ['src/shell'],
  'node:process': ['src/cli'],
  'node:stream': ['src/debuginfo', 'src/shell'],
  'node:timers/promises': ['src/scan', 'src/watch', 'src/acquire', 'src/convert'],
  'node:url': ['src/scan', 'src/cli', 'src/files', 'src/start', 'build'],
  'node:v8': ['src/scan', 'src/cli', 'src/start', 'build'],
  'node:vm': ['src/start', 'src/shell'],
  'node:worker_threads': ['src/scan', 'src/reader'],
  'node:zlib': ['src/snapshot', 'src/convert', 'src/profile', 'src/debuginfo', 'src/page', 'src/cli'],
};

/** The one file that is no room: what the package gives to programs. */
const LIBRARY = 'src/index.ts';

const IMPORT =
  /^(?:import|export)\s+(type\s)?[^;'"]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;

const roomOf = (path: string): string | undefined =>
  /^(src\/page\/client|src\/[^/]+|plugins|bin|build)\//.exec(path)?.[1];
const isBelow = (room: string, doors: readonly string[]): boolean =>
  doors.some((door) => room === door || room.startsWith(`${door}/`));

/** What a file imports against the tables above, as sentences. */
function violationsIn(path: string, text: string): string[] {
  const room = roomOf(path);
  if (room === undefined || ROOMS[room] === undefined) return [`${path} is in no room`];
  const { code, later = [] } = ROOMS[room];
  const found: string[] = [];
  for (const [, type, named, bare, dynamic] of text.matchAll(IMPORT)) {
    const target = named ?? bare ?? dynamic ?? '';
    if (!target.startsWith('.')) {
      if (!isBelow(room, PACKAGES[target] ?? [])) found.push(`${path} imports ${target}`);
      continue;
    }
    const other = roomOf(posix.join(posix.dirname(path), target)) ?? target;
    if (other === room || isBelow(other, code)) continue;
    if (isBelow(other, later)) {
      if (type === undefined && dynamic === undefined)
        found.push(`${path} imports more than types from ${other}`);
    } else found.push(`${path} imports ${other}`);
  }
  return found;
}

/** What a file of the kernel imports of other subsystems against the table above, as sentences. */
function kernelViolationsIn(path: string, text: string): string[] {
  const subsystemOf = (file: string): string | undefined => new RegExp(`^${KERNEL}/([^/]+)/`).exec(file)?.[1];
  const own = subsystemOf(path);
  if (own !== undefined && SUBSYSTEMS[own] === undefined) return [`${path} is in no subsystem`];
  return [...importsIn(new Map([[path, text]]), () => true).get(path)!].flatMap((target) => {
    const other = subsystemOf(target);
    if (other === undefined || other === own) return [];
    const isAllowed =
      own === undefined
        ? (GATHERING[posix.basename(path)]?.test(target) ?? false)
        : SUBSYSTEMS[own]!.includes(other);
    return isAllowed ? [] : [`${path} imports ${other}`];
  });
}

/** The tables of doors as a page. */
function doorsPage(): string {
  const list = (rooms: readonly string[]): string => rooms.map((room) => `\`${room}\``).join(', ');
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [
    '# Doors\n\nWritten by `npx vitest run test/architecture.test.ts -u` from the tables in `test/architecture.test.ts`.\n',
    'The [architecture](architecture.md) tells what doors are.\n\n',
    row(['room', 'may import', 'only types, or later']),
    row(['---', '---', '---']),
    ...Object.entries(ROOMS).map(([room, { code, later = [] }]) =>
      row([`\`${room}\``, list(code), list(later)]),
    ),
    `\n## Subsystems of the kernel\n\nBelow \`${KERNEL}/\`. What lies beside the folders every one may import.\n\n`,
    row(['subsystem', 'may import']),
    row(['---', '---']),
    ...Object.entries(SUBSYSTEMS).map(([name, others]) => row([`\`${name}\``, list(others)])),
    '\n## Packages\n\n',
    row(['package', 'imported by']),
    row(['---', '---']),
    ...Object.entries(PACKAGES).map(([name, rooms]) => row([`\`${name}\``, list(rooms)])),
  ].join('');
}

/** The project's own source files, tests aside. */
function sources(): string[] {
  return ['src', 'plugins', 'bin', 'build']
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        posix.join(folder, file.replaceAll('\\', '/')),
      ),
    )
    .filter((path) => path.endsWith('.ts') && path !== LIBRARY);
}

describe('the rooms', () => {
  it('import only through their doors', () => {
    const found = sources().flatMap((path) => violationsIn(path, readFileSync(join(ROOT, path), 'utf8')));
    expect(found).toEqual([]);
  });

  it.each([
    ['src/base/hex.ts', "import { Linux } from '../kernel/linux/linux.ts';", 'imports src/kernel'],
    ['src/kernel/linux/task.ts', "import chalk from 'chalk';", 'imports chalk'],
    [
      'plugins/bad.ts',
      "import { AddressSpace } from '../src/translate/address-space.ts';",
      'imports src/translate',
    ],
    [
      'plugins/bad.ts',
      "import { Task } from '../src/kernel/linux/process/task.ts';",
      'imports more than types from src/kernel',
    ],
    ['plugins/bad.ts', "import {\n  readFileSync,\n  writeFileSync,\n} from 'node:fs';", 'imports node:fs'],
    ['plugins/bad.ts', "const store = await import('../src/store/store.ts');", 'imports src/store'],
    ['src/report/bad.ts', "export { openStore } from '../store/store.ts';", 'imports src/store'],
    ['src/scan/bad.ts', "import 'node:child_process';", 'imports node:child_process'],
    ['src/kernel/bad.ts', "import type { Session } from '../session/session.ts';", 'imports src/session'],
    ['src/page/bad.ts', "import { make } from './client/dom.ts';", 'imports src/page/client'],
    ['src/page/client/bad.ts', "import { hex } from '../../base/address.ts';", 'imports src/base'],
    ['src/manager/new.ts', '', 'is in no room'],
  ])('would notice that %s has %j', (path, text, complaint) => {
    expect(violationsIn(path, text)).toEqual([`${path} ${complaint}`]);
  });

  it.each([
    "import type { Task } from '../src/kernel/linux/process/task.ts';",
    "const { processTree } = await import('../src/kernel/linux/process/process-tree.ts');",
  ])('may have types and late code where early code is not allowed: %s', (text) => {
    expect(violationsIn('plugins/good.ts', text)).toEqual([]);
  });
});

describe('the documents of the rooms', () => {
  it('have the doors as they are here (vitest -u writes them)', async () => {
    await expect(doorsPage()).toMatchFileSnapshot('../docs/internals/doors.md');
  });

  it('say of every room what it knows', () => {
    const text = readFileSync(join(ROOT, 'src/README.md'), 'utf8');
    const isTold = (room: string): boolean =>
      text.includes(`\n| \`${posix.relative('src', room)}\` |`) ||
      (room === 'src/page/client' && text.includes('`client/`'));
    expect(Object.keys(ROOMS).filter((room) => !isTold(room))).toEqual([]);
  });
});

describe('the files of the rooms', () => {
  it('say in two lines what they are', () => {
    const isTold = (path: string): boolean => /^\/\/ .*\n\/\/ /.test(readFileSync(join(ROOT, path), 'utf8'));
    expect(sources().filter((path) => path.startsWith('src/') && !isTold(path))).toEqual([]);
  });
});

describe('the subsystems of the kernel', () => {
  const files = sources().filter((path) => path.startsWith(KERNEL));

  it('know each other only through their doors', () => {
    const found = files.flatMap((path) => kernelViolationsIn(path, readFileSync(join(ROOT, path), 'utf8')));
    expect(found).toEqual([]);
  });

  it.each([
    ['vfs/bad.ts', "import { tasks } from '../process/processes.ts';", 'imports process'],
    ['linux.ts', "import type { Task } from './process/task.ts';", 'imports process'],
    ['structs.ts', "import type { Task } from './process/task.ts';", 'imports process'],
    ['colours/new.ts', '', 'is in no subsystem'],
  ])('would notice that %s has %j', (file, text, complaint) => {
    expect(kernelViolationsIn(`${KERNEL}/${file}`, text)).toEqual([`${KERNEL}/${file} ${complaint}`]);
  });
});

/** Words that are names of questions and mean something else in these rooms or files. Nothing here knows a question. */
const OTHER_MEANINGS: Readonly<Record<string, readonly string[]>> = {
  'src/cli/flags/settings.ts': ['limits'],
  'src/session/linux/': ['modules', 'idt'],
  'src/library/library-session.ts': ['modules'],
  // A type of file system.
  'src/store/moving.ts': ['tmpfs'],
  // Groups and lists of questions.
  'src/plugin/contract.ts': ['files', 'modules', 'containers'],
  'src/plugin/container-column.ts': ['containers'],
  'src/plugin/references.ts': ['containers'],
  'src/report/verdict/sarif.ts': ['modules'],
  // A section of the page, which `lists.connections` fills.
  'src/page/client/overview.ts': ['sockets'],
  'src/page/client/sockets.ts': ['sockets'],
  // Snapshots that are gone from their folder.
  'src/watch/': ['deleted'],
  'src/cli/terminal/scan-lines.ts': ['deleted'],
  // Files on a disk.
  'src/cli/report-gathering.ts': ['files'],
  'src/cli/commands/dump.ts': ['deleted'],
  'src/inquiry/': ['files'],
};

/** A comment, a template, or a text in quotes: what comes first is what the other two are in. */
const TOKEN = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|`(?:\\.|[^`\\])*`|'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)"/g;

/** The names of questions that a file has as texts of their own. */
function questionsNamedIn(path: string, text: string): string[] {
  const names = new Set(plugins.map(({ name }) => name));
  const other = Object.entries(OTHER_MEANINGS).flatMap(([place, words]) =>
    path.startsWith(place) ? words : [],
  );
  return [...text.matchAll(TOKEN)].flatMap(([, single, double]) => {
    const word = single ?? double ?? '';
    return names.has(word) && !other.includes(word) ? [`${path} names ${word}`] : [];
  });
}

describe('questions', () => {
  it('are known by their names in plugins/ only', () => {
    // The kernel has such words of its own (members, symbols, walks), and knows nothing of questions.
    const files = sources().filter((path) => !path.startsWith('plugins/') && !path.startsWith('src/kernel/'));
    const found = files.flatMap((path) => questionsNamedIn(path, readFileSync(join(ROOT, path), 'utf8')));
    expect(found).toEqual([]);
  });

  it.each([
    ["answers.get('pslist')", ['pslist']],
    ['const of = ["sockets", "pstree"];', ['sockets', 'pstree']],
    ["// as 'pslist' does\nconst a = `'pslist'`; /* 'env' */", []],
  ])('would be noticed in %s', (text, names) => {
    expect(questionsNamedIn('src/diff/new.ts', text)).toEqual(
      names.map((name) => `src/diff/new.ts names ${name}`),
    );
  });
});

describe('circles of imports', () => {
  const graph = importsIn(new Map(sources().map((path) => [path, readFileSync(join(ROOT, path), 'utf8')])));

  it('are none, in no room and between none', () => {
    expect(circlesIn(graph)).toEqual([]);
  });

  it('would be noticed', () => {
    const texts = new Map([
      ['src/a/one.ts', "import type { Two } from '../b/two.ts';"],
      ['src/b/two.ts', "export { three } from './three.ts';"],
      ['src/b/three.ts', "const one = await import('../a/one.ts');"],
      ['src/b/four.ts', "import { three } from './three.ts';"],
    ]);
    expect(circlesIn(importsIn(texts))).toEqual([['src/a/one.ts', 'src/b/three.ts', 'src/b/two.ts']]);
  });
});

describe('the plugins', () => {
  const files = readdirSync(join(ROOT, 'plugins'))
    .filter((file) => file.endsWith('.ts') && file !== 'index.ts')
    .map((file) => file.slice(0, -3));

  it('are all listed, each under the name of its file', () => {
    expect(plugins.map(({ name }) => name).sort()).toEqual(files.sort());
  });

  it.each(plugins.map((plugin) => [plugin.name, plugin] as const))('%s declares what it has', (_, plugin) => {
    const columns = Object.keys(plugin.columns);
    const { identity, filters = [], dispensable = [], confidential = [], tree } = plugin;
    const named = [
      ...identity,
      ...filters,
      ...dispensable,
      ...confidential,
      ...(tree === undefined ? [] : [tree.column, tree.by]),
    ];
    expect(named.filter((name) => !columns.includes(name))).toEqual([]);
    expect(identity.length).toBeGreaterThan(0);
    expect(plugin.summary).toMatch(/^[A-Z].*[^.]$/);
    expect(plugin.example).not.toBe('');
    expect(flawInReferences(plugin, plugins)).toBeUndefined();
    expect(plugin.group).toBeDefined();
    expect(Object.entries(plugin.columns).filter(([, { help = '' }]) => help === '')).toEqual([]);
    // Rows of a process are joined by it everywhere, so it is named as soon as there is one.
    expect(plugin.process).toBe(columns.includes('pid') ? 'pid' : undefined);
    expect(Number.isInteger(plugin.version)).toBe(true);
  });
});
