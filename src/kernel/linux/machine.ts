import { decodeText } from '../../base/text.ts';
import { Clock } from './clock.ts';
import { Cpus } from './cpus.ts';
import type { Linux } from './linux.ts';

/** COMMAND_LINE_SIZE is 2048 on x86 and arm64; embedded boot options may make it longer. */
const MAXIMUM_COMMAND_LINE_BYTES = 65536;

/** The machine that the kernel runs: its name, its clocks, its CPUs. */
export class Machine {
  readonly #kernel: Linux;
  readonly clock: Clock;
  readonly cpus: Cpus;

  constructor(kernel: Linux) {
    this.#kernel = kernel;
    this.clock = new Clock(kernel);
    this.cpus = new Cpus(kernel);
  }

  /** The host name in the initial UTS namespace. @throws EvidenceFault */
  get hostname(): string {
    const kernel = this.#kernel;
    return kernel.at('uts_namespace', kernel.symbol('init_uts_ns')).name.nodename;
  }

  /** What the boot loader told the kernel: /proc/cmdline. @throws EvidenceFault */
  get commandLine(): string {
    const kernel = this.#kernel;
    const text = kernel.pointerAt(kernel.symbol('saved_command_line'));
    return decodeText(kernel.space.cString(text, MAXIMUM_COMMAND_LINE_BYTES));
  }
}
