// The bytes that are saved of a guest, compared with what the guest and other tools say of them: files of known content,
// and core files, which gdb reads.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesOf, type Wanted } from '../../../src/kernel/linux/coredump/process-bytes.ts';
import { cachedFiles } from '../../../src/kernel/linux/memory/cached-files.ts';
import type { NamedBytes } from '../../../src/kernel/linux/memory/pieces.ts';
import { tasks } from '../../../src/kernel/linux/process/processes.ts';
import type { Session } from '../../../src/session/session.ts';
import type { KnownFile, Truth } from '../truth.ts';
import { compareCores } from './core-files.ts';
import { deviceOf } from './files.ts';
import type { Outcome } from './match.ts';

/** Saves what the guest knows the content of, and compares. */
export function compareArtefacts(session: Session, truth: Truth): Outcome {
  const scratch = mkdtempSync(join(tmpdir(), 'vestige-artefacts-'));
  try {
    const files = compareFiles(session, truth);
    const programs = comparePrograms(session, truth);
    const { cores, differences } = compareCores(session, truth, scratch);
    return {
      plugin: 'artefacts',
      rows: files.count + programs.count + cores,
      differences: [...files.differences, ...programs.differences, ...differences].map(
        (line) => `artefacts ${line}`,
      ),
      tolerated: {},
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Files of which every page was cached have the content that the workload wrote. */
function compareFiles(
  { kernel }: Session,
  { tree = [], system }: Truth,
): { count: number; differences: string[] } {
  const pagesOf = ({ size }: KnownFile): number => Math.ceil(size / system.pageBytes);
  const whole = new Map(
    tree
      .filter((file) => file.sha256 !== null && file.size > 0 && file.cached?.length === pagesOf(file))
      .map((file) => [`${deviceOf(file.dev)} ${file.ino}`, file]),
  );
  const differences: string[] = [];
  let count = 0;
  for (const file of cachedFiles(kernel)) {
    const known = whole.get(`${file.device} ${file.raw.i_ino}`);
    if (known === undefined) continue;
    count++;
    const { content } = file;
    const { sha256, missing } = content === null ? { sha256: 'nothing', missing: 0 } : digestOf(content);
    if (missing > 0) differences.push(`${known.path} lacks ${missing} bytes`);
    if (sha256 !== known.sha256) differences.push(`${known.path} has another content`);
  }
  if (whole.size !== count)
    differences.push(`${whole.size} files are cached as a whole, and ${count} are found`);
  return { count, differences };
}

/** The parts of the workload that run a copy of sleep(1) without a name: from memory alone, or from a file that is gone. */
const COPIES: Readonly<Record<string, Wanted>> = {
  ...{ 'memfd-exe': 'memfd', 'sealed-memfd-exe': 'memfd' },
  ...{ 'deleted-exe': 'deleted', 'unnamed-exe': 'exe' },
};
const COPIED = /^(?:\/usr)?\/bin\/sleep$/;

/** What is saved of them is the program that they were copied from, where the guest still had all of that. */
function comparePrograms({ kernel }: Session, { workload }: Truth): { count: number; differences: string[] } {
  const digests = new Set<string>();
  for (const file of cachedFiles(kernel))
    if (COPIED.test(file.path ?? '') && file.content !== null) digests.add(digestOf(file.content).sha256);
  const differences: string[] = [];
  let count = 0;
  const known = new Map([...tasks(kernel)].map((task) => [task.pid, task]));
  for (const [part, wanted] of Object.entries(COPIES)) {
    const task = known.get(workload.parts[part] ?? -1);
    if (task === undefined) continue;
    count++;
    const [saved] = bytesOf(task, wanted);
    const { sha256, missing } = saved === undefined ? { sha256: 'nothing', missing: 0 } : digestOf(saved);
    // Of a file on a disk pages may have been dropped; of memory alone none can be.
    if (missing > 0 && wanted !== 'memfd') continue;
    if (!digests.has(sha256))
      differences.push(`the program of ${part} is saved as ${sha256}, and sleep is ${[...digests]}`);
  }
  return { count, differences };
}

function digestOf({ pieces }: Pick<NamedBytes, 'pieces'>): { sha256: string; missing: number } {
  const digest = createHash('sha256');
  let missing = 0;
  for (const piece of pieces()) {
    if ('bytes' in piece) digest.update(piece.bytes);
    else if ('zeros' in piece) digest.update(Buffer.alloc(piece.zeros));
    else missing += piece.missing;
  }
  return { sha256: digest.digest('hex'), missing };
}
