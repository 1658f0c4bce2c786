import type { SystemTruth } from '../truth.ts';

/** Where a kernel of one architecture is built to run, and what its tables are called. */
interface Build {
  /** The program's word for the architecture. */
  readonly architecture: string;
  /** Where `_stext` is without KASLR, for kernels and records that do not tell how far they were moved. */
  readonly linkedText: bigint;
  /** From the start of the image in memory, which /proc/iomem calls code, to `_stext`. */
  readonly headBytes: bigint;
  readonly rootSymbol: string;
}

/** By what `uname -m` prints. */
const BUILDS: Readonly<Record<string, Build>> = {
  // CONFIG_PHYSICAL_START above the kernel map.
  x86_64: {
    architecture: 'x86-64',
    linkedText: 0xffff_ffff_8100_0000n,
    headBytes: 0n,
    rootSymbol: 'init_top_pgt',
  },
  // CONFIG_PHYSICAL_START above CONFIG_PAGE_OFFSET.
  i686: { architecture: 'i386', linkedText: 0xc100_0000n, headBytes: 0n, rootSymbol: 'swapper_pg_dir' },
  // KIMAGE_VADDR, which has been above 2 GiB of modules since v6.5, and the first 64 KiB of the image.
  aarch64: {
    architecture: 'aarch64',
    linkedText: 0xffff_8000_8001_0000n,
    headBytes: 0x1_0000n,
    rootSymbol: 'swapper_pg_dir',
  },
};

/** Where the guest's kernel was, from what the guest says. */
export interface KernelPlace {
  readonly architecture: string;
  readonly kaslrVirtual: bigint;
  readonly kaslrPhysical: bigint;
  readonly pageTableRoot: bigint;
}

export function placeOf(system: SystemTruth): KernelPlace {
  const build = BUILDS[system.uname[4]!];
  if (build === undefined) throw new Error(`nothing is known of kernels for ${system.uname[4]}`);
  const code = BigInt(`0x${/([0-9a-f]+)-[0-9a-f]+ : Kernel code/.exec(system.iomem)?.[1] ?? '0'}`);
  // From v5.11 on arm64 counted code from `_stext`; images have always begun at a boundary of 2 MiB.
  const start = code - (code % 0x20_0000n);
  const text = symbolOf(system, '_stext');
  const offset = /^KERNELOFFSET=([0-9a-f]+)$/m.exec(system.vmcoreinfo ?? '')?.[1];
  return {
    architecture: build.architecture,
    kaslrVirtual: offset === undefined ? text - build.linkedText : BigInt(`0x${offset}`),
    kaslrPhysical: start,
    pageTableRoot: symbolOf(system, build.rootSymbol) - text + build.headBytes + start,
  };
}

/** A kernel without CONFIG_KALLSYMS_ALL names its data only in the note that it would leave to a crash dump. */
function symbolOf({ symbols, vmcoreinfo }: SystemTruth, name: string): bigint {
  const noted = new RegExp(`^SYMBOL\\(${name}\\)=([0-9a-f]+)$`, 'm').exec(vmcoreinfo ?? '')?.[1];
  return BigInt(`0x${symbols[name] ?? noted ?? '0'}`);
}
