/** Makes the shipped samples: one guest, two snapshots, and a break-in between them. */
import { createHash, pbkdf2Sync } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { writeKdump } from '../support/writers-kdump.ts';
import { guestFolder } from './folders.ts';
import { fetchKernel } from './kernel.ts';
import { Machine } from './machine.ts';
import { packPages } from './pack-pages.ts';
import { makeImages, userlandPackages } from './root-image.ts';
import type { KeyTruth, ProcessTruth, Truth } from './truth.ts';
import { readTruthDisk } from './truth-disk.ts';
import { addresses, buildIntrudersFiles, buildOrdersd, HostTools, web1, web1Recipe } from './web-1.ts';
import { Administrator, freePort, Intruder, LoadBalancer, openConsole } from './web-1-people.ts';

const BOOT_TIMEOUT_MS = 300_000;
const RECORD_TIMEOUT_MS = 300_000;
/** How long the recorder lives on after it is ready: long enough for a slow host to stop the guest. */
const RECORDER_LIVES_SECONDS = 20;

/** How long the intruder has been in when the second snapshot is taken. */
const CALM_MS = 150_000;

const samplesFolder = fileURLToPath(new URL('../../../samples/', import.meta.url));

/** The keys that are in use. Whoever makes the guest chooses them, so they are known. */
const chosenKeys = {
  /** As `openssl enc -pbkdf2` makes it of /etc/backup.key and the salt in rcS. */
  backup: pbkdf2Sync(
    'correct horse battery staple',
    Buffer.from('5765622d31000001', 'hex'),
    10_000,
    48,
    'sha256',
  )
    .subarray(0, 32)
    .toString('hex'),
  stream: 'c0ffee254729296a45a3885639ac7bf0d2e1f3c4b5a697887960514233241506',
  volume: [
    '71d067a3bc9f1e42d85a6c0394b7e1f82d5c3a4b697887f6e5d4c3b2a190807f',
    '2f8e5d1c4b7a69f0e3d2c1b0a9f8e7d6c5b4a392817f6e5d4c3b2a1908f7e6d5',
  ],
} as const;

/** The parts of the story, each by what its command line begins with. */
const parts: Readonly<Record<string, string>> = {
  auditd: 'auditd',
  backup: 'openssl\0enc\0-aes-256-ctr\0-pbkdf2',
  tls: 'openssl\0s_server',
  'reverse-shell': 'bash\0-i',
  backdoor: '[kworker/0:3]',
  sniffer: '[kworker/u3:1]',
  exfiltration: 'openssl\0enc\0-aes-256-ctr\0-K',
};

async function main(target: string): Promise<void> {
  const say = (line: string): void => console.error(line);
  const folder = guestFolder(web1.name);
  await mkdir(folder, { recursive: true });
  await mkdir(target, { recursive: true });
  const tools = await HostTools.fetch();
  const identity = join(folder, 'alice');
  await rm(identity, { force: true });
  const made = await tools.run('dropbearkey', '-t', 'ed25519', '-f', identity);
  const publicKey = /^ssh-ed25519 \S+/m.exec(made)?.[0];
  if (publicKey === undefined) throw new Error(`dropbearkey made no key: ${made}`);
  const files = await buildIntrudersFiles(tools, folder, {
    volume: chosenKeys.volume.join(''),
    stream: chosenKeys.stream,
  });
  const kernel = await fetchKernel(web1);
  const recipe = web1Recipe(`${publicKey} alice\n`, await buildOrdersd(tools, folder));
  const images = await makeImages(web1.architecture, kernel, folder, recipe);
  say(`images made, kernel ${kernel.release}`);

  const ports = { https: await freePort(), http: await freePort(), ssh: await freePort() };
  const intruder = await Intruder.wait();
  const loadBalancer = new LoadBalancer();
  const closing: { close(): void }[] = [intruder, loadBalancer];
  const consolePath = join(folder, 'console');
  await rm(consolePath, { force: true });
  const machine = await Machine.start(
    web1,
    kernel,
    images,
    folder,
    devices(ports, intruder.port, consolePath),
  );
  const moments: Moment[] = [];
  try {
    await machine.waitFor('WEB-1-UP', BOOT_TIMEOUT_MS);
    const console1 = await openConsole(consolePath);
    closing.push(console1);
    say('web-1 is up');
    const alice = new Administrator(tools, ports.ssh, identity, folder);
    closing.push(alice);
    await alice.shell.hear('$ ');
    for (const line of ['uptime', 'tail -n 3 /var/log/messages', 'cat /srv/orders.csv']) {
      alice.shell.say(line);
      await delay(2_000);
    }
    await loadBalancer.connect(ports.https);
    await delay(10_000);

    const take = async (name: string, time: number): Promise<void> => {
      console1.say(`/etc/init.d/settle; python3 /guest/record.py ${RECORDER_LIVES_SECONDS}`);
      await machine.stopWhenReady(RECORD_TIMEOUT_MS, time);
      const takenAt = new Date();
      const dump = await machine.dump('kdump');
      await rename(dump, join(folder, `${name}.kdump`));
      const truth = await readTruthDisk(join(folder, 'truth.disk'));
      await machine.resume();
      moments.push({ name, truth, takenAt });
      say(`${name}: dumped`);
      await delay(RECORDER_LIVES_SECONDS * 1000);
    };
    await take('before', 1);
    await intruder.breakIn(ports.http, files);
    say('the intruder is in');
    await delay(CALM_MS);
    await take('after', 2);
  } finally {
    for (const open of closing) open.close();
    await machine.quit();
  }
  const taken: Record<string, unknown> = {};
  for (const moment of moments) {
    taken[moment.name] = await keep(target, folder, tools, moment, loadBalancer.keys);
    say(`${moment.name}: ${JSON.stringify(taken[moment.name])}`);
  }
  const userland = await userlandPackages(web1.architecture, recipe);
  const packages = [...kernel.packages, ...userland.map((file) => basename(file))].map(decodeURIComponent);
  const note = { guest: web1, release: kernel.release, snapshots: taken, packages };
  await writeFile(join(target, 'sample.json'), `${JSON.stringify(note, null, 2)}\n`);
}

