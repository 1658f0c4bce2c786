import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Architecture, Guest } from './catalog.ts';
import { CommandFailed, run } from './command.ts';
import { workFolder } from './folders.ts';

/** Lists older than this are fetched again: a kernel that has left the archive cannot be downloaded. */
const LISTS_ARE_FRESH_MS = 12 * 3600_000;

interface Archive {
  readonly address: string;
  readonly suite: string;
}

/** The archives of the system's own apt sources: their addresses are asked for, never written down. */
async function systemArchives(): Promise<Archive[]> {
  const lines = await run('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI) $(RELEASE)',
    'Created-By: Packages',
  ]);
  return lines
    .split('\n')
    .map((line) => line.trim().split(' '))
    .flatMap(([address, suite]) => (address && suite ? [{ address, suite }] : []));
}

/**
 * Which of a suite's archives are used: its release alone, or also the updates for security, which are newer but
 * may be listed by an archive that no longer has their files.
 */
type Reach = 'with security updates' | 'release';

/** The archive lines of another suite, at the addresses of the system's own. */
async function sourceLines(suite: string, reach: Reach): Promise<string[]> {
  const archives = await systemArchives();
  const release = await readFile('/etc/os-release', 'utf8');
  const own = /^VERSION_CODENAME=(.+)$/m.exec(release)?.[1]?.replaceAll('"', '');
  const plain = archives.find((archive) => archive.suite === own);
  const security = archives.find((archive) => archive.suite === `${own}-security`);
  if (!plain) throw new Error('the apt sources of this system name no archive for its own Debian release');
  const keys = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]';
  const lines = [`deb ${keys} ${plain.address} ${suite} main`];
  // A suite that is still being made has an empty security suite, or none.
  if (security && suite !== 'forky' && reach === 'with security updates')
    lines.push(`deb ${keys} ${security.address} ${suite}-security main`);
  return lines;
}

/** Whether less than this time has passed since a moment was noted in a file. */
async function noted(stamp: string, withinMs: number): Promise<boolean> {
  return existsSync(stamp) && Date.now() - Number(await readFile(stamp, 'utf8')) < withinMs;
}

/**
 * The files of the packages that these need and that are wanted, downloaded. Where the archive of the updates for
 * security is at odds with itself, the packages are those of the release.
 */
export async function fetchPackages(
  { suite, updates, architecture }: Pick<Guest, 'suite' | 'updates' | 'architecture'>,
  names: readonly string[],
  wanted: (name: string) => boolean,
): Promise<string[]> {
  const from = async (reach: Reach): Promise<string[]> => {
    const opened = await PackageSuite.open(suite, architecture, reach);
    return opened.download((await opened.closure(names)).filter(wanted));
  };
  if (!updates) return from('release');
  const refused = join(workFolder, 'apt', `${suite}-${architecture}-updates-refused-${names[0]}`);
  if (await noted(refused, LISTS_ARE_FRESH_MS)) return from('release');
  try {
    return await from('with security updates');
  } catch (cause) {
    if (!(cause instanceof CommandFailed)) throw cause;
    const packages = await from('release');
    await writeFile(refused, String(Date.now()));
    return packages;
  }
}

/**
 * One suite of one architecture, with an apt state of its own: nothing is installed on the host, and what the
 * host has installed plays no part.
 */
class PackageSuite {
  private readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(suite: string, architecture: Architecture, reach: Reach): Promise<PackageSuite> {
    const name = `${suite}-${architecture}${reach === 'release' ? '-release' : ''}`;
    const folder = join(workFolder, 'apt', name);
    await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
    await mkdir(join(folder, 'archives', 'partial'), { recursive: true });
    await mkdir(join(folder, 'packages'), { recursive: true });
    await writeFile(join(folder, 'status'), '');
    await writeFile(join(folder, 'sources.list'), `${(await sourceLines(suite, reach)).join('\n')}\n`);
    const settings = {
      'Dir::Etc::sourcelist': join(folder, 'sources.list'),
      'Dir::Etc::sourceparts': '-',
      'Dir::State': folder,
      'Dir::State::status': join(folder, 'status'),
      'Dir::Cache': folder,
      'APT::Architecture': architecture,
      'APT::Architectures': architecture,
      'APT::Sandbox::User': 'root',
      'Acquire::Languages': 'none',
      'Acquire::Retries': '3',
    };
    const lines = Object.entries(settings).map(([key, value]) => `${key} "${value}";\n`);
    await writeFile(join(folder, 'apt.conf'), lines.join(''));
    const opened = new PackageSuite(folder);
    await opened.refreshLists();
    return opened;
  }

  private apt(program: string, args: readonly string[], cwd?: string): Promise<string> {
    const env = { APT_CONFIG: join(this.folder, 'apt.conf') };
    return run(program, args, cwd === undefined ? { env } : { env, cwd });
  }

  private async refreshLists(): Promise<void> {
    const stamp = join(this.folder, 'lists-fetched');
    if (await noted(stamp, LISTS_ARE_FRESH_MS)) return;
    await this.apt('apt-get', ['update', '-qq']);
    await writeFile(stamp, String(Date.now()));
  }

  /** The packages that these need, themselves included, as on a system where nothing is installed yet. */
  async closure(names: readonly string[]): Promise<string[]> {
    const args = ['install', '--print-uris', '-qq', '--no-install-recommends', ...names];
    const lines = (await this.apt('apt-get', args)).split('\n');
    return lines.flatMap((line) => /^'[^']*' ([^_ ]+)_/.exec(line)?.[1] ?? []);
  }

  /** Downloads packages that are not here yet; gives the path of each. */
  async download(names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return [];
    const store = join(this.folder, 'packages');
    const listed = (await this.apt('apt-get', ['download', '--print-uris', '-qq', ...names]))
      .split('\n')
      .flatMap((line) => /^'[^']*' (\S+)/.exec(line)?.[1] ?? []);
    const missing = listed.filter((file) => !existsSync(join(store, file)));
    if (missing.length > 0) {
      const incoming = join(this.folder, 'incoming');
      await rm(incoming, { recursive: true, force: true });
      await mkdir(incoming);
      await this.apt(
        'apt-get',
        ['download', '-qq', ...missing.map((file) => file.replace(/_.*/, ''))],
        incoming,
      );
      for (const file of await readdir(incoming)) await rename(join(incoming, file), join(store, file));
    }
    return listed.map((file) => join(store, file));
  }
}

/** Unpacks packages over each other into a folder; none of their scripts is run. */
export async function unpack(packages: readonly string[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const file of packages) await run('dpkg-deb', ['-x', file, folder]);
}
