// Which kernel the CPUs ran on, told by the registers that a dumper saved: a guest can write any page, but page tables
// that no CPU walks are not those of the kernel that runs.
import { hex, highWord, isKernelAddress, lowWord, physical } from '../../base/address.ts';
import { EvidenceFault, NotInSnapshot } from '../../base/errors.ts';
import type { Linux } from '../../kernel/linux/linux.ts';
import { machineOf } from '../../kernel/linux/machine/machine.ts';
import type { PhysicalMemory } from '../../memory/physical.ts';
import { pointerBytesOf } from '../../profile/profile.ts';
import type { CpuState } from '../../snapshot/format.ts';
import type { Paging } from '../../translate/paging.ts';
import type { Located } from './kernel-location.ts';

/** The numbers of the CPUs that ran on one kernel, on something else, and of those whose registers do not tell. */
export interface CpusOf {
  readonly here: readonly number[];
  readonly elsewhere: readonly number[];
  readonly unknown: readonly number[];
}

/** What of CR3 is an address: without flags, process-context number and what is reserved (Intel SDM vol. 3A, 2.5). */
const CR3_ADDRESS = 0x000f_ffff_ffff_f000n;
/** With PAE the top table has four entries and is aligned to 32 bytes (Intel SDM vol. 3A, 4.4.1). */
const CR3_ADDRESS_PAE = 0xffff_ffe0n;
/**
 * With page-table isolation each process has two top tables side by side, and this bit tells the one that is in use in
 * user mode, which maps next to nothing of the kernel (arch/x86/include/asm/pgtable.h, PTI_PGTABLE_SWITCH_BIT).
 */
const ISOLATION_BIT = 0x1000n;
/** So many symbols of the image are asked for: page tables that map them rightly are the kernel's or a process's. */
const MOST_SYMBOLS = 16;

/** Which of the CPUs ran on the kernel at this place. */
export function cpusOf(memory: PhysicalMemory, located: Located, cpus: readonly CpuState[]): CpusOf {
  const of = { here: [] as number[], elsewhere: [] as number[], unknown: [] as number[] };
  // A reset leaves every CPU without page tables; one that is not started yet has none either.
  if (cpus.length > 0 && cpus.every(({ cr3 }) => cr3 === 0n)) return { ...of, elsewhere: [...cpus.keys()] };
  for (const [number, cpu] of cpus.entries()) of[whereIs(memory, located, cpu)].push(number);
  return of;
}

function whereIs(memory: PhysicalMemory, located: Located, cpu: CpuState): keyof CpusOf {
  if (located.architecture === 'aarch64' || cpu.cr3 === null) return byPointers(memory, located, cpu);
  if (cpu.cr3 === 0n) return 'unknown';
  const root = cpu.cr3 & (located.architecture === 'i386' ? CR3_ADDRESS_PAE : CR3_ADDRESS);
  const verdict = byTables(memory, located, root);
  const isInUserMode = verdict === 'unmapped' && (root & ISOLATION_BIT) !== 0n;
  const whole = isInUserMode ? byTables(memory, located, root ^ ISOLATION_BIT) : verdict;
  return whole === 'unmapped' ? 'elsewhere' : whole;
}

/**
 * Whether these tables map the image as the kernel's own do: every process's share what maps the kernel. Its top table is
 * one of the symbols, so that tables beside the kernel's own, however like them, are found to be others.
 */
function byTables(
  memory: PhysicalMemory,
  { known, delta, paging }: Located,
  root: bigint,
): keyof CpusOf | 'unmapped' {
  const tables = paging.withRoot(physical(Number(root)));
  if (!memory.has(tables.root)) return 'unknown';
  let [isMapped, isLost] = [false, false];
  for (const address of symbolsOf(known)) {
    const at = placeIn(memory, tables, address);
    if (at === 'lost') isLost = true;
    if (typeof at === 'string') continue;
    if (at !== Number(BigInt.asUintN(64, address - delta))) return 'elsewhere';
    isMapped = true;
  }
  return isMapped ? 'here' : isLost ? 'unknown' : 'unmapped';
}

/** Where tables map an address; `nowhere`, or `lost` where a table of the walk is missing. */
function placeIn(memory: PhysicalMemory, tables: Paging, address: bigint): number | 'nowhere' | 'lost' {
  try {
    return tables.walk(memory, highWord(address), lowWord(address)) + Number(address & 0xfffn);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return fault instanceof NotInSnapshot ? 'lost' : 'nowhere';
  }
}

