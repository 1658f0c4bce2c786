import type { VirtualAddress } from '../../base/address.ts';
import { CorruptStructure } from '../../base/errors.ts';
import type { Linux } from './linux.ts';
import type { Kernel } from './structs.ts';

/**
 * The guest's clocks as its timekeeper left them. An idle kernel without a periodic tick brings them up to date
 * only when a CPU wakes, so the guest's last moment may be some seconds later than they say, never earlier.
 */
export class Clock {
  readonly #kernel: Linux;
  #bootMilliseconds: number | undefined;

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
    return dateOf(milliseconds(monotonic(timekeeper) + timekeeper.offs_real));
  }

  /** Seconds since boot, sleep included: CLOCK_BOOTTIME. @throws EvidenceFault */
  get uptime(): number {
    const timekeeper = this.#timekeeper;
    return Math.round(milliseconds(monotonic(timekeeper) + timekeeper.offs_boot)) / 1000;
  }

  /** The moment that lies `nanoseconds` of CLOCK_BOOTTIME after boot. @throws EvidenceFault */
  at(nanoseconds: bigint): Date {
    return dateOf(this.#boot + Number(nanoseconds) / 1e6);
  }

  /** Milliseconds from 1970 to boot. */
  get #boot(): number {
    if (this.#bootMilliseconds === undefined) {
      const { offs_real, offs_boot } = this.#timekeeper;
      this.#bootMilliseconds = milliseconds(offs_real - offs_boot);
    }
    return this.#bootMilliseconds;
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
  return holder + BigInt(Math.ceil(types.sizeOf(counter) / 8) * 8);
}

/** CLOCK_MONOTONIC in nanoseconds. */
function monotonic({ tkr_mono }: Kernel<'timekeeper'>): bigint {
  return tkr_mono.base + (tkr_mono.xtime_nsec >> BigInt(tkr_mono.shift & 63));
}

/** Nanoseconds as milliseconds: a double holds today's time to the microsecond. */
const milliseconds = (nanoseconds: bigint): number => Number(nanoseconds / 1000n) / 1000;

/** @throws CorruptStructure where a damaged number is past every calendar */
function dateOf(sinceEpoch: number): Date {
  const date = new Date(Math.floor(sinceEpoch));
  if (Number.isNaN(date.getTime())) throw new CorruptStructure(`no time is ${sinceEpoch} ms after 1970`);
  return date;
}
