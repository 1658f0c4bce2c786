import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecoveredTrees } from '../../../src/cli/commands/recovered-trees.ts';
import { TarArchive } from '../../../src/extract/tar-archive.ts';
import { tarName } from '../../../src/extract/tar-name.ts';
import type { Session } from '../../../src/session/session.ts';
import type { KnownFile, Truth } from '../truth.ts';
import { deviceOf } from './files.ts';
import type { Outcome } from './match.ts';
import { textOf } from './proc.ts';

interface Line {
  readonly archived: string;
  readonly path: string | null;
  readonly device: string;
  readonly missingBytes?: number;
  readonly leftOut?: string;
}

/** Recovers the trees that the workload wrote, unpacks them with the system's tar, and compares what is there. */
export async function compareRecovered({ kernel }: Session, { tree = [] }: Truth): Promise<Outcome> {
  const scratch = mkdtempSync(join(tmpdir(), 'vestige-recovered-'));
  try {
    const path = join(scratch, 'all.tar');
    const archive = new TarArchive(path);
    const lines: Line[] = [];
    const trees = new RecoveredTrees(
      kernel,
      archive,
      (line) => lines.push(line as Line),
      () => undefined,
    );
    await trees.save([], undefined);
    await archive.end();
    const folder = join(scratch, 'all');
    mkdirSync(folder);
    // Only root makes devices and gives files away.
    spawnSync('tar', ['-xpf', path, '-C', folder]);
    const byPath = new Map(lines.map((line) => [`${line.device} ${line.path}`, line]));
    const differences = tree.flatMap((known) => differencesOf(folder, known, byPath));
    return {
      plugin: 'recoverfs',
      rows: tree.length,
      differences: [...differences, ...kernel.notes.drain()].map((line) => `recovered ${line}`),
      tolerated: {},
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const isRoot = process.getuid?.() === 0;
const [REGULAR, FOLDER, SYMLINK, CHARACTER] = [8, 4, 10, 2];

function differencesOf(folder: string, known: KnownFile, lines: ReadonlyMap<string, Line>): string[] {
  const type = known.mode >>> 12;
  const line = lines.get(`${deviceOf(known.dev)} ${textOf(known.path)}`);
  const label = JSON.stringify(known.path.slice(0, 60));
  // A long link of a file system on a disk is in a block of the disk, and not in a page of the link.
  if (line?.leftOut !== undefined)
    return type === SYMLINK && known.size > 59 ? [] : [`${label} is left out: ${line.leftOut}`];
  // Folders have lines where something is left out alone.
  const place = line?.archived ?? placeOf(folder, known);
  if (place === undefined) return [`${label} is not there`];
  const stat = lstatSync(join(folder, place), { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return type === CHARACTER && !isRoot ? [] : [`${label} is not unpacked`];
  const said: [what: string, is: unknown, should: unknown][] = [
    ['its mode', Number(stat.mode), known.mode],
    ['its time', String(stat.mtimeNs), known.mtimeNs],
  ];
  if (isRoot) said.push(['its owner', `${stat.uid}:${stat.gid}`, `${known.uid}:${known.gid}`]);
  if (type !== FOLDER) said.push(['its size', Number(stat.size), known.size]);
  if (type === SYMLINK) said.push(['its target', readlinkSync(join(folder, place)), textOf(known.target!)]);
  if (type === CHARACTER) said.push(['its device', Number(stat.rdev), known.rdev]);
  if (type === REGULAR && known.sha256 !== null && line?.missingBytes === 0) {
    const digest = createHash('sha256')
      .update(readFileSync(join(folder, place)))
      .digest('hex');
    said.push(['its content', digest, known.sha256]);
  }
  return said
    .filter(([, is, should]) => is !== should)
    .map(([what, is, should]) => `${label}: ${what} is ${String(is)}, the guest says ${String(should)}`);
}

/** Where a folder, a link or a pipe is: by the folder of its file system. */
function placeOf(folder: string, { path, dev }: KnownFile): string | undefined {
  const own = readdirSync(folder).find((name) => name.split('.')[1] === deviceOf(dev).replace(':', '-'));
  if (own === undefined) return undefined;
  const names = textOf(path)
    .split('/')
    .slice(path.startsWith('/run/tree') ? 3 : 1);
  return join(own, ...names.map(tarName));
}
