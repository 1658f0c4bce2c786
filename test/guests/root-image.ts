import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Architecture } from './catalog.ts';
import { run } from './command.ts';
import { insideFolder, workFolder } from './folders.ts';
import { copyModules, type Kernel, moduleClosure } from './kernel.ts';
import { fetchPackages, unpack } from './packages.ts';

/** One userland serves every kernel: what is under test is the kernel. */
const USERLAND_SUITE = 'bookworm';

const USERLAND = [
  'busybox-static',
  'bash',
  'coreutils',
  'python3-minimal',
  'libpython3-stdlib',
  'procps',
  'iproute2',
  'kmod',
  'mount',
  'util-linux',
  'openssl',
  'dmsetup',
];

/** Dependencies of maintainer scripts and of features that a guest without an installer never uses. */
const NOT_NEEDED =
  /perl|usrmerge|debconf|^dpkg$|^tar$|^gcc-\d+-base$|^media-types$|^util-linux-extra$|^libaudit/;

/** Modules that the workload would like; each kernel has most of them, built in or as files. */
const WORKLOAD_MODULES = [
  ...['virtio_net', 'virtio_rng', 'qemu_fw_cfg', 'veth', 'dummy', 'bridge', 'br_netfilter', 'tun', 'loop'],
  ...[
    'dm_crypt',
    'aesni_intel',
    'aes_ce_blk',
    'aes_generic',
    'xts',
    'cbc',
    'ctr',
    'algif_skcipher',
    'algif_hash',
    'overlay',
  ],
  ...['inet_diag', 'tcp_diag', 'udp_diag', 'raw_diag', 'unix_diag', 'netlink_diag', 'af_packet_diag'],
  // rxrpc does not load without the ciphers, which it asks for by name and not by dependency.
  ...['vsock_diag', 'sctp', 'sctp_diag', 'rxrpc', 'pcbc', 'fcrypt', 'tipc', 'bluetooth', 'rfcomm'],
  ...['can', 'can_raw', 'kcm', 'qrtr', 'smc'],
  ...['af_packet', 'vsock_loopback', 'fuse', 'squashfs', 'ext4', 'raid1'],
];

/** What stands between the kernel and its root file system; ext4 asks for its checksum by name and not by dependency. */
const BOOT_MODULES = ['virtio_pci', 'virtio_mmio', 'virtio_blk', 'crc32c_generic', 'ext4'];

/** What is in a root file system. */
export interface Recipe {
  /** Packages, with what they depend on. */
  readonly packages: readonly string[];
  /** Packages that are depended on and yet left out. */
  readonly notNeeded: RegExp;
  /** Modules, with what they depend on, where the kernel has them as files. */
  readonly modules: readonly string[];
  /** The first process. */
  readonly init: string;
  /** Adds what no package has. */
  readonly fill: (tree: string) => Promise<void>;
}

/** The root of the guests that Vestige is compared with: one of every kind of thing. */
const workload: Recipe = {
  packages: USERLAND,
  notNeeded: NOT_NEEDED,
  modules: WORKLOAD_MODULES,
  init: '/guest/init.sh',
  fill: copyInside,
};

/** What a machine starts from, beside its kernel. */
export interface GuestImages {
  readonly root: string;
  readonly initramfs: string;
}

/** The package files of a userland, downloaded. */
export async function userlandPackages(
  architecture: Architecture,
  { packages, notNeeded }: Pick<Recipe, 'packages' | 'notNeeded'>,
): Promise<string[]> {
  const from = { suite: USERLAND_SUITE, updates: true, architecture };
  return fetchPackages(from, packages, (name) => !notNeeded.test(name));
}

