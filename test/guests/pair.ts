/**
 * Takes two snapshots of one guest, some time apart: `node pair.js [GUEST [SECONDS]]`. What scans of a machine's second
 * snapshot cost is measured on them (`VESTIGE_BENCH_PAIR`).
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { guestsNamed } from './catalog.ts';
import { guestFolder } from './folders.ts';
import { fetchKernel } from './kernel.ts';
import { Machine } from './machine.ts';
import { makeImages } from './root-image.ts';

const BOOT_TIMEOUT_MS = 600_000;
const USUAL_SECONDS = 240;

async function main(name = 'amd64-6.1-cloud', seconds = USUAL_SECONDS): Promise<void> {
  const [guest] = guestsNamed([name]);
  if (guest === undefined || !(seconds > 0)) throw new Error(`usage: pair.js GUEST SECONDS`);
  const folder = guestFolder(`${guest.name}-pair`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const kernel = await fetchKernel(guest);
  const images = await makeImages(guest.architecture, kernel, folder);
  const machine = await Machine.start(guest, kernel, images, folder);
  const take = async (as: string): Promise<void> => {
    await rename(await machine.dump('kdump'), join(folder, as));
    console.error(`${guest.name}: ${as}`);
  };
  try {
    await machine.stopWhenReady(BOOT_TIMEOUT_MS);
    await take('before.kdump');
    await machine.resume();
    await delay(1000 * seconds);
    await machine.pause();
    await take('after.kdump');
  } finally {
    await machine.quit();
  }
  for (const file of [images.root, images.initramfs, join(folder, 'truth.disk')])
    await rm(file, { force: true });
  console.log(['before.kdump', 'after.kdump'].map((file) => join(folder, file)).join());
}

const [name, seconds] = process.argv.slice(2);
main(name, seconds === undefined ? undefined : Number(seconds)).catch((cause: unknown) => {
  console.error(cause instanceof Error ? cause.message : String(cause));
  process.exitCode = 2;
});