/** The known symbols, the top table's before all others. */
const symbolsOf = (known: Located['known']): bigint[] => {
  const tops = ['init_top_pgt', 'swapper_pg_dir'].flatMap((name) => known.get(name) ?? []);
  return [...tops, ...known.values()].slice(0, MOST_SYMBOLS);
};

/**
 * By where a CPU was and had its stack, for dumps that save no page tables: both are the kernel's only where its tables
 * map them. In user mode they are a process's, and tell nothing.
 */
function byPointers(
  memory: PhysicalMemory,
  { architecture, paging }: Located,
  { instruction, stack }: CpuState,
): keyof CpusOf {
  const bytes = pointerBytesOf(architecture);
  if (instruction === null || stack === null) return 'unknown';
  if (!isKernelAddress(instruction, bytes) || !isKernelAddress(stack, bytes)) return 'unknown';
  const places = [instruction, stack].map((address) => placeIn(memory, paging, address));
  if (places.includes('nowhere')) return 'elsewhere';
  return places.includes('lost') ? 'unknown' : 'here';
}

/**
 * What the other registers of CPUs that ran on a kernel contradict, as sentences: page tables can be copied, and a table
 * of interrupts can be put in the place of the kernel's own. Only of a kernel that is up: while it starts, and while it
 * goes down, it has others for a moment.
 */
export function registerContradictions(
  kernel: Linux,
  { architecture, delta }: Located,
  cpus: readonly CpuState[],
  here: readonly number[],
): string[] {
  const perCpu = architecture === 'x86-64' ? perCpuBases(kernel) : null;
  const idt = kernel.hasSymbol('idt_table')
    ? Number(BigInt.asUintN(64, kernel.symbol('idt_table') - delta))
    : null;
  return here.flatMap((number) => {
    const cpu = cpus[number]!;
    if (!savesMore(cpu)) return [];
    const at = cpu.idt === null || cpu.idt === 0n ? null : placeOfIdt(kernel, cpu.idt);
    const isForeign = idt !== null && at !== null && at !== idt;
    const lacksArea = perCpu !== null && perCpu.size > 0 && hasNoneOf(cpu, perCpu);
    return [
      ...(isForeign
        ? [
            `${cpuNames([number])} takes interrupts by a table at ${hex(at)}, and the kernel's is at ${hex(idt)}`,
          ]
        : []),
      ...(lacksArea
        ? [`GS of ${cpuNames([number])} (${cpu.gs.map(hex).join(', ')}) leads to no CPU's own variables`]
        : []),
    ];
  });
}

/** Whether the dumper saved more than what tells whose page tables a CPU walks: then not all of it is 0. */
export const savesMore = ({ idt, gs }: CpuState): boolean =>
  (idt !== null && idt !== 0n) || gs.some((base) => base !== 0n);

/** Where each CPU has its own variables: since v2.6.30 GS holds just that (arch/x86/kernel/cpu/common.c, load_percpu_segment). Null where it cannot be read. */
function perCpuBases(kernel: Linux): ReadonlySet<bigint> | null {
  if (!kernel.hasSymbol('__per_cpu_offset')) return null;
  try {
    const { cpus } = machineOf(kernel);
    return new Set(cpus.possible.map((cpu) => cpus.perCpu(0n, cpu)));
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return null;
  }
}

/** In user mode GS is the program's, and SWAPGS brings the kernel's: of a dumper that does not save that, only a CPU in the kernel tells. */
const hasNoneOf = ({ gs, instruction }: CpuState, bases: ReadonlySet<bigint>): boolean =>
  gs.length > 0 &&
  (gs.length > 1 || (instruction !== null && isKernelAddress(instruction, 8))) &&
  !gs.some((base) => bases.has(base));

/** Where the kernel's tables map what a CPU has for its table of interrupts (a read-only alias); null where that is lost, or is mapped nowhere. */
function placeOfIdt(kernel: Linux, idt: bigint): number | null {
  try {
    return kernel.space.translate(idt);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return fault instanceof NotInSnapshot ? null : -1;
  }
}

/** `CPUs 0, 1`: for sentences. */
export const cpuNames = (numbers: readonly number[]): string =>
  `CPU${numbers.length === 1 ? '' : 's'} ${numbers.slice(0, 8).join(', ')}${numbers.length > 8 ? ', …' : ''}`;

/** What a CPU's registers point to: `CR3 0x394e000`, or where it was. */
export const registerText = ({ cr3, instruction }: CpuState): string =>
  cr3 === null ? `at ${instruction === null ? 'no known place' : hex(instruction)}` : `CR3 ${hex(cr3)}`;
