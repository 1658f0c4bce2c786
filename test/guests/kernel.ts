import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Guest } from './catalog.ts';
import { run } from './command.ts';
import { workFolder } from './folders.ts';
import { fetchPackages, unpack } from './packages.ts';

/** A kernel unpacked from its packages. */
export interface Kernel {
  /** `uname -r`. */
  readonly release: string;
  /** The package files it came from. */
  readonly packages: readonly string[];
  readonly image: string;
  /** The folder above `lib/modules`, with `modules.dep` made. */
  readonly tree: string;
}

/** The parts of a kernel: up to 6.x one package, from 7.x split over several. */
const KERNEL_PART = /^linux-(image|binary|modules|base)-\d.*-(amd64|arm64|arm64-16k|686|686-pae)$/;

async function moduleFolder(tree: string): Promise<string> {
  for (const place of ['lib/modules', 'usr/lib/modules']) {
    if (existsSync(join(tree, place))) return join(tree, place);
  }
  throw new Error(`${tree} holds no kernel modules`);
}

/** Downloads and unpacks the newest kernel of the guest's line; an unpacked one is used again. */
export async function fetchKernel(guest: Guest): Promise<Kernel> {
  const { suite, updates, architecture, kernelPackage } = guest;
  const isPart = (name: string): boolean => KERNEL_PART.test(name);
  const packages = await fetchPackages({ suite, updates, architecture }, [kernelPackage], isPart);
  if (packages.length === 0) throw new Error(`${kernelPackage} of ${suite} leads to no kernel package`);
  const names = packages.map((file) => basename(file));
  const last = names.find((file) => file.startsWith('linux-image-')) ?? names[0]!;
  const tree = join(workFolder, 'kernels', last.replace(/\.deb$/, ''));
  if (!existsSync(tree)) {
    const fresh = `${tree}.new`;
    await rm(fresh, { recursive: true, force: true });
    await unpack(packages, fresh);
    const modules = await moduleFolder(fresh);
    if (!modules.startsWith(join(fresh, 'lib'))) {
      await mkdir(join(fresh, 'lib'), { recursive: true });
      await rename(modules, join(fresh, 'lib', 'modules'));
    }
    const release = (await readdir(join(fresh, 'lib/modules')))[0]!;
    await run('depmod', ['-b', fresh, release]);
    await rename(fresh, tree);
  }
  const release = (await readdir(join(tree, 'lib/modules')))[0]!;
  return {
    release,
    packages: packages.map((file) => basename(file)),
    image: await kernelImage(tree, release),
    tree,
  };
}

async function kernelImage(tree: string, release: string): Promise<string> {
  const candidates = [
    `boot/vmlinuz-${release}`,
    `usr/lib/modules/${release}/vmlinuz`,
    `lib/modules/${release}/vmlinuz`,
  ];
  for (const candidate of candidates) if (existsSync(join(tree, candidate))) return join(tree, candidate);
  throw new Error(`${tree} holds no kernel image`);
}

const moduleName = (path: string): string =>
  basename(path)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_');

/**
 * The module files that these modules need, dependencies first. A name that is built in, or that this kernel
 * does not have, is left out: kernels differ, and the workload asks before it uses anything.
 */
export async function moduleClosure(kernel: Kernel, names: readonly string[]): Promise<string[]> {
  const lines = (
    await readFile(join(kernel.tree, 'lib/modules', kernel.release, 'modules.dep'), 'utf8')
  ).split('\n');
  const byName = new Map<string, readonly string[]>();
  for (const line of lines) {
    const [path, needs] = line.split(':');
    if (path)
      byName.set(moduleName(path), [...(needs ?? '').trim().split(' ').filter(Boolean).reverse(), path]);
  }
  return [...new Set(names.flatMap((name) => byName.get(name.replaceAll('-', '_')) ?? []))];
}

/** Copies modules into another tree, uncompressed (a tiny insmod reads no xz); gives their paths there. */
export async function copyModules(kernel: Kernel, paths: readonly string[], tree: string): Promise<string[]> {
  const from = join(kernel.tree, 'lib/modules', kernel.release);
  const to = join(tree, 'lib/modules', kernel.release);
  const copied: string[] = [];
  for (const path of paths) {
    await mkdir(join(to, path, '..'), { recursive: true });
    await cp(join(from, path), join(to, path));
    if (path.endsWith('.xz')) await run('xz', ['-d', '-f', join(to, path)]);
    if (path.endsWith('.zst')) await run('zstd', ['-d', '-q', '--rm', join(to, path)]);
    copied.push(path.replace(/\.(xz|zst)$/, ''));
  }
  for (const list of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo']) {
    if (existsSync(join(from, list))) await cp(join(from, list), join(to, list));
  }
  await run('depmod', ['-b', tree, kernel.release]);
  return copied;
}
