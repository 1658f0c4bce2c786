import type { BlockTruth, SmallFiles, Truth } from '../truth.ts';
import { type Comparison, type Expectation, type Expected, judge, kernelAddress } from './expect.ts';
import { deviceOf } from './mounts.ts';
import { linesOf, textOf } from './proc.ts';

export const lsblk: Comparison = {
  plugin: 'lsblk',
  isTold: ({ system }) => system.block !== undefined,
  *expected({ truth }) {
    for (const [name, disk] of Object.entries(truth.system.block ?? {})) {
      yield expectedDevice(name, disk.files, null, disk, truth);
      for (const [part, files] of Object.entries(disk.partitions))
        yield expectedDevice(part, files, name, { ...disk, dm: {}, loop: {}, slaves: [] }, truth);
    }
  },
  keyOf: ({ name }) => String(name),
  labelOf: ({ name, kind }) => `${String(name)} ${String(kind)}`,
};

/** Files of /sys end with a new line. */
const word = (text: string | null | undefined): string => (text ?? '').trim();

function expectedDevice(
  name: string,
  files: SmallFiles,
  parent: string | null,
  { files: own, dm, loop, slaves, holders }: BlockTruth,
  truth: Truth,
): Expected {
  const device = deviceOf(word(files['dev']));
  const above = parent === null ? holders : holdersOf(name, truth);
  const mounted = mountedFrom(device, truth);
  const backing = loop['backing_file'];
  return {
    key: name,
    label: name,
    cells: {
      name,
      device,
      kind: parent !== null ? 'part' : kindOf(name),
      size: Number(word(files['size'])) * 512,
      readOnly: word(files['ro']) === '1',
      removable: word(own['removable']) === '1',
      start: parent === null ? null : Number(word(files['start'])) * 512,
      parent,
      slaves: inAnyOrder(slaves),
      holders: inAnyOrder(above),
      backingFile: backing == null ? null : textOf(backing.replace(/\n$/, '')),
      mapperName: dm['name'] == null ? null : word(dm['name']),
      fileSystem: mounted?.type ?? null,
      mountPoint: mounted?.point ?? (isSwap(name, truth) ? '[SWAP]' : null),
      views: judge('the class of all devices', (cell) => /^class(,inode)?$|^inode$/.test(String(cell))),
      address: kernelAddress(truth, 8n),
    },
  };
}

const kindOf = (name: string): string =>
  name.startsWith('loop') ? 'loop' : name.startsWith('dm-') ? 'dm' : name.startsWith('md') ? 'md' : 'disk';

function inAnyOrder(names: readonly string[]): Expectation {
  if (names.length === 0) return null;
  const wanted = [...names].sort().join(',');
  return judge(wanted, (cell) => String(cell).split(',').sort().join(',') === wanted);
}

/** The record has what lies on whole disks; what lies on a partition says so of itself. */
const holdersOf = (name: string, { system }: Truth): string[] =>
  Object.entries(system.block ?? {})
    .filter(([, { slaves }]) => slaves.includes(name))
    .map(([holder]) => holder);

const isSwap = (name: string, { system }: Truth): boolean =>
  linesOf(system.swaps ?? '').some((line) => line.startsWith(`/dev/${name} `));

function mountedFrom(device: string, { system }: Truth): { type: string; point: string } | undefined {
  for (const line of linesOf(system.mounts)) {
    const [own = '', shared = ''] = line.split(' - ');
    const [, , number = '', root, point = ''] = own.split(' ');
    if (root === '/' && deviceOf(number) === device) return { type: shared.split(' ')[0]!, point };
  }
  return undefined;
}