/** The tree of a userland's packages, unpacked once. */
export async function userlandTree(
  architecture: Architecture,
  recipe: Pick<Recipe, 'packages' | 'notNeeded'>,
): Promise<string> {
  const digest = createHash('sha256')
    .update([USERLAND_SUITE, ...recipe.packages].join())
    .digest('hex')
    .slice(0, 8);
  const tree = join(workFolder, 'userland', `${architecture}-${digest}`);
  if (existsSync(tree)) return tree;
  const fresh = `${tree}.new`;
  await rm(fresh, { recursive: true, force: true });
  await unpack(await userlandPackages(architecture, recipe), fresh);
  for (const folder of ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/info']) {
    await rm(join(fresh, folder), { recursive: true, force: true });
  }
  for (const folder of ['dev', 'proc', 'sys', 'run', 'tmp', 'mnt', 'srv', 'root', 'home', 'guest']) {
    await mkdir(join(fresh, folder), { recursive: true });
  }
  await mkdir(join(fresh, 'etc'), { recursive: true });
  await writeFile(
    join(fresh, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home:/bin/sh\n',
  );
  await writeFile(join(fresh, 'etc/group'), 'root:x:0:\nalice:x:1000:\n');
  // Packages of this release still expect that /bin/sh is made by a script of dash.
  await symlink('bash', join(fresh, 'bin/sh')).catch(() => undefined);
  await rename(fresh, tree);
  return tree;
}

/** Puts the scripts that run inside a guest into its tree. */
export async function copyInside(tree: string): Promise<void> {
  for (const name of await readdir(insideFolder)) {
    await cp(join(insideFolder, name), join(tree, 'guest', name));
    await chmod(join(tree, 'guest', name), 0o755);
  }
}

async function folderSizeMiB(folder: string): Promise<number> {
  return Number((await run('du', ['-sm', folder])).split('\t')[0]);
}

/** Makes the root file system and the initramfs of a guest in `folder`. */
export async function makeImages(
  architecture: Architecture,
  kernel: Kernel,
  folder: string,
  recipe: Recipe = workload,
): Promise<GuestImages> {
  const tree = join(folder, 'tree');
  await rm(tree, { recursive: true, force: true });
  await cp(await userlandTree(architecture, recipe), tree, { recursive: true, verbatimSymlinks: true });
  await copyModules(kernel, await moduleClosure(kernel, recipe.modules), tree);
  await recipe.fill(tree);
  const root = join(folder, 'root.ext4');
  await rm(root, { force: true });
  const sizeMiB = Math.ceil((await folderSizeMiB(tree)) * 1.2) + 64;
  await run('mkfs.ext4', ['-q', '-F', '-m', '0', '-d', tree, '-L', 'guest', root, `${sizeMiB}M`]);
  const initramfs = await makeInitramfs(kernel, join(tree, 'bin/busybox'), recipe.init, folder);
  await rm(tree, { recursive: true, force: true });
  return { root, initramfs };
}

async function makeInitramfs(kernel: Kernel, busybox: string, init: string, folder: string): Promise<string> {
  const tree = join(folder, 'initramfs-tree');
  await rm(tree, { recursive: true, force: true });
  for (const name of ['bin', 'dev', 'proc', 'sys', 'root'])
    await mkdir(join(tree, name), { recursive: true });
  await cp(busybox, join(tree, 'bin/busybox'));
  const modules = await copyModules(kernel, await moduleClosure(kernel, BOOT_MODULES), tree);
  const loads = modules.map((path) => `/bin/busybox insmod /lib/modules/${kernel.release}/${path}\n`);
  const script = [
    '#!/bin/busybox sh\n',
    '/bin/busybox mount -t devtmpfs dev /dev\n',
    ...loads,
    'tries=0\n',
    'while [ ! -b /dev/vda ] && [ $tries -lt 100 ]; do /bin/busybox sleep 0.1; tries=$((tries + 1)); done\n',
    '/bin/busybox mount -t ext4 /dev/vda /root || /bin/busybox poweroff -f\n',
    '/bin/busybox mount -o move /dev /root/dev\n',
    `exec /bin/busybox switch_root /root ${init}\n`,
  ];
  await writeFile(join(tree, 'init'), script.join(''), { mode: 0o755 });
  const archive = join(folder, 'initramfs.img');
  await run('sh', ['-c', `find . | cpio -o -H newc --quiet | gzip -1 > "$1"`, 'sh', archive], { cwd: tree });
  await rm(tree, { recursive: true, force: true });
  return archive;
}
