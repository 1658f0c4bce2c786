import { cp, lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Guest } from './catalog.ts';
import { run } from './command.ts';
import { copyInside, type Recipe, userlandTree } from './root-image.ts';

/** The guest of the shipped samples: a small web server, of which little memory need be kept. */
export const web1: Guest = {
  name: 'web-1',
  architecture: 'amd64',
  suite: 'bookworm',
  updates: true,
  kernelPackage: 'linux-image-cloud-amd64',
  cpuModel: 'max,la57=off',
  paging: '4 levels',
  cpus: 1,
  shape: {},
  ramMiB: 88,
  vmcoreinfoDevice: true,
  // Freed memory is zeroed, what booting left behind included. Without tracefs ten thousand inodes fewer are kept.
  kernelArguments: ['init_on_free=1', 'initcall_blacklist=tracer_init_tracefs'],
  parts: [],
};

/** The addresses are those that the documentation of networks may use (RFC 5737), and a private network. */
export const addresses = {
  web1: '203.0.113.10',
  loadBalancer: '203.0.113.1',
  intruder: '203.0.113.66',
  web1Inside: '10.0.0.10',
  bastion: '10.0.0.5',
} as const;

const source = fileURLToPath(new URL('../../../test/guests/web-1/', import.meta.url));

const NOT_NEEDED =
  /perl|usrmerge|debconf|^dpkg$|^tar$|^gcc-\d+-base$|^media-types$|^util-linux-extra$|^(init-system-helpers|sysvinit-utils|lsb-base)$/;

/** What busybox plays where no package has a program of that name. */
const APPLETS =
  'init sh ash cat chmod chown cp crond date dd echo false getty grep head hostname httpd id kill klogd ln login ' +
  'logger ls mke2fs mkdir mkfifo mknod mktemp mv ping poweroff printf ps pwd readlink reboot rm sed setsid sleep sort ' +
  'awk stat stty sync syslogd tail tar touch true tty umount uname uptime wc wget which who xargs xxd base64 losetup';

/** Applets that busybox plays even so: each program that is not loaded makes the snapshots smaller. */
const PREFERRED = ['sh', 'getty'];

/** The root of web-1, with the public key of its administrator and the program of its database. */
export const web1Recipe = (authorizedKey: string, ordersd: string): Recipe => ({
  packages: [
    ...[
      'busybox-static',
      'bash',
      'python3-minimal',
      'libpython3-stdlib',
      'procps',
      'iproute2',
      'kmod',
      'mount',
    ],
    ...['util-linux', 'openssl', 'dmsetup', 'auditd', 'dropbear-bin'],
  ],
  notNeeded: NOT_NEEDED,
  modules: [
    'virtio_net',
    'virtio_rng',
    'qemu_fw_cfg',
    'aesni_intel',
    'xts',
    'loop',
    'dm_crypt',
    'dummy',
    'ext4',
    'unix_diag', // without it ss(8) cannot say who is connected to whom
  ],
  init: '/sbin/init',
  async fill(tree) {
    await copyInside(tree);
    await cp(join(source, 'root'), tree, { recursive: true });
    await mkdir(join(tree, 'home/alice/.ssh'), { recursive: true });
    await writeFile(join(tree, 'home/alice/.ssh/authorized_keys'), authorizedKey);
    await mkdir(join(tree, 'etc/dropbear'), { recursive: true });
    await mkdir(join(tree, 'usr/local/bin'), { recursive: true });
    await cp(ordersd, join(tree, 'usr/local/bin/ordersd'));
    for (const applet of APPLETS.split(' ')) await addApplet(tree, applet);
  },
});

async function addApplet(tree: string, applet: string): Promise<void> {
  const places = ['bin', 'sbin', 'usr/bin', 'usr/sbin'].map((folder) => join(tree, folder, applet));
  const found = await Promise.all(places.map((place) => lstat(place).catch(() => null)));
  if (!PREFERRED.includes(applet) && found.some((entry) => entry !== null)) return;
  const folder = applet === 'init' ? 'sbin' : 'bin';
  const target = folder === 'bin' ? 'busybox' : '../bin/busybox';
  const link = join(tree, folder, applet);
  await run('rm', ['-f', link]);
  await symlink(target, link);
}

/** Debian's programs that the people of the story use on the host, run from their unpacked packages. */
export class HostTools {
  readonly #tree: string;

  private constructor(tree: string) {
    this.#tree = tree;
  }

  static async fetch(): Promise<HostTools> {
    return new HostTools(
      await userlandTree('amd64', {
        packages: ['tcc', 'dropbear-bin', 'libdeflate-tools'],
        notNeeded: NOT_NEEDED,
      }),
    );
  }

  /** The words that run a program with the C library of its own release. */
  command(program: string, ...args: readonly string[]): [string, ...string[]] {
    const libraries = ['lib', 'usr/lib'].map((folder) => join(this.#tree, folder, 'x86_64-linux-gnu'));
    const loader = join(this.#tree, 'lib64/ld-linux-x86-64.so.2');
    return [loader, '--library-path', libraries.join(':'), join(this.#tree, 'usr/bin', program), ...args];
  }

  async run(program: string, ...args: readonly string[]): Promise<string> {
    const [loader, ...rest] = this.command(program, ...args);
    return run(loader, rest);
  }
}

/** Builds the program of the database; gives its path. */
export async function buildOrdersd(tools: HostTools, folder: string): Promise<string> {
  const file = join(folder, 'ordersd');
  await tools.run('tcc', '-nostdlib', '-static', '-o', file, join(source, 'programs/ordersd.c'));
  return file;
}

/** What the intruder brings along, built from the sources beside this file. */
export interface IntrudersFiles {
  readonly implant: Buffer;
  readonly library: Buffer;
  readonly script: string;
}

export async function buildIntrudersFiles(
  tools: HostTools,
  folder: string,
  keys: { readonly volume: string; readonly stream: string },
): Promise<IntrudersFiles> {
  const of = (name: string) => join(source, 'intruder', name);
  const [implant, library] = [join(folder, 'implant'), join(folder, 'library')];
  await tools.run('tcc', '-nostdlib', '-static', '-o', implant, of('implant.c'));
  await tools.run(
    'tcc',
    '-nostdlib',
    '-shared',
    '-soname',
    'libkeyutils.so.2',
    '-o',
    library,
    of('preload.c'),
  );
  const script = await readFile(of('stage.sh'), 'utf8');
  return {
    implant: await readFile(implant),
    library: await readFile(library),
    script: script.replace('VOLUME_KEY', keys.volume).replace('STREAM_KEY', keys.stream),
  };
}
