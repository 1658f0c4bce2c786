// The memory of a process: its page tables, its size, its program, its arguments.
// Linux: struct mm_struct of include/linux/mm_types.h, fs/proc/base.c.
import { hex, physical, type VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import { decodeText } from '../../../base/text.ts';
import type { AddressSpace } from '../../../translate/address-space.ts';
import type { Linux } from '../linux.ts';
import { cpusOf } from '../machine/cpus.ts';
import type { Kernel } from '../structs.ts';
import { pathsOf } from '../vfs/path.ts';
import type { EnvironmentString } from './environment-string.ts';
import { UserPages } from './user-pages.ts';

/** Of what snapshots have and lack. */
const PAGE_BYTES = 4096;
/** Arguments and environment may have three quarters of _STK_LIM, 8 MiB, at most (fs/exec.c). */
export const MAXIMUM_ARGUMENT_BYTES = 6 << 20;

/** The memory of a process: its page tables, its size, the words it was started with. */
export class ProcessMemory {
  readonly raw: Kernel<'mm_struct'>;
  readonly kernel: Linux;
  readonly #remembers: (letters: number) => void;
  #space: AddressSpace | undefined;
  #commandLine: string | undefined;
  #environment: readonly EnvironmentString[] | undefined;

  /** @param remembers is told how many letters it keeps from now on */
  constructor(raw: Kernel<'mm_struct'>, kernel: Linux, remembers: (letters: number) => void) {
    this.raw = raw;
    this.kernel = kernel;
    this.#remembers = remembers;
  }

  /**
   * Virtual memory as the process sees it, the kernel's half included. Pages that its tables do not map are taken from the
   * page cache and the swap cache. @throws EvidenceFault
   */
  get space(): AddressSpace {
    const { space } = this.kernel;
    this.#space ??= space.withRoot(
      physical(space.translate(this.raw.pgd)),
      new UserPages(this.kernel, this.raw),
    );
    return this.#space;
  }

  /**
   * Pages in RAM, in KiB: VmRSS of /proc/PID/status. Exact where the kernel keeps its counters for each CPU;
   * what older kernels print lacks the few pages that each thread counts for itself. @throws EvidenceFault
   */
  get residentKiB(): number {
    const { kernel } = this;
    let pages = 0;
    for (const kind of ['MM_FILEPAGES', 'MM_ANONPAGES', 'MM_SHMEMPAGES'] as const) {
      pages += Math.max(0, this.#pagesOf(kernel.enumerator(kind)));
    }
    return (pages * kernel.pageBytes) / 1024;
  }

  #pagesOf(kind: number): number {
    const { kernel, raw } = this;
    const { types } = kernel;
    if (types.has('mm_rss_stat', 'count')) {
      const at = raw.rss_stat + BigInt(types.offsetOf('mm_rss_stat', 'count') + kind * types.pointerBytes);
      return Number(BigInt.asIntN(8 * types.pointerBytes, kernel.pointerAt(at)));
    }
    const counter = kernel.at('percpu_counter', raw.rss_stat + BigInt(kind * types.sizeOf('percpu_counter')));
    const cpus = cpusOf(kernel);
    let pages = Number(counter.count);
    for (const cpu of cpus.online) pages += kernel.u32At(cpus.perCpu(counter.counters, cpu)) | 0;
    return pages;
  }

  /**
   * The file that it runs, as `readlink /proc/PID/exe` names it for a process in the initial root (fs/proc/base.c,
   * proc_exe_link); null where the kernel keeps none. @throws EvidenceFault
   */
  get executable(): string | null {
    const { exe_file: file } = this.raw;
    return file === null ? null : pathsOf(this.kernel).of(file.f_path);
  }

  /**
   * The command line as ps shows it, arguments joined by spaces. Follows what /proc/PID/cmdline does
   * (fs/proc/base.c, get_mm_cmdline): a process that has overwritten the end of its arguments has given itself a
   * title, which ends at its first NUL and may run on into the environment. @throws EvidenceFault
   */
  get commandLine(): string {
    if (this.#commandLine === undefined) {
      this.#commandLine = this.#readCommandLine();
      this.#remembers(this.#commandLine.length);
    }
    return this.#commandLine;
  }

  /** The strings of the environment, once somebody has read them all. */
  get environment(): readonly EnvironmentString[] | undefined {
    return this.#environment;
  }
  set environment(strings: readonly EnvironmentString[]) {
    this.#environment = strings;
    this.#remembers(strings.reduce((sum, { letters }) => sum + letters, 0));
  }

  #readCommandLine(): string {
    const { arg_start, arg_end, env_start, env_end } = this.raw;
    if (env_end === 0n) return '';
    // The kernel keeps them in order (kernel/sys.c, validate_prctl_map_addr).
    if (arg_start > arg_end)
      throw new CorruptStructure(`arguments from ${hex(arg_start)} to ${hex(arg_end)}`);
    if (arg_start === arg_end) return '';
    const args = this.space.bytes(arg_start, boundedLength(arg_start, arg_end, 'command line'));
    const blank = blankPageIn(this.space, arg_start, args);
    if (blank !== undefined) throw new CorruptStructure(`the page at ${hex(blank)} holds nothing but zeros`);
    if (args.at(-1) === 0) return joined(args);
    const end = env_start === arg_end && env_end >= env_start ? env_end : arg_end;
    // A title that a process gave itself is read up to one page (get_mm_proctitle).
    const { pageBytes } = this.kernel;
    const limit = end - arg_start < pageBytes ? Number(end - arg_start) : pageBytes;
    return joined(this.space.cString(arg_start, limit));
  }
}

/**
 * The first page around `bytes`, which stand at `start`, that holds nothing but zeros, beside the bytes too: above the
 * words of a process the kernel writes more of them, so such a page was not copied.
 */
export function blankPageIn(
  space: AddressSpace,
  start: bigint,
  bytes: Uint8Array,
): VirtualAddress | undefined {
  for (let from = 0; from < bytes.length; ) {
    const at = start + BigInt(from);
    const to = from + PAGE_BYTES - Number(at % BigInt(PAGE_BYTES));
    const isZero = bytes[from] === 0 && bytes.subarray(from, to).every((byte) => byte === 0);
    if (isZero && space.isBlankAt(at)) return at;
    from = to;
  }
  return undefined;
}

/** Bytes from `start` to `end`. @throws CorruptStructure where no kernel would have allowed so many */
function boundedLength(start: bigint, end: bigint, what: string): number {
  const length = end - start;
  if (length > MAXIMUM_ARGUMENT_BYTES)
    throw new CorruptStructure(`${what} of ${length} bytes is implausible`);
  return Number(length);
}

/** Strings, each ended by a NUL, as one text with spaces between; NULs at the end are dropped. */
function joined(bytes: Uint8Array): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return decodeText(bytes.subarray(0, end).map((byte) => (byte === 0 ? 0x20 : byte)));
}
