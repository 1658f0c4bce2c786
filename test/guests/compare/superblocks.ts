import type { Truth } from '../truth.ts';
import { type Comparison, judge, oneOf, someNumber, textOrNone } from './expect.ts';
import { deviceOf, mountinfosOf } from './mounts.ts';
import { linesOf } from './proc.ts';

export const superblocks: Comparison = {
  plugin: 'superblocks',
  *expected({ truth }) {
    for (const [device, type] of mountedDevices(truth))
      yield {
        key: device,
        label: `file system ${device} of type ${type}`,
        cells: {
          device,
          type,
          id: textOrNone,
          uuid: textOrNone,
          magic: MAGIC[type] ?? someNumber,
          blockSize: someNumber,
          options: oneOf('rw', 'ro'),
          mounts: judge('one at least', (cell) => Number(cell) >= 1),
          superBlock: judge('an address', (cell) => typeof cell === 'bigint'),
        },
      };
  },
  keyOf: ({ device }) => String(device),
  labelOf: ({ device, type }) => `file system ${String(device)} of type ${String(type)}`,
  // Of what the kernel keeps for itself, and of what is mounted out of sight, nothing in /proc tells.
  mayBeInvented: ({ device }, { truth }) =>
    mountedDevices(truth).has(String(device)) ? undefined : 'fileSystemOutOfSight',
};

/** The numbers that statfs(2) tells: include/uapi/linux/magic.h. */
const MAGIC: Readonly<Record<string, number>> = {
  ext4: 0xef53,
  tmpfs: 0x0102_1994,
  proc: 0x9fa0,
  sysfs: 0x6265_6572,
  overlay: 0x794c_7630,
  nsfs: 0x6e73_6673,
};

/** Device, in the words of /proc/PID/maps → type. */
function mountedDevices(truth: Truth): Map<string, string> {
  const found = new Map<string, string>();
  for (const mountinfo of mountinfosOf(truth).values()) {
    for (const line of linesOf(mountinfo)) {
      const [own = '', shared = ''] = line.split(' - ');
      found.set(deviceOf(own.split(' ')[2]!), shared.split(' ')[0]!);
    }
  }
  return found;
}
