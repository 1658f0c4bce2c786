import type { PhysicalAddress } from '../base/address.ts';
import type { SnapshotOrigin } from '../memory/origin.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { type SweepOptions, sweep } from '../scan/sweep.ts';
import { aes } from './aes.ts';
import type { AesSchedule } from './aes-schedule.ts';

/** An AES key schedule and the physical address of its first byte. */
export interface AesKeyHit extends AesSchedule {
  readonly physical: PhysicalAddress;
}

/**
 * Every AES key schedule in a snapshot, ascending by physical address. One key is often there several times: as
 * its encryption and its decryption schedule, in copies, in pages that were freed. Each is a hit.
 */
export async function* findAesKeys(
  memory: PhysicalMemory,
  origin: SnapshotOrigin | null,
  options: SweepOptions = {},
): AsyncGenerator<AesKeyHit> {
  for await (const { physical, found } of sweep(aes, memory, origin, options)) yield { physical, ...found };
}
