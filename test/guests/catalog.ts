/** Debian's word for an architecture. */
export type Architecture = 'amd64' | 'arm64' | 'i386';

/** What only some guests do, because it takes long or much memory: each is a file beside the common workload. */
export type Part =
  | 'namespaces'
  | 'many_threads'
  | 'crowd'
  | 'many_sockets'
  | 'odd_sockets'
  | 'ipv6'
  | 'deleted';

/** How a PC differs from one with a single piece of RAM, the usual hole, and as many CPUs as there may be. */
export interface Shape {
  /** NUMA nodes, which have equal parts of RAM and CPUs. With more than one, kernels map their large tables page by page. */
  readonly nodes?: number;
  /** MiB of RAM below the hole that ends at 4 GiB; q35's own choice is 2,048. */
  readonly belowHoleMiB?: number;
  /** CPUs that there may be: for each the kernel keeps per-CPU memory, whether it is there or not. */
  readonly possibleCpus?: number;
  /** MiB that are added while it runs, before it plays its workload. */
  readonly addedMiB?: number;
}

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
  /** The page tables that this CPU model makes the kernel choose, in the words of `info`: `4 levels`. */
  readonly paging: string;
  readonly cpus: number;
  readonly ramMiB: number;
  readonly shape: Shape;
  /** With QEMU's vmcoreinfo device the guest tells the host where its VMCOREINFO note is. */
  readonly vmcoreinfoDevice: boolean;
  /** More words for the kernel's command line. */
  readonly kernelArguments: readonly string[];
  /** What it does beyond the common workload. */
  readonly parts: readonly Part[];
}

/** A CPU, and the page tables that kernels choose on it. */
type Tables = Pick<Guest, 'cpuModel' | 'paging'>;

/** What guests of one architecture and size of pages have in common. */
interface Family {
  readonly architecture: Architecture;
  readonly shallow: Tables;
  /** With a level more. */
  readonly deep: Tables;
  /** What is put behind the name of the guest with the deeper tables. */
  readonly deeper: string;
}

/**
 * `max` is every feature the emulator knows: AES instructions (so that OpenSSL and the kernel keep their key
 * schedules in the standard form) and LA57, which makes Debian's kernels choose five levels.
 */
const amd64: Family = {
  architecture: 'amd64',
  shallow: { cpuModel: 'max,la57=off', paging: '4 levels' },
  deep: { cpuModel: 'max', paging: '5 levels' },
  deeper: '-la57',
};

/** Its pointer authentication is an algorithm of the emulator's own, because the real one takes minutes. */
const ARM_MAX = 'max,pauth-impdef=on';

/**
 * `cortex-a57` addresses 48 bits. `max` also has LPA2, with which a kernel that was built for 52 bits has a level more.
 */
const arm64: Family = {
  architecture: 'arm64',
  shallow: { cpuModel: 'cortex-a57', paging: '4 levels, 4 KiB pages, 48 bits' },
  deep: { cpuModel: ARM_MAX, paging: '5 levels, 4 KiB pages, 52 bits' },
  deeper: '-lva',
};

/** Not every CPU has pages of 16 KiB. Without LPA2 Debian's kernel for them contents itself with 47 of its 52 bits. */
const arm64With16KiB: Family = {
  architecture: 'arm64',
  shallow: { cpuModel: 'neoverse-n1', paging: '3 levels, 16 KiB pages, 47 bits' },
  deep: { cpuModel: ARM_MAX, paging: '4 levels, 16 KiB pages, 52 bits' },
  deeper: '-lva',
};

type Choice = Pick<Guest, 'name' | 'suite' | 'kernelPackage'> &
  Partial<Pick<Guest, 'cpus' | 'ramMiB' | 'shape' | 'vmcoreinfoDevice' | 'kernelArguments' | 'parts'>>;

/** What a guest is unless its entry says otherwise. */
const common = {
  updates: true,
  cpus: 1,
  ramMiB: 512,
  shape: {},
  vmcoreinfoDevice: false,
  kernelArguments: [],
  parts: [],
} as const;

/** A kernel with the fewer levels of tables. */
const shallow = ({ architecture, shallow: tables }: Family, choice: Choice): Guest => ({
  ...{ ...common, architecture, ...tables, ...choice },
});

/** One kernel as two guests, with fewer and with more levels; the second has parts of its own. */
const both = (family: Family, choice: Choice & { readonly deeperParts?: readonly Part[] }): Guest[] => {
  const { deeperParts = [], ...of } = choice;
  const { architecture, deep, deeper } = family;
  return [
    shallow(family, of),
    { ...common, architecture, ...deep, ...of, name: `${of.name}${deeper}`, parts: deeperParts },
  ];
};

/** What the guests with 32 bits have in common. */
const i386 = { architecture: 'i386', suite: 'bullseye', updates: false, cpuModel: 'max' } as const;

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
  // Four CPUs, and so much memory that a PC has it on both sides of the hole below 4 GiB.
  shallow(amd64, {
    name: 'amd64-6.12-generic',
    suite: 'trixie',
    kernelPackage: 'linux-image-amd64',
    cpus: 4,
    ramMiB: 3072,
    parts: ['many_threads'],
  }),
  // Machines of other shapes: two NUMA nodes, a hole elsewhere, more CPUs than there are, and memory that is added.
  shallow(amd64, {
    name: 'amd64-6.12-generic-numa',
    suite: 'trixie',
    kernelPackage: 'linux-image-amd64',
    cpus: 2,
    ramMiB: 1024,
    shape: { nodes: 2 },
    parts: ['odd_sockets'],
  }),
  shallow(amd64, {
    name: 'amd64-6.12-cloud-cpus',
    suite: 'trixie',
    kernelPackage: 'linux-image-cloud-amd64',
    cpus: 2,
    shape: { possibleCpus: 64 },
    parts: ['namespaces'],
  }),
  shallow(amd64, {
    name: 'amd64-6.1-cloud-hole',
    suite: 'bookworm',
    kernelPackage: 'linux-image-cloud-amd64',
    ramMiB: 1536,
    shape: { belowHoleMiB: 1024 },
    parts: ['odd_sockets'],
  }),
  shallow(amd64, {
    name: 'amd64-6.1-generic-added',
    suite: 'bookworm',
    kernelPackage: 'linux-image-amd64',
    shape: { addedMiB: 512 },
    kernelArguments: ['memhp_default_state=online'],
    parts: ['odd_sockets'],
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
  ...both(arm64With16KiB, {
    name: 'arm64-6.12-16k',
    suite: 'trixie',
    kernelPackage: 'linux-image-arm64-16k',
    cpus: 2,
    parts: ['namespaces'],
    deeperParts: ['deleted'],
  }),
  ...both(arm64, {
    name: 'arm64-7.2-cloud',
    suite: 'forky',
    kernelPackage: 'linux-image-cloud-arm64',
    parts: ['many_threads'],
    deeperParts: ['namespaces'],
  }),
  // 32 bits, with PAE and without: memory above 896 MiB is not always mapped, so there must be some. These kernels do
  // not describe themselves: they must be those that `profiles/` has, and the release's own do not change any more.
  {
    ...{ ...common, ...i386, name: 'i386-5.10-pae', kernelPackage: 'linux-image-686-pae' },
    paging: '3 levels, PAE',
    ramMiB: 1536,
    parts: ['ipv6', 'deleted'],
  },
  {
    ...{ ...common, ...i386, name: 'i386-5.10', kernelPackage: 'linux-image-686' },
    paging: '2 levels',
    ramMiB: 1024,
    parts: ['namespaces', 'many_threads'],
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
