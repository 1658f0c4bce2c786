// The pieces of a process's address space, as /proc/PID/maps lists them.
// Linux: struct vm_area_struct of include/linux/mm_types.h, fs/proc/task_mmu.c.
import { hex, type VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import { decodeText } from '../../../base/text.ts';
import type { Linux } from '../linux.ts';
import { type Piece, piecesOf } from '../memory/pieces.ts';
import { rawAreas } from '../memory/vm-areas.ts';
import type { Kernel } from '../structs.ts';
import { deviceText } from '../vfs/device-number.ts';
import { pathsOf } from '../vfs/path.ts';
import { userPath } from './open-files.ts';
import { tasks } from './processes.ts';
import type { Task } from './task.ts';

// include/linux/mm.h
const VM_READ = 1;
const VM_WRITE = 2;
const VM_EXEC = 4;
const VM_MAYSHARE = 0x80;
/** ANON_VMA_NAME_MAX_LEN of include/linux/mm_inline.h, and names of special mappings are shorter still. */
const MAXIMUM_NAME_BYTES = 80;
/** x86: enum of arch/x86/entry/vsyscall/vsyscall_64.c, NONE. */
const VSYSCALL_NONE = 2;
/** x86: bit of mm_context_t.flags (arch/x86/include/asm/mmu.h). */
const MM_CONTEXT_HAS_VSYSCALL = 1 << 1;

/** A piece of a process's address space: a line of /proc/PID/maps. */
export class Area {
  readonly task: Task;
  readonly mm: Kernel<'mm_struct'>;
  readonly raw: Kernel<'vm_area_struct'>;
  #backing: Backing | null | undefined;

  constructor(task: Task, mm: Kernel<'mm_struct'>, raw: Kernel<'vm_area_struct'>) {
    this.task = task;
    this.mm = mm;
    this.raw = raw;
  }

  /** @throws CorruptStructure where it does not lie before the end */
  get start(): VirtualAddress {
    return this.#bounds()[0];
  }
  /** The first address past it. @throws CorruptStructure where it does not lie behind the start */
  get end(): VirtualAddress {
    return this.#bounds()[1];
  }
  /** `r-xp`: read, write, execute, private or shared. */
  get flags(): string {
    const flags = Number(BigInt.asUintN(32, this.raw.vm_flags));
    return (
      (flags & VM_READ ? 'r' : '-') +
      (flags & VM_WRITE ? 'w' : '-') +
      (flags & VM_EXEC ? 'x' : '-') +
      (flags & VM_MAYSHARE ? 's' : 'p')
    );
  }
  /** Bytes into the file; 0 where there is no file. */
  get offset(): bigint {
    const { pageBytes } = this.task.kernel;
    return this.raw.vm_file === null ? 0n : BigInt.asUintN(64, this.raw.vm_pgoff * BigInt(pageBytes));
  }
  /** `fe:00`, major and minor in hex; `00:00` where there is no file. */
  get device(): string {
    return deviceText(this.#file?.inode?.i_sb.s_dev ?? 0);
  }
  /** 0 where there is no file. */
  get inodeNumber(): bigint {
    return this.#file?.inode?.i_ino ?? 0n;
  }
  /** The file, or what the kernel calls the area: `[heap]`, `[stack]`, `[vdso]`, `[anon:name]`. Null for plain memory. */
  get path(): string | null {
    const { kernel } = this.task;
    const file = this.#file;
    if (file !== null) {
      const given = this.#givenName();
      return given === null ? pathsOf(kernel).of(file.path) : `[anon_shmem:${given}]`;
    }
    const special = this.#specialName();
    if (special !== null) return special;
    const { start, end } = this;
    const { start_brk, brk, start_stack } = this.mm;
    if (start < brk && end > start_brk) return '[heap]';
    if (start <= start_stack && end >= start_stack) return '[stack]';
    const given = this.#givenName();
    return given === null ? null : `[anon:${given}]`;
  }

  /** Whether the kernel itself put it there: the vdso, the vsyscall page. @throws EvidenceFault */
  get isKernels(): boolean {
    return this.raw.vm_file === null && this.#specialName() !== null;
  }

  #bounds(): readonly [VirtualAddress, VirtualAddress] {
    const { vm_start, vm_end } = this.raw;
    if (vm_start >= vm_end) throw new CorruptStructure(`a mapping from ${hex(vm_start)} to ${hex(vm_end)}`);
    return [vm_start, vm_end];
  }

  /** What the process sees there, page by page. */
  *pieces(): Generator<Piece> {
    const { start, end } = this;
    const { userSpace } = this.task;
    const length = Number(end - start);
    if (userSpace === null) yield { at: 0, missing: length, why: 'not-present' };
    else yield* piecesOf(userSpace, start, length);
  }

  /** What /proc tells of the file: where a path of the user's own is kept, that path and its inode. Three cells ask. */
  get #file(): Backing | null {
    if (this.#backing === undefined) {
      const { vm_file: file } = this.raw;
      this.#backing = file === null ? null : backingOf(this.task.kernel, file);
    }
    return this.#backing;
  }

  /** What prctl(PR_SET_VMA_ANON_NAME) called it. */
  #givenName(): string | null {
    const { types, space } = this.task.kernel;
    const { anon_name, shared } = this.raw;
    if (anon_name === undefined || (this.raw.vm_file !== null && shared === this.#placeOfName())) return null;
    if (anon_name === null || !types.has('anon_vma_name', 'name')) return null;
    return decodeText(space.cString(anon_name.name ?? 0n, MAXIMUM_NAME_BYTES));
  }

  #placeOfName(): VirtualAddress {
    return this.raw.address + BigInt(this.task.kernel.types.offsetOf('vm_area_struct', 'anon_name'));
  }

  /** The name of an area that the kernel itself put there: vdso, vvar, the vsyscall page. */
  #specialName(): string | null {
    const { kernel } = this.task;
    const { vm_ops, vm_private_data } = this.raw;
    for (const symbol of ['special_mapping_vmops', 'legacy_special_mapping_vmops'] as const) {
      if (vm_ops === 0n || !kernel.hasSymbol(symbol) || kernel.symbol(symbol) !== vm_ops) continue;
      const { name } = kernel.at('vm_special_mapping', vm_private_data);
      return kernel.nameAt(name, MAXIMUM_NAME_BYTES);
    }
    if (kernel.hasSymbol('gate_vma') && this.raw.address === kernel.symbol('gate_vma')) return '[vsyscall]';
    return null;
  }
}

