// The machine that a kernel runs: its name, its firmware's UUID, its boot's ID, how it was started.
// Linux: init/version.c, drivers/firmware/dmi_scan.c, drivers/char/random.c, init/main.c.
import { decodeText } from '../../../base/text.ts';
import type { Linux } from '../linux.ts';
import { perKernel } from '../per-kernel.ts';
import { type Clock, clockOf } from './clock.ts';
import { type Cpus, cpusOf } from './cpus.ts';
import { type MachineState, stateOf } from './state.ts';

/** COMMAND_LINE_SIZE is 2048 on x86 and arm64; embedded boot options may make it longer. */
const MAXIMUM_COMMAND_LINE_BYTES = 65536;

const UUID_BYTES = 16;
const UUID_TEXT_BYTES = 64;

/** The machine that a kernel runs. */
export const machineOf = perKernel((kernel) => new Machine(kernel));

/** The machine that the kernel runs: its name, its clocks, its CPUs. */
class Machine {
  readonly #kernel: Linux;
  readonly clock: Clock;
  readonly cpus: Cpus;

  constructor(kernel: Linux) {
    this.#kernel = kernel;
    this.clock = clockOf(kernel);
    this.cpus = cpusOf(kernel);
  }

  /** The host name in the initial UTS namespace. @throws EvidenceFault */
  get hostname(): string {
    const kernel = this.#kernel;
    return kernel.at('uts_namespace', kernel.symbol('init_uts_ns')).name.nodename;
  }

  /** The boot's ID as /proc/sys/kernel/random/boot_id shows it; null where it was never asked for. @throws EvidenceFault */
  get bootId(): string | null {
    const kernel = this.#kernel;
    if (!kernel.hasSymbol('sysctl_bootid')) return null;
    const id = kernel.space.bytes(kernel.symbol('sysctl_bootid'), UUID_BYTES);
    // The kernel makes it when it is first read.
    return id.every((byte) => byte === 0) ? null : uuidText(id);
  }

  /** The machine's UUID as its firmware tells it, what /sys/class/dmi/id/product_uuid shows; null where there is none. @throws EvidenceFault */
  get uuid(): string | null {
    const kernel = this.#kernel;
    if (!kernel.hasSymbol('dmi_ident')) return null;
    const { pointerBytes } = kernel.types;
    const text = kernel.pointerAt(
      kernel.symbol('dmi_ident') + BigInt(kernel.enumerator('DMI_PRODUCT_UUID') * pointerBytes),
    );
    if (text === 0n) return null;
    const uuid = decodeText(kernel.space.cString(text, UUID_TEXT_BYTES)).toLowerCase();
    // Firmware without one says so with zeros or ones (SMBIOS specification, 7.2.1).
    return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid) && !/^[0-]+$|^[f-]+$/.test(uuid)
      ? uuid
      : null;
  }

  /** What it was about: running, starting, going down, panicked. Null where this build does not tell. @throws EvidenceFault */
  get state(): MachineState | null {
    return stateOf(this.#kernel);
  }

  /** What the boot loader told the kernel: /proc/cmdline. @throws EvidenceFault */
  get commandLine(): string {
    const kernel = this.#kernel;
    const text = kernel.pointerOf('saved_command_line');
    return decodeText(kernel.space.cString(text, MAXIMUM_COMMAND_LINE_BYTES));
  }
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [8, 12, 16, 20].reduceRight((text, at) => `${text.slice(0, at)}-${text.slice(at)}`, hex);
}
