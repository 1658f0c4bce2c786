/** Debian's word for an architecture. */
export type Architecture = 'amd64' | 'arm64' | 'i386';

/** What a guest is asked to do before its memory is dumped, beyond the common workload. */
export interface Guest {
  /** The name on the command line and of the guest's folder: `amd64-6.1-cloud`. */
  readonly name: string;
  readonly architecture: Architecture;
  /** The suite that has the kernel; its security suite is used too where the system has one. */
  readonly suite: string;
  /** The meta package that depends on the newest kernel of the wanted line. */
  readonly kernelPackage: string;
  /** QEMU's `-cpu`. */
  readonly cpuModel: string;
  /** The depth of the page tables that this CPU model makes the kernel choose. */
  readonly pagingLevels: 2 | 3 | 4 | 5;
  readonly cpus: number;
  readonly ramMiB: number;
  /** With QEMU's vmcoreinfo device the guest tells the host where its VMCOREINFO note is. */
  readonly vmcoreinfoDevice: boolean;
  /** More words for the kernel's command line. */
  readonly kernelArguments: readonly string[];
}

/**
 * `max` is every feature the emulator knows: AES instructions (so that OpenSSL and the kernel keep their key
 * schedules in the standard form) and LA57, which makes Debian's kernels choose five levels.
 */
const AMD64_CPU = { 4: 'max,la57=off', 5: 'max' } as const;

type Amd64Choice = Pick<Guest, 'name' | 'suite' | 'kernelPackage'> &
  Partial<Pick<Guest, 'cpus' | 'ramMiB' | 'vmcoreinfoDevice' | 'kernelArguments'>>;

/** One amd64 kernel is two guests, `NAME` with four levels and `NAME-la57` with five. */
function amd64(choice: Amd64Choice): Guest[] {
  const guest = (levels: 4 | 5): Guest => ({
    architecture: 'amd64',
    cpuModel: AMD64_CPU[levels],
    pagingLevels: levels,
    cpus: 1,
    ramMiB: 512,
    vmcoreinfoDevice: false,
    kernelArguments: [],
    ...choice,
    name: levels === 5 ? `${choice.name}-la57` : choice.name,
  });
  return [guest(4), guest(5)];
}

/** Every guest that can be made, by name. */
export const catalog: readonly Guest[] = [
  ...amd64({ name: 'amd64-6.1-cloud', suite: 'bookworm', kernelPackage: 'linux-image-cloud-amd64' }),
  ...amd64({
    name: 'amd64-6.12-cloud',
    suite: 'trixie',
    kernelPackage: 'linux-image-cloud-amd64',
    cpus: 2,
    vmcoreinfoDevice: true,
  }),
  // Debian's 5.10 leaves 5 levels off whatever the CPU can (CONFIG_X86_5LEVEL).
  ...amd64({
    name: 'amd64-5.10-cloud',
    suite: 'bullseye',
    kernelPackage: 'linux-image-cloud-amd64',
  }).slice(0, 1),
  // Debian's kernel for every machine, on two CPUs, and the one for real time, which sleeps where others spin.
  ...amd64({
    name: 'amd64-6.1-generic',
    suite: 'bookworm',
    kernelPackage: 'linux-image-amd64',
    cpus: 2,
  }).slice(0, 1),
  ...amd64({ name: 'amd64-6.1-rt', suite: 'bookworm', kernelPackage: 'linux-image-rt-amd64' }).slice(0, 1),
  // With kernel page-table isolation every process has two tables.
  ...amd64({
    name: 'amd64-6.1-cloud-pti',
    suite: 'bookworm',
    kernelPackage: 'linux-image-cloud-amd64',
    kernelArguments: ['pti=on'],
  }).slice(0, 1),
  ...amd64({ name: 'amd64-7.2-cloud', suite: 'forky', kernelPackage: 'linux-image-cloud-amd64' }),
];

/** The guests of these names, in their order; an unknown name is an error that lists the known ones. */
export function guestsNamed(names: readonly string[]): Guest[] {
  return names.map((name) => {
    const guest = catalog.find((candidate) => candidate.name === name);
    if (guest) return guest;
    throw new Error(`no guest is called ${name}; known: ${catalog.map((known) => known.name).join(', ')}`);
  });
}
