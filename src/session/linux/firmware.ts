// Whether a PC's firmware has been at work after a kernel's last moment: then the machine was reset, and what is found of
// that kernel is what it left behind. Only a file without registers has to be asked: else they tell who ran.
import { physical } from '../../base/address.ts';
import type { PhysicalMemory } from '../../memory/physical.ts';

/** A PC's first page: 256 interrupt vectors of real mode, then what the BIOS keeps of its own. A kernel reserves it, and writes to neither. */
const FIRST_PAGE_BYTES = 4096;
const VECTOR_BYTES = 4;
/** Vectors that are looked at: those of exceptions, of the first interrupts and of the BIOS's own services. */
const VECTORS = 32;
/** Where ROMs are, as a segment: from 0xc0000 on. */
const FIRST_ROM_SEGMENT = 0xc000;
/** How many of the vectors lead into ROMs where a BIOS started the machine, and not UEFI or nothing. */
const MOST_IN_ROM = 24;
/** Ticks since midnight (BIOS data area, 0040:006C): set by the clock on the board when the firmware starts, counted until a kernel takes over. */
const TICKS_AT = 0x46c;
/** 1,193,182 Hz divided by 65,536. */
const TICKS_PER_SECOND = 1_193_182 / 65_536;
const DAY_MS = 86_400_000;
/** Clocks of kernel and firmware are read to the second, and one tick apart. */
const TOLERANCE_MS = 2000;
/** What is just after a reset: what differs more is another time zone, or a clock that was set. */
const JUST_AFTER_MS = 600_000;

/**
 * Says, as a sentence, what tells that the machine was reset after `now`, the kernel's own last time in milliseconds since
 * 1970; null where nothing does, which proves nothing: not of a machine without a BIOS, not where the board's clock
 * has another time zone, and not once a boot loader has overwritten the page.
 * @throws EvidenceFault where the page cannot be read
 */
export function signOfReset(memory: PhysicalMemory, now: number): string | null {
  if (!memory.has(physical(0)) || Number.isNaN(new Date(now).getTime())) return null;
  const page = Buffer.from(memory.bytes(physical(0), FIRST_PAGE_BYTES));
  const inRom = Array.from({ length: VECTORS }, (_, nth) => page.readUInt16LE(nth * VECTOR_BYTES + 2));
  if (inRom.filter((segment) => segment >= FIRST_ROM_SEGMENT).length < MOST_IN_ROM) return null;
  const ticks = page.readUInt32LE(TICKS_AT);
  if (ticks === 0)
    return 'the firmware has not set its clock (0 in the BIOS data area), which it has done before any kernel starts';
  const clock = (ticks / TICKS_PER_SECOND) * 1000;
  const later = (((clock - now) % DAY_MS) + DAY_MS) % DAY_MS;
  if (clock >= DAY_MS || later <= TOLERANCE_MS || later > JUST_AFTER_MS) return null;
  return `the firmware's clock stands at ${new Date(clock).toISOString().slice(11, 19)}, after the last moment of the kernel (${new Date(now).toISOString().slice(11, 19)})`;
}
