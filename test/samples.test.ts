import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openSession } from '../src/session/session.ts';
import { compareWithTruth } from './guests/compare/compare.ts';
import type { Truth } from './guests/truth.ts';

const samplesFolder = fileURLToPath(new URL('../samples/', import.meta.url));
const TRUTH = /\.truth\.json(\.gz)?$/;

interface Sample {
  readonly name: string;
  readonly snapshot: string;
  readonly truth: string;
}

/** Every snapshot that has a record of its guest beside it: `NAME.kdump` and `NAME.truth.json` or `.json.gz`. */
function samples(): Sample[] {
  if (!existsSync(samplesFolder)) return [];
  return readdirSync(samplesFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const folder = join(samplesFolder, name);
      const files = readdirSync(folder);
      return files
        .filter((file) => TRUTH.test(file))
        .flatMap((truth) => {
          const stem = truth.replace(TRUTH, '');
          const snapshot = files.find((file) => file.startsWith(`${stem}.`) && !TRUTH.test(file));
          return snapshot === undefined
            ? []
            : [{ name: `${name}/${stem}`, snapshot: join(folder, snapshot), truth: join(folder, truth) }];
        });
    });
}

function truthOf({ truth }: Sample): Truth {
  const bytes = readFileSync(truth);
  return JSON.parse((truth.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')) as Truth;
}

/** Whatever lies in the folder, snapshots with records must be among it; an empty one is a clone before the first sample. */
const shipped = existsSync(samplesFolder) && readdirSync(samplesFolder).length > 0;

describe.runIf(shipped)('the shipped samples', () => {
  it('are there', () => {
    expect(samples().length, 'snapshots with a record beside them').toBeGreaterThan(0);
  });

  it.each(samples())('$name says what its guest said of itself', async (sample) => {
    const session = openSession(sample.snapshot);
    try {
      const differences: string[] = [];
      for await (const compared of compareWithTruth(session, truthOf(sample))) {
        differences.push(...compared.differences);
      }
      expect(differences).toEqual([]);
    } finally {
      session.close();
    }
  });
});
