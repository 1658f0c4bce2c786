import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Guest, guestsNamed } from './catalog.ts';
import { guestFolder } from './folders.ts';
import { fetchKernel } from './kernel.ts';
import { type DumpFormat, dumpFiles, Machine, writeNote } from './machine.ts';
import { makeImages } from './root-image.ts';
import { readTruthDisk } from './truth-disk.ts';

/** Emulation is slow, and another machine's cores are slower: what takes half a minute here may take five. */
const BOOT_TIMEOUT_MS = 600_000;

/** Builds a guest, boots it, waits for its own record of itself, and dumps its memory in every format. */
export async function makeGuest(guest: Guest, say: (line: string) => void): Promise<void> {
  const finished = guestFolder(guest.name);
  const folder = `${finished}.new`; // so that nobody takes half a guest for a whole one
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const started = Date.now();
  const elapsed = (): string => `${((Date.now() - started) / 1000).toFixed(1)} s`;

  const kernel = await fetchKernel(guest);
  say(`${guest.name}: kernel ${kernel.release} (${elapsed()})`);
  const images = await makeImages(guest.architecture, kernel, folder);
  say(`${guest.name}: images made (${elapsed()})`);

  const machine = await Machine.start(guest, kernel, images, folder);
  const dumps: Record<string, { file: string; bytes: number }> = {};
  let stoppedAt: Date;
  try {
    await machine.stopWhenReady(BOOT_TIMEOUT_MS);
    stoppedAt = new Date();
    say(`${guest.name}: stopped (${elapsed()})`);
    for (const format of Object.keys(dumpFiles) as DumpFormat[]) {
      const file = await machine.dump(format);
      dumps[format] = { file: dumpFiles[format], bytes: (await stat(file)).size };
    }
  } finally {
    await machine.quit();
  }
  const truth = await readTruthDisk(join(folder, 'truth.disk'));
  await writeFile(join(folder, 'truth.json'), truth);
  for (const file of [images.root, images.initramfs, join(folder, 'truth.disk')])
    await rm(file, { force: true });
  const { release, packages } = kernel;
  await writeNote(folder, { guest, release, packages, stoppedAt: stoppedAt.toISOString(), dumps });
  await rm(finished, { recursive: true, force: true });
  await rename(folder, finished);
  say(`${guest.name}: done (${elapsed()})`);
}

async function main(names: readonly string[]): Promise<number> {
  for (const guest of guestsNamed(names.length > 0 ? names : ['amd64-6.1-cloud'])) {
    await makeGuest(guest, (line) => console.error(line));
  }
  return 0;
}

if (process.argv[1]?.endsWith('make.js')) {
  main(process.argv.slice(2)).then(
    (status) => {
      process.exitCode = status;
    },
    (cause: unknown) => {
      console.error(cause instanceof Error ? cause.message : String(cause));
      process.exitCode = 2;
    },
  );
}