/** The file behind an area, as its user knows it. */
interface Backing {
  readonly path: Kernel<'path'>;
  readonly inode: Kernel<'inode'> | null;
}

function backingOf(kernel: Linux, file: Kernel<'file'>): Backing {
  const path = userPath(kernel, file);
  return { path, inode: path.address === file.f_path.address ? file.f_inode : path.dentry.d_inode };
}

/** Every area of a process, ascending, the vsyscall page last; none for kernel threads and zombies. */
export function* areasOf(task: Task): Generator<Area> {
  const { kernel } = task;
  const what = `mappings of ${task.label}`;
  const memory = kernel.attempt(() => task.memory, null, what);
  if (memory === null) return;
  const mm = memory.raw;
  let found = 0;
  for (const raw of kernel.untilFault(rawAreas(kernel, mm, what), what)) {
    found++;
    yield new Area(task, mm, raw);
  }
  const counted = kernel.attempt(() => mm.map_count ?? found, found, what);
  if (counted !== found) kernel.note(`${what}: the kernel counts ${counted}, and ${found} are found`);
  if (kernel.attempt(() => seesVsyscall(kernel, mm), false, 'vsyscall page')) {
    yield new Area(task, mm, kernel.at('vm_area_struct', kernel.symbol('gate_vma')));
  }
}

/** Whether /proc shows the vsyscall page to the process (arch/x86/entry/vsyscall/vsyscall_64.c, get_gate_vma). */
function seesVsyscall(kernel: Linux, mm: Kernel<'mm_struct'>): boolean {
  if (kernel.profile.architecture !== 'x86-64' || !kernel.hasSymbol('gate_vma')) return false;
  if (kernel.hasSymbol('vsyscall_mode') && kernel.u32Of('vsyscall_mode') === VSYSCALL_NONE) return false;
  const { flags, ia32_compat } = kernel.at('mm_context_t', mm.context);
  return flags === undefined ? (ia32_compat ?? 0) === 0 : (flags & MM_CONTEXT_HAS_VSYSCALL) !== 0;
}

/** Every mapping of every process. */
export function* areas(kernel: Linux): Generator<Area> {
  for (const task of tasks(kernel)) yield* areasOf(task);
}
