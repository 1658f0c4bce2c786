/** Debian's word for an architecture. */
export type Architecture = 'amd64' | 'arm64' | 'i386';

/** What only some guests do, because it takes long or much memory: each is a file beside the common workload. */
export type Part = 'namespaces' | 'many_threads' | 'crowd' | 'many_sockets' | 'ipv6' | 'deleted';

/** A machine that can be made: its kernel, its hardware, and what it is asked to do before its memory is dumped. */
export interface Guest {
  /** The name on the command line and of the guest's folder: `amd64-6.1-cloud`. */
  readonly name: string;
  readonly architecture: Architecture;
  /** The suite that has the kernel. */
  readonly suite: string;
  /** Whether the suite's updates for security are looked into too, where the system has them. */
  readonly updates: boolean;
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
  /** What it does beyond the common workload. */
  readonly parts: readonly Part[];
}

/** What the guests of one architecture with 64 bits have in common. */
interface Family {
  readonly architecture: Architecture;
  /** QEMU's `-cpu` for each depth of tables. */
  readonly cpuModels: Readonly<Record<4 | 5, string>>;
  /** What is put behind the name of the guest with the deeper tables. */
  readonly deeper: string;
}

/**
 * `max` is every feature the emulator knows: AES instructions (so that OpenSSL and the kernel keep their key
 * schedules in the standard form) and LA57, which makes Debian's kernels choose five levels.
 */
const amd64: Family = {
  architecture: 'amd64',
  cpuModels: { 4: 'max,la57=off', 5: 'max' },
  deeper: '-la57',
};

/**
 * `cortex-a57` addresses 48 bits. `max` also has LPA2, with which a kernel that was built for 52 bits has a fifth
 * level; its pointer authentication is an algorithm of the emulator's own, because the real one takes minutes.
 */
const arm64: Family = {
  architecture: 'arm64',
  cpuModels: { 4: 'cortex-a57', 5: 'max,pauth-impdef=on' },
  deeper: '-lva',
};

type Choice = Pick<Guest, 'name' | 'suite' | 'kernelPackage'> &
  Partial<Pick<Guest, 'cpus' | 'ramMiB' | 'vmcoreinfoDevice' | 'kernelArguments' | 'parts'>>;

/** What a guest is unless its entry says otherwise. */
const common = {
  updates: true,
  cpus: 1,
  ramMiB: 512,
  vmcoreinfoDevice: false,
  kernelArguments: [],
  parts: [],
} as const;

function guestOf({ architecture, cpuModels, deeper }: Family, levels: 4 | 5, choice: Choice): Guest {
  const name = levels === 5 ? `${choice.name}${deeper}` : choice.name;
  return { ...common, architecture, cpuModel: cpuModels[levels], pagingLevels: levels, ...choice, name };
}

/** A kernel with four levels of tables. */
const shallow = (family: Family, choice: Choice): Guest => guestOf(family, 4, choice);

/** One kernel as two guests, with four and with five levels; the second has parts of its own. */
const both = (family: Family, choice: Choice & { readonly deeperParts?: readonly Part[] }): Guest[] => {
  const { deeperParts = [], ...of } = choice;
  return [guestOf(family, 4, of), guestOf(family, 5, { ...of, parts: deeperParts })];
};

/** Every guest that can be made, by name. */
export const catalog: readonly Guest[] = [
  ...both(amd64, {
    name: 'amd64-6.1-cloud',
    suite: 'bookworm',
    kernelPackage: 'linux-image-cloud-amd64',
    deeperParts: ['namespaces'],
  }),
  ...both(amd64, {
    name: 'amd64-6.12-cloud',
    suite: 'trixie',
    kernelPackage: 'linux-image-cloud-amd64',
    cpus: 2,
    vmcoreinfoDevice: true,
    parts: ['ipv6'],
    deeperParts: ['deleted'],
  }),
  // Debian's 5.10 leaves 5 levels off whatever the CPU can (CONFIG_X86_5LEVEL).
  shallow(amd64, {
    name: 'amd64-5.10-cloud',
    suite: 'bullseye',
    kernelPackage: 'linux-image-cloud-amd64',
    parts: ['namespaces', 'many_threads'],
  }),
  // Debian's kernel for every machine, on two CPUs, and the one for real time, which sleeps where others spin.
  shallow(amd64, {
    name: 'amd64-6.1-generic',
    suite: 'bookworm',
    kernelPackage: 'linux-image-amd64',
    cpus: 2,
    ramMiB: 1024,
    parts: ['many_sockets'],
  }),
  shallow(amd64, {
    name: 'amd64-6.1-rt',
    suite: 'bookworm',
    kernelPackage: 'linux-image-rt-amd64',
    parts: ['many_threads'],
  }),
  // With kernel page-table isolation every process has two tables.
  shallow(amd64, {
    name: 'amd64-6.1-cloud-pti',
    suite: 'bookworm',
    kernelPackage: 'linux-image-cloud-amd64',
    kernelArguments: ['pti=on'],
    ramMiB: 1024,
    parts: ['crowd'],
  }),
  ...both(amd64, {
    name: 'amd64-7.2-cloud',
    suite: 'forky',
    kernelPackage: 'linux-image-cloud-amd64',
    parts: ['namespaces', 'deleted'],
    deeperParts: ['ipv6', 'many_threads'],
  }),
  // Debian's older kernels for this architecture list functions only: no CONFIG_KALLSYMS_ALL.
  shallow(arm64, {
    name: 'arm64-5.10-cloud',
    suite: 'bullseye',
    kernelPackage: 'linux-image-cloud-arm64',
    parts: ['namespaces', 'ipv6', 'deleted'],
  }),
  shallow(arm64, {
    name: 'arm64-6.1-cloud',
    suite: 'bookworm',
    kernelPackage: 'linux-image-cloud-arm64',
    parts: ['namespaces', 'many_sockets'],
  }),
  ...both(arm64, {
    name: 'arm64-6.12-cloud',
    suite: 'trixie',
    kernelPackage: 'linux-image-cloud-arm64',
    parts: ['namespaces'],
    deeperParts: ['ipv6', 'deleted'],
  }),
  ...both(arm64, {
    name: 'arm64-7.2-cloud',
    suite: 'forky',
    kernelPackage: 'linux-image-cloud-arm64',
    parts: ['many_threads'],
    deeperParts: ['namespaces'],
  }),
  // 32 bits with PAE: memory above 896 MiB is not always mapped, so there must be some. This kernel does not describe
  // itself: it must be the one that `profiles/` has, and the release's own does not change any more.
  {
    ...common,
    name: 'i386-5.10-pae',
    architecture: 'i386',
    suite: 'bullseye',
    updates: false,
    kernelPackage: 'linux-image-686-pae',
    cpuModel: 'max',
    pagingLevels: 3,
    ramMiB: 1536,
    parts: ['ipv6', 'deleted'],
  },
];

/** The guests of these names, in their order; an unknown name is an error that lists the known ones. */
export function guestsNamed(names: readonly string[]): Guest[] {
  return names.map((name) => {
    const guest = catalog.find((candidate) => candidate.name === name);
    if (guest) return guest;
    throw new Error(`no guest is called ${name}; known: ${catalog.map((known) => known.name).join(', ')}`);
  });
}