/** Two network cards, the public one and the one to the bastion, and a second serial line. */
function devices(
  ports: { https: number; http: number; ssh: number },
  intruderPort: number,
  consolePath: string,
) {
  const { web1: here, web1Inside: inside, loadBalancer, bastion, intruder } = addresses;
  const forward = (from: number, to: string) => `hostfwd=tcp:127.0.0.1:${from}-${to}`;
  const outside = [
    `user,id=net0,restrict=on,ipv6=off,net=203.0.113.0/24,host=${loadBalancer}`,
    forward(ports.https, `${here}:443`),
    forward(ports.http, `${here}:8080`),
    `guestfwd=tcp:${intruder}:4444-tcp:127.0.0.1:${intruderPort}`,
  ];
  const within = [
    `user,id=net1,restrict=on,ipv6=off,net=10.0.0.0/24,host=${bastion}`,
    forward(ports.ssh, `${inside}:22`),
  ];
  return [
    ...['-netdev', outside.join(','), '-device', 'virtio-net-pci,netdev=net0,mac=52:54:00:12:34:10'],
    ...['-netdev', within.join(','), '-device', 'virtio-net-pci,netdev=net1,mac=52:54:00:12:34:11'],
    ...[
      '-chardev',
      `socket,id=console1,path=${consolePath},server=on,wait=off`,
      '-serial',
      'chardev:console1',
    ],
  ];
}

/** The guest stopped and dumped, and what it said of itself just before. */
interface Moment {
  readonly name: string;
  readonly truth: Buffer;
  readonly takenAt: Date;
}

/** Packs QEMU's dump anew, as small as zlib can, and puts it beside what the guest said of itself. */
async function keep(
  target: string,
  folder: string,
  tools: HostTools,
  { name, truth: recorded, takenAt }: Moment,
  tlsKeys: readonly string[],
) {
  const dump = openSnapshot(join(folder, `${name}.kdump`));
  const { cpus, vmcoreinfo, facts } = dump.contents;
  // QEMU's dump has the firmware's ROM below 4 GiB too: it is no memory, and the bitmaps reach up to it.
  const ranges = dump.contents.source.ranges.filter(({ start }) => start < web1.ramMiB * 2 ** 20);
  const source = { ...dump.contents.source, ranges };
  const file = join(target, `${name}.kdump`);
  const release = /^OSRELEASE=(.*)$/m.exec(vmcoreinfo ?? '')?.[1] ?? facts['release'] ?? '';
  const deflate = await packPages(tools, source, join(folder, 'pages'));
  writeKdump(file, source, { cpus, vmcoreinfo, takenAt, release, level: 9, sharesEqual: true, deflate });
  dump.file.close();
  const truth = JSON.parse(recorded.toString('utf8')) as Truth;
  const told = { ...truth, workload: workloadOf(truth.processes, tlsKeys) };
  await writeFile(join(target, `${name}.truth.json.gz`), gzipSync(JSON.stringify(told), { level: 9 }));
  const sha256 = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  return { takenAt: takenAt.toISOString(), bytes: (await stat(file)).size, sha256 };
}

/** Who plays which part, and the keys of those who play. */
function workloadOf(processes: readonly ProcessTruth[], tlsKeys: readonly string[]): Truth['workload'] {
  const playing = Object.entries(parts).flatMap(([part, start]) => {
    const player = processes.find((process) => process.cmdline?.startsWith(start));
    return player === undefined ? [] : [[part, player.pid] as const];
  });
  const pids: Readonly<Record<string, number>> = Object.fromEntries(playing);
  const keyOf = (key: string, pid: number | null, use: string): KeyTruth => ({
    key,
    bits: 256,
    pid,
    address: null,
    use,
  });
  const keys = [
    keyOf(chosenKeys.backup, pids['backup'] ?? null, 'openssl enc -aes-256-ctr, the backup'),
    ...tlsKeys.map((key) => keyOf(key, pids['tls'] ?? null, 'TLS 1.3 AES-256-GCM, the load balancer')),
  ];
  if (pids['exfiltration'] !== undefined) {
    keys.push(keyOf(chosenKeys.stream, pids['exfiltration'], 'openssl enc -aes-256-ctr, the intruder'));
    for (const half of chosenKeys.volume)
      keys.push(keyOf(half, null, 'dm-crypt aes-xts-plain64, the intruder'));
  }
  return { keys, parts: pids, missed: {} };
}

if (process.argv[1]?.endsWith('samples.js')) {
  main(process.argv[2] ?? join(samplesFolder, 'web-1')).catch((cause: unknown) => {
    console.error(cause instanceof Error ? cause.stack : String(cause));
    process.exitCode = 2;
  });
}
