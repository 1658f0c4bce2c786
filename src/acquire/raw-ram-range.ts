// Where the RAM of a machine lies, if it is in one piece.
// A raw file cannot tell of several pieces, so machines with more need another format.
import { FormatRefused } from './errors.ts';
import type { Fields, Qmp } from './qmp.ts';

/** Up to here no machine of QEMU's leaves a hole for devices in the memory of a PC. */
const PC_BELOW_HOLE = 2 ** 31;

/** Where the memory of QEMU's `virt` machines begins. */
const VIRT_BASE = 2 ** 30;

/**
 * Where the memory of a machine lies, if it is in one piece: a raw file has no room to tell of several, and reading
 * the places between them would be reading devices.
 *
 * @throws FormatRefused
 */
export async function rawRamRange(qmp: Qmp, signal: AbortSignal): Promise<{ base: number; size: number }> {
  const { arch } = await qmp.askFields('query-target', {}, { signal });
  const memory: Fields = await qmp.askFields('query-memory-size-summary', {}, { signal });
  const size = Number(memory['base-memory']);
  const plugged = Number(memory['plugged-memory'] ?? 0);
  const property = (name: string): Promise<unknown> =>
    qmp.ask('qom-get', { path: '/machine', property: name }, { signal }).catch(() => undefined);
  const refuse = (why: string): FormatRefused =>
    new FormatRefused(
      `${qmp.address}: no raw file can hold this machine: ${why}; choose --format kdump or elf`,
    );
  if (!Number.isSafeInteger(size) || size <= 0) throw refuse('QEMU does not say how much memory it has');
  if (plugged !== 0) throw refuse('memory was plugged in while it ran');
  if (arch === 'x86_64' || arch === 'i386') {
    const hole = Number((await property('max-ram-below-4g')) ?? 0);
    if (size <= PC_BELOW_HOLE && !(hole > 0 && hole < size)) return { base: 0, size };
    throw refuse('its memory is on both sides of a hole for devices');
  }
  if (arch === 'aarch64' && /^virt\b/.test(String(await property('type')))) return { base: VIRT_BASE, size };
  throw refuse(`where the memory of a machine like this (${String(arch).slice(0, 20)}) begins is not known`);
}
