// The flags that a file was opened with, in words.
// Linux: include/uapi/asm-generic/fcntl.h, and the numbers of other architectures.
import type { Architecture } from '../../../profile/profile.ts';

type Flags = readonly (readonly [bits: number, name: string])[];

/** The four bits that kinds of CPU number differently. */
interface OwnBits {
  readonly direct: number;
  readonly largeFile: number;
  readonly directory: number;
  readonly noFollow: number;
}

/** Bits of f_flags by name (include/uapi/asm-generic/fcntl.h); what holds another's bit comes before it. */
const flagsWith = ({ direct, largeFile, directory, noFollow }: OwnBits): Flags => [
  [0o4010000, 'O_SYNC'],
  [0o100, 'O_CREAT'],
  [0o200, 'O_EXCL'],
  [0o400, 'O_NOCTTY'],
  [0o1000, 'O_TRUNC'],
  [0o2000, 'O_APPEND'],
  [0o4000, 'O_NONBLOCK'],
  [0o10000, 'O_DSYNC'],
  [0o20000, 'O_ASYNC'],
  [direct, 'O_DIRECT'],
  [largeFile, 'O_LARGEFILE'],
  [0o20000000 | directory, 'O_TMPFILE'],
  [directory, 'O_DIRECTORY'],
  [noFollow, 'O_NOFOLLOW'],
  [0o1000000, 'O_NOATIME'],
  [0o2000000, 'O_CLOEXEC'],
  [0o10000000, 'O_PATH'],
];

const GENERIC = flagsWith({ direct: 0o40000, largeFile: 0o100000, directory: 0o200000, noFollow: 0o400000 });

const FLAGS: Readonly<Record<Architecture, Flags>> = {
  'x86-64': GENERIC,
  i386: GENERIC,
  // arch/arm64/include/uapi/asm/fcntl.h
  aarch64: flagsWith({ direct: 0o200000, largeFile: 0o400000, directory: 0o40000, noFollow: 0o100000 }),
};

const ACCESS = ['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_ACCMODE'] as const;

/** The flags of an open file as open(2) writes them: `O_RDWR|O_APPEND`. Bits without a name are in octal at the end. */
export function openFlags(flags: number, architecture: Architecture): string {
  const words: string[] = [ACCESS[flags & 3]!];
  let rest = flags & ~3;
  for (const [bits, name] of FLAGS[architecture]) {
    if ((rest & bits) !== bits) continue;
    words.push(name);
    rest &= ~bits;
  }
  if (rest !== 0) words.push(`0${(rest >>> 0).toString(8)}`);
  return words.join('|');
}
