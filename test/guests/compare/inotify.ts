import type { FileTruth, ProcessTruth, Truth } from '../truth.ts';
import { type Comparison, type Expectation, type Expected, judge, kernelAddress } from './expect.ts';
import { linesOf, textOf } from './proc.ts';

export const inotify: Comparison = {
  plugin: 'inotify',
  *expected({ truth }) {
    for (const process of truth.processes) {
      for (const file of process.files) {
        const kind = KINDS[file.link];
        if (kind !== undefined) yield* expectedOf(process, file, kind, truth);
      }
    }
  },
  keyOf: ({ pid, fd, target, device, inode, mount }) => keyOf(pid, fd, target, device, inode, mount),
  labelOf: ({ pid, fd, kind, path }) =>
    `pid ${String(pid)} fd ${String(fd)} ${String(kind)} ${JSON.stringify(path)}`,
};

const KINDS: Readonly<Record<string, string>> = {
  'anon_inode:inotify': 'inotify',
  'anon_inode:[fanotify]': 'fanotify',
};
const keyOf = (...parts: readonly unknown[]): string => parts.map(String).join(' ');
const hex = (word: string | undefined): number => Number.parseInt(word ?? '0', 16);

/** The lines of fdinfo; one of nothing where there is none. */
function* expectedOf(
  { pid, comm }: ProcessTruth,
  { fd, fdinfo }: FileTruth,
  kind: string,
  truth: Truth,
): Generator<Expected> {
  const marks = linesOf(fdinfo)
    .filter((line) => line.startsWith(`${kind} `) && line.includes(' mask:'))
    .map((line) =>
      Object.fromEntries(
        line
          .split(' ')
          .slice(1)
          .map((word) => word.split(':') as [string, string]),
      ),
    );
  const name = textOf(comm.replace(/\n$/, ''));
  const all = { pid, process: name, fd, kind, instance: kernelAddress(truth, 8n) };
  if (marks.length === 0) {
    const none = {
      watch: null,
      target: null,
      path: null,
      events: null,
      ignored: null,
      device: null,
      inode: null,
    };
    yield {
      key: keyOf(pid, fd, null, null, null, null),
      label: `pid ${pid} fd ${fd} without watches`,
      cells: { ...all, ...none, mount: null, address: null },
    };
  }
  for (const { wd, ino, sdev, mnt_id, mask, ignored_mask } of marks) {
    const target = ino !== undefined ? 'file' : mnt_id !== undefined ? 'mount' : 'filesystem';
    const inode = ino === undefined ? null : hex(ino);
    const mount = mnt_id === undefined ? null : hex(mnt_id);
    const device = sdev === undefined ? mounted(truth, mount!).device : deviceOf(hex(sdev));
    yield {
      key: keyOf(pid, fd, target, device, inode, mount),
      label: `pid ${pid} fd ${fd} ${kind} on ${target} ${device} ${inode ?? mount}`,
      cells: {
        ...{ ...all, target, device, inode, mount },
        watch: wd === undefined ? null : hex(wd),
        path: target === 'mount' ? mounted(truth, mount!).point : pathOf(device, inode, truth),
        events: words(hex(mask)),
        ignored: hex(ignored_mask) === 0 ? null : words(hex(ignored_mask)),
        address: kernelAddress(truth, 8n),
      },
    };
  }
}

const deviceOf = (dev: number): string =>
  [dev >>> 20, dev & 0xf_ffff].map((part) => part.toString(16).padStart(2, '0')).join(':');

/** The words of inotify(7): the bits that the workload asks for. */
const WORDS: Readonly<Record<number, string>> = {
  ...{ 1: 'access', 2: 'modify', 4: 'attrib', 8: 'close_write', 16: 'close_nowrite', 32: 'open' },
  ...{ 64: 'moved_from', 128: 'moved_to', 256: 'create', 512: 'delete', 1024: 'delete_self' },
  ...{ 2048: 'move_self', 65536: 'open_perm', 67108864: 'excl_unlink' },
};
const words = (mask: number): string | null =>
  Object.entries(WORDS)
    .filter(([bit]) => (mask & Number(bit)) !== 0)
    .map(([, word]) => word)
    .join(',') || null;

/** `id parent major:minor root point …` of any process that sees the mount. */
function mounted({ processes }: Truth, id: number): { readonly device: string; readonly point: string } {
  for (const { mountinfo } of processes)
    for (const line of linesOf(mountinfo ?? '')) {
      const [own, , device, , point] = line.split(' ');
      if (Number(own) !== id) continue;
      const [major, minor] = device!.split(':').map((part) => Number(part).toString(16).padStart(2, '0'));
      return { device: `${major}:${minor}`, point: point! };
    }
  throw new Error(`no process sees mount ${id}`);
}

/** What the workload watches; the record has no path of them. */
const WATCHED =
  /^(\/tmp|\/etc\/(passwd|group)|\/root|\/run\/tree|\/tmp\/watched\/(odd \\xff\\x0aname|odd \\xff\nname|file|gone \(deleted\))|\/sys|\/dev\/null)$/;

/** Where a file system is mounted, or what of it is known by its number. */
function pathOf(device: string, inode: number | null, truth: Truth): Expectation {
  if (inode !== null) return judge('what the workload watches', (cell) => WATCHED.test(String(cell)));
  for (const { mountinfo } of truth.processes)
    for (const line of linesOf(mountinfo ?? '')) {
      const [, , number = '', root, point] = line.split(' ');
      const own = number.split(':').map((part) => Number(part).toString(16).padStart(2, '0'));
      if (root === '/' && own.join(':') === device) return point!;
    }
  return null;
}
