// The clocks of a guest: wall clock, uptime, the moment of its start.
// Linux: kernel/time/timekeeping.c, include/linux/timekeeper_internal.h.
import type { VirtualAddress } from '../../../base/address.ts';
import type { Linux } from '../linux.ts';
import { perKernel } from '../per-kernel.ts';
import type { Kernel } from '../structs.ts';

/**
 * The guest's clocks as its timekeeper left them. An idle kernel without a periodic tick brings them up to date
 * only when a CPU wakes, so the guest's last moment may be some seconds later than they say, never earlier.
 */
export class Clock {
  readonly #kernel: Linux;
  #bootTime: bigint | undefined;

  constructor(kernel: Linux) {
    this.#kernel = kernel;
  }

  /** When the guest booted: what `btime` in /proc/stat says in seconds. @throws EvidenceFault */
  get bootTime(): Date {
    return dateOf(this.#boot);
  }

  /** Wall-clock time. @throws EvidenceFault */
  get now(): Date {
    const timekeeper = this.#timekeeper;
    return dateOf(monotonic(timekeeper) + timekeeper.offs_real);
  }

  /** Seconds since boot, sleep included: CLOCK_BOOTTIME. @throws EvidenceFault */
  get uptime(): number {
    const timekeeper = this.#timekeeper;
    return Number((monotonic(timekeeper) + timekeeper.offs_boot) / 1_000_000n) / 1000;
  }

  /** The moment that lies `nanoseconds` of CLOCK_BOOTTIME after boot. @throws EvidenceFault */
  at(nanoseconds: bigint): Date {
    return dateOf(this.#boot + nanoseconds);
  }

  /** Nanoseconds from 1970 to boot. */
  get #boot(): bigint {
    if (this.#bootTime === undefined) {
      const { offs_real, offs_boot } = this.#timekeeper;
      this.#bootTime = offs_real - offs_boot;
    }
    return this.#bootTime;
  }

  get #timekeeper(): Kernel<'timekeeper'> {
    return this.#kernel.at('timekeeper', timekeeperAddress(this.#kernel));
  }
}

/**
 * Where the timekeeper of the ordinary clocks is. Since Linux kernel commit 22c62b9a84b8 ("timekeeping: Introduce
 * auxiliary timekeepers") (in v6.17) it is the first of an array; before, it stands alone as `tk_core`.
 */
function timekeeperAddress(kernel: Linux): VirtualAddress {
  const { types } = kernel;
  const holder = kernel.symbol(kernel.hasSymbol('timekeeper_data') ? 'timekeeper_data' : 'tk_core');
  if (types.has('tk_data', 'timekeeper')) return holder + BigInt(types.offsetOf('tk_data', 'timekeeper'));
  const counter = types.has('seqcount_raw_spinlock') ? 'seqcount_raw_spinlock' : 'seqcount';
  // The i386 ABI aligns 64-bit numbers, of which the timekeeper is made, to 4 bytes: as wide as pointers everywhere.
  const alignment = types.pointerBytes;
  return holder + BigInt(Math.ceil(types.sizeOf(counter) / alignment) * alignment);
}

/** CLOCK_MONOTONIC in nanoseconds. */
function monotonic({ tkr_mono }: Kernel<'timekeeper'>): bigint {
  return tkr_mono.base + (tkr_mono.xtime_nsec >> BigInt(tkr_mono.shift & 63));
}

/** The moment `sinceEpoch` nanoseconds after 1970, cut to the millisecond; any 64 bits are some year of the calendar. */
const dateOf = (sinceEpoch: bigint): Date => new Date(Number(sinceEpoch / 1_000_000n));

/** A kernel's clocks. */
export const clockOf = perKernel((kernel) => new Clock(kernel));
