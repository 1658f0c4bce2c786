import { hex, type PhysicalAddress, physical } from '../base/address.ts';
import { EvidenceFault, ForensicError, NoKernel, NoProfile } from '../base/errors.ts';
import type { LinuxParts } from '../kernel/linux/linux.ts';
import type { BindingStep } from '../plugin/document.ts';
import { parseVmcoreinfo, type Vmcoreinfo } from '../profile/vmcoreinfo.ts';
import type { Snapshot } from '../snapshot/open.ts';
import { AddressSpace } from '../translate/address-space.ts';
import { X8664Paging } from '../translate/x86-64.ts';
import { KERNEL_MAP } from './image.ts';
import { type ProfileChoice, profileOf } from './profile-of.ts';
import { endsWhereRamEnds, lengthNotes, rawLayouts } from './raw-layouts.ts';
import { scanForKernel } from './scan-for-kernel.ts';
import { type FoundVmcoreinfo, searchVmcoreinfo } from './vmcoreinfo-search.ts';

/** Where in this boot a kernel was found: the answer of each road, before anything is read through it. */
export interface Located {
  readonly vmcoreinfo: Vmcoreinfo | null;
  /** virtual − physical of the kernel image. */
  readonly delta: bigint;
  /** What KASLR added to link-time addresses. */
  readonly slide: bigint;
  readonly root: PhysicalAddress;
  readonly levels: 4 | 5;
  /** Symbols known before any table was read: what the tables are verified against. */
  readonly known: ReadonlyMap<string, bigint>;
}

/** A kernel found, verified, and how. */
export interface Bound {
  /** The snapshot as it turned out to be laid out. */
  readonly snapshot: Snapshot;
  readonly parts: LinuxParts;
  readonly located: Located;
  readonly steps: readonly BindingStep[];
  readonly confidence: 'verified' | 'likely' | 'uncertain';
  readonly notes: readonly string[];
}

/** Finds the guest's kernel in a snapshot. Every step is checked before the next is taken. @throws NoKernel */
export function bind(snapshot: Snapshot, choice: ProfileChoice): Bound {
  const steps: BindingStep[] = [];
  const attempt: Attempt = { snapshot, choice, steps, undescribed: [] };
  let candidates = 0;
  let doubtful: Bound | undefined;
  for (const found of searchVmcoreinfo(snapshot)) {
    candidates++;
    for (const layout of rawLayouts(snapshot)) {
      const bound = tryVmcoreinfo({ ...attempt, snapshot: layout }, found);
      if (bound !== undefined && endsWhereRamEnds(bound)) return withLength(bound);
      doubtful ??= bound;
      if (layout !== snapshot && layout !== doubtful?.snapshot) layout.file.close();
    }
    if (doubtful !== undefined) return withLength(doubtful);
  }
  if (candidates === 0)
    steps.push({ step: 'vmcoreinfo', outcome: 'failed', detail: 'no page begins with one' });
  for (const located of scanForKernel(snapshot, steps)) {
    const bound = tryLocated(attempt, located);
    if (bound !== undefined)
      return { ...withLength(bound), confidence: bound.confidence === 'verified' ? 'likely' : 'uncertain' };
  }
  const [undescribed] = attempt.undescribed;
  if (undescribed !== undefined) throw undescribed;
  throw new NoKernel(
    `no Linux kernel found in ${snapshot.file.path}: ${steps.map(({ step, detail }) => `${step}: ${detail}`).join('; ')}`,
  );
}

const withLength = (bound: Bound): Bound => ({ ...bound, notes: [...bound.notes, ...lengthNotes(bound)] });

/** What all roads share, and what they leave behind. */
interface Attempt {
  readonly snapshot: Snapshot;
  readonly choice: ProfileChoice;
  readonly steps: BindingStep[];
  /** Kernels that were found and that nothing describes: the better reason to give when no road leads on. */
  readonly undescribed: NoProfile[];
}

function tryVmcoreinfo(attempt: Attempt, { text, at }: FoundVmcoreinfo): Bound | undefined {
  const { steps } = attempt;
  const vmcoreinfo = parseVmcoreinfo(text);
  const where = at === null ? "the file's own note" : `page at ${hex(at)}`;
  const located = vmcoreinfo === null ? undefined : locate(vmcoreinfo);
  if (vmcoreinfo === null || located === undefined) {
    steps.push({
      step: 'vmcoreinfo',
      outcome: 'failed',
      detail: vmcoreinfo?.numbers.has('kimage_voffset')
        ? `${where} is of an AArch64 kernel (${vmcoreinfo.release}), which this version does not read`
        : `${where} lacks phys_base or swapper_pg_dir`,
    });
    return undefined;
  }
  steps.push({ step: 'vmcoreinfo', outcome: 'found', detail: `${where}: ${vmcoreinfo.release}` });
  return tryLocated(attempt, located);
}

