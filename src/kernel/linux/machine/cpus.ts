// The CPUs of a guest, and where each keeps its own copy of per-CPU variables.
// Linux: include/linux/cpumask.h, include/linux/percpu-defs.h.
import { type VirtualAddress, wrapped } from '../../../base/address.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { perKernel } from '../per-kernel.ts';
import type { SymbolName } from '../symbols.ts';

/** No kernel is built for more: CONFIG_NR_CPUS is at most 8192. */
const MAXIMUM_CPUS = 8192;

/** The guest's CPUs, and where each keeps its own copy of per-CPU variables. */
export class Cpus {
  readonly #kernel: Linux;
  readonly #bases = new Map<number, bigint>();
  #online: readonly number[] | undefined;

  constructor(kernel: Linux) {
    this.#kernel = kernel;
  }

  /** Numbers of the CPUs that run. @throws EvidenceFault */
  get online(): readonly number[] {
    this.#online ??= this.#numbersIn('__cpu_online_mask');
    return this.#online;
  }

  /** Numbers of the CPUs that there is per-CPU memory for, running or not. @throws EvidenceFault */
  get possible(): readonly number[] {
    const numbers = this.#numbersIn('__cpu_possible_mask');
    if (numbers.length === 0) throw new CorruptStructure('no CPU is among those that there can be');
    return numbers;
  }

  /** Where `cpu` keeps its copy of the per-CPU variable whose pointer (or symbol) says `pointer`. @throws EvidenceFault */
  perCpu(pointer: VirtualAddress, cpu: number): VirtualAddress {
    return wrapped(pointer + this.#baseOf(cpu), this.#kernel.types.pointerBytes);
  }

  #baseOf(cpu: number): bigint {
    let base = this.#bases.get(cpu);
    if (base === undefined) {
      const kernel = this.#kernel;
      // A kernel built for one CPU has no such table: its per-CPU variables are ordinary ones.
      base = kernel.hasSymbol('__per_cpu_offset')
        ? kernel.pointerAt(kernel.symbol('__per_cpu_offset') + BigInt(cpu * kernel.types.pointerBytes))
        : 0n;
      this.#bases.set(cpu, base);
    }
    return base;
  }

  #numbersIn(mask: SymbolName): number[] {
    const kernel = this.#kernel;
    return kernel.hasSymbol(mask) ? cpuNumbersIn(kernel, kernel.symbol(mask)) : [0];
  }
}

/** The numbers of the CPUs in the mask at `address`, ascending. @throws EvidenceFault */
export function cpuNumbersIn(kernel: Linux, address: VirtualAddress): number[] {
  const { bits } = kernel.at('cpumask', address);
  const numbers: number[] = [];
  bits.subarray(0, MAXIMUM_CPUS / 8).forEach((byte, index) => {
    // From the lowest bit that is set to the highest.
    for (let rest = byte; rest !== 0; rest &= rest - 1)
      numbers.push(8 * index + 31 - Math.clz32(rest & -rest));
  });
  return numbers;
}

/** A kernel's CPUs. */
export const cpusOf = perKernel((kernel) => new Cpus(kernel));
