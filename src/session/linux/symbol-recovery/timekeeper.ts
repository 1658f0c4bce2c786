// Finds the kernel's timekeeper.
// Linux: kernel/time/timekeeping.c.
import { offsetIn, type RecoveryInput, wordAt } from './recovery-input.ts';

/** Functions that read the ordinary clocks' timekeeper and not its shadow: kernel/time/timekeeping.c. */
const READERS = ['ktime_get', 'ktime_get_real_ts64', 'ktime_get_raw_ts64', 'getboottime64'];
const SECOND = 1_000_000_000n;
/** Clocks count with a multiplier and a shift; a shift of more is refused by the kernel itself. */
const MAXIMUM_SHIFT = 32n;

/** What holds the timekeeper: `tk_core`, or the first of `timekeeper_data`. Both are read alike. */
export function timekeeperHolder(input: RecoveryInput): bigint | undefined {
  const offset = offsetInHolder(input);
  for (const holder of input.functions.references(READERS)) {
    if (isTimekeeper(input, holder + offset)) return holder;
  }
  return undefined;
}

/** Where src/kernel/linux/clock.ts reads the timekeeper, from the symbol on: it tells since when each is so. */
function offsetInHolder(input: RecoveryInput): bigint {
  const named = offsetIn(input, 'tk_data', 'timekeeper');
  const { seqcount_raw_spinlock: locked, seqcount: plain } = input.layouts;
  return named ?? BigInt(Math.ceil((locked ?? plain ?? { size: 0 }).size / 8) * 8);
}

/**
 * Whether its numbers agree: the monotonic clock's base and its distance from wall-clock time make whole seconds, the
 * same that are kept as such. By chance they do not once in a thousand million.
 */
function isTimekeeper(input: RecoveryInput, at: bigint): boolean {
  const readBase = offsetIn(input, 'timekeeper', 'tkr_mono') ?? 0n;
  const word = (offset: bigint | undefined): bigint | undefined =>
    offset === undefined ? undefined : wordAt(input, at + offset);
  const inBase = (member: string): bigint | undefined => {
    const offset = offsetIn(input, 'tk_read_base', member);
    return offset === undefined ? undefined : readBase + offset;
  };
  const base = word(inBase('base'));
  const toReal = word(offsetIn(input, 'timekeeper', 'offs_real'));
  const toBoot = word(offsetIn(input, 'timekeeper', 'offs_boot'));
  const seconds = word(offsetIn(input, 'timekeeper', 'xtime_sec'));
  const shift = word(inBase('shift'));
  const mult = word(inBase('mult'));
  if (base === undefined || toReal === undefined || toBoot === undefined || seconds === undefined)
    return false;
  if (shift === undefined || BigInt.asUintN(32, shift) > MAXIMUM_SHIFT) return false;
  if (mult === undefined || BigInt.asUintN(32, mult) === 0n) return false;
  const real = BigInt.asUintN(64, base + toReal);
  return real > 0n && real === seconds * SECOND && BigInt.asIntN(64, toBoot) >= 0n;
}