/** What VMCOREINFO says of the place of an x86-64 kernel. */
function locate(vmcoreinfo: Vmcoreinfo): Located | undefined {
  const physBase = vmcoreinfo.numbers.get('phys_base');
  const pgd = vmcoreinfo.symbols.get('swapper_pg_dir');
  if (physBase === undefined || pgd === undefined) return undefined;
  const delta = KERNEL_MAP - physBase;
  const root = Number(pgd - delta);
  if (!Number.isSafeInteger(root) || root < 0) return undefined;
  return {
    vmcoreinfo,
    delta,
    slide: vmcoreinfo.kernelOffset,
    root: physical(root),
    levels: vmcoreinfo.numbers.get('pgtable_l5_enabled') === 1n ? 5 : 4,
    known: new Map(
      [...vmcoreinfo.symbols].map(([name, address]) => [
        name === 'swapper_pg_dir' ? 'init_top_pgt' : name,
        address,
      ]),
    ),
  };
}

/** Binds at a place, checking page tables, profile and banner on the way. Undefined, with the reason in `steps`, where a check fails. */
function tryLocated({ snapshot, choice, steps, undescribed }: Attempt, located: Located): Bound | undefined {
  const space = new AddressSpace(snapshot.memory, new X8664Paging(located.root, located.levels));
  try {
    verifyPageTables(space, located, steps);
    const profile = profileOf(snapshot, located, choice, steps);
    const parts: LinuxParts = { space, profile, slide: located.slide, origin: snapshot.origin };
    const confidence = verifyKernel(space, parts, located, steps);
    return { snapshot, parts, located, steps, confidence, notes: [] };
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
    if (error instanceof NoProfile) undescribed.push(error);
    steps.push({ step: 'binding', outcome: 'failed', detail: error.message });
    return undefined;
  }
}

/** The page tables must map the known symbols to where the image says that they are. @throws NoKernel */
function verifyPageTables(space: AddressSpace, { known, delta, root }: Located, steps: BindingStep[]): void {
  for (const [name, address] of known) {
    if (address < KERNEL_MAP || name.startsWith('kallsyms')) continue;
    let mapped: bigint;
    try {
      mapped = BigInt(space.translate(address));
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      throw new NoKernel(`page tables at ${hex(root)} do not map ${name}: ${fault.message}`);
    }
    if (mapped !== address - delta)
      throw new NoKernel(
        `page tables at ${hex(root)} map ${name} to ${hex(mapped)}, expected ${hex(address - delta)}`,
      );
  }
  steps.push({
    step: 'page tables',
    outcome: 'verified',
    detail: `${space.paging.name}, root at ${hex(root)}`,
  });
}

/** The kernel must introduce itself by the name that led here. @throws NoKernel */
function verifyKernel(
  space: AddressSpace,
  { profile, slide }: LinuxParts,
  located: Located,
  steps: BindingStep[],
): Bound['confidence'] {
  const at = (name: string) => BigInt.asUintN(64, BigInt(profile.symbols[name] ?? '0') + slide);
  const banner = textAt(space, at('linux_banner'), 512);
  const release = located.vmcoreinfo?.release ?? profile.release;
  if (!banner.startsWith(`Linux version ${release} `)) {
    throw new NoKernel(`linux_banner says "${banner.slice(0, 60)}", expected release ${release}`);
  }
  if (profile.banner !== banner)
    throw new NoKernel(`the profile is of "${profile.banner}", the kernel is "${banner}"`);
  steps.push({ step: 'banner', outcome: 'verified', detail: banner });
  const names = Buffer.from(space.readableBytes(at('init_uts_ns'), 1024)).toString('latin1');
  const uts = names.includes('Linux\0') && names.includes(`${release}\0`);
  steps.push({
    step: 'init_uts_ns',
    outcome: uts ? 'verified' : 'failed',
    detail: uts ? `release ${release}` : `does not say ${release}`,
  });
  const [commOffset] = profile.types['task_struct']?.members['comm'] ?? [0];
  const comm = textAt(space, at('init_task') + BigInt(commOffset), 16);
  const idle = comm.startsWith('swapper');
  steps.push({ step: 'init_task', outcome: idle ? 'verified' : 'failed', detail: `comm is "${comm}"` });
  if (!idle && !uts) throw new NoKernel('neither init_task nor init_uts_ns is what it should be');
  return idle && uts ? 'verified' : 'uncertain';
}

/** ASCII at a kernel address, up to NUL or newline. @throws EvidenceFault */
function textAt(space: AddressSpace, address: bigint, limit: number): string {
  return Buffer.from(space.cString(address, limit)).toString('latin1').split('\n')[0]!;
}
