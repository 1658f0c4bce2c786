import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pageAssets } from '../../../src/cli/commands/page-assets.ts';
import { pageHtml } from '../../../src/page/html.ts';
import { drawnPage } from '../drawn.ts';
import { launch } from './browser.ts';
import { placeTrials } from './places.ts';
import { quietTrials } from './quiet.ts';
import { readingTrials } from './reading.ts';
import { sampleTrials } from './sample.ts';
import { tableTrials } from './tables.ts';
import type { Ground, Trial } from './trials.ts';

/** The repository: this file runs from dist/test/page/browser. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** The page of the samples, written by the command as a user calls it. */
function samplePage(folder: string): string {
  const file = join(folder, 'sample.html');
  const words = ['samples/web-1/before.kdump', 'samples/web-1/after.kdump', '--output', file, '--no-cache'];
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'dist/bin/vestige.js'), 'report', ...words],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`vestige report ended with ${status}: ${stderr}`);
  return file;
}

/** Makes the trials one after the other and says what came of each. @returns how many failed */
async function tryAll(list: readonly Trial[], ground: Ground): Promise<number> {
  let failed = 0;
  for (const { name, run } of list) {
    try {
      await run(ground);
      console.log(`ok    ${name}`);
    } catch (error) {
      failed++;
      console.log(`FAIL  ${name}\n${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  console.log(`${list.length - failed} passed, ${failed} failed`);
  return failed;
}

const folder = mkdtempSync(join(tmpdir(), 'vestige-page-'));
const browser = await launch();
try {
  const model = drawnPage();
  const file = join(folder, 'drawn.html');
  writeFileSync(file, pageHtml(model, pageAssets()));
  const wanted = process.argv.slice(2);
  const list = [...quietTrials, ...tableTrials, ...readingTrials, ...placeTrials, ...sampleTrials].filter(
    ({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)),
  );
  const failed = await tryAll(list, { browser, drawn: { file, model }, sample: samplePage(folder) });
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
