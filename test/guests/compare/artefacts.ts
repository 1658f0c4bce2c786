// The bytes that are saved of a guest, compared with what the guest and other tools say of them: files of known content,
// and core files, which gdb reads.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cachedFiles } from '../../../src/kernel/linux/memory/cached-files.ts';
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
    const { cores, differences } = compareCores(session, truth, scratch);
    return {
      plugin: 'artefacts',
      rows: files.count + cores,
      differences: [...files.differences, ...differences].map((line) => `artefacts ${line}`),
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
    const digest = createHash('sha256');
    for (const piece of file.content?.pieces() ?? []) {
      if ('bytes' in piece) digest.update(piece.bytes);
      else if ('zeros' in piece) digest.update(Buffer.alloc(piece.zeros));
      else differences.push(`${known.path} lacks ${piece.missing} bytes: ${piece.why}`);
    }
    if (digest.digest('hex') !== known.sha256) differences.push(`${known.path} has another content`);
  }
  if (whole.size !== count)
    differences.push(`${whole.size} files are cached as a whole, and ${count} are found`);
  return { count, differences };
}
