// Programs that the kernel starts by itself, as root: for modules, for core dumps, for devices, for its end.
// Linux: kernel/module/kmod.c, fs/coredump.c, lib/kobject_uevent.c, kernel/reboot.c.

import { mustNotBeBlank } from '../blank.ts';
import type { Linux } from '../linux.ts';
import type { SymbolName } from '../symbols.ts';

/** Bytes of each: KMOD_PATH_LEN, UEVENT_HELPER_PATH_LEN, POWEROFF_CMD_PATH_LEN; CORENAME_MAX_SIZE. */
const MOST_BYTES = 256;
/** The variables, and what distributions have in them. */
const PATHS = {
  modprobe_path: /^(?:\/usr)?\/s?bin\/modprobe$/,
  // A name of a file, or a program behind `|`: systemd's, Ubuntu's, Red Hat's.
  core_pattern:
    /^(?:[^|]|\|(?:\/usr)?\/(?:lib|libexec|share|s?bin)\/(?:systemd\/systemd-coredump|apport\/apport|abrt-hook-ccpp|false|true)(?: |$)|$)/,
  uevent_helper: /^(?:\/sbin\/hotplug)?$/,
  poweroff_cmd: /^(?:\/usr)?\/sbin\/poweroff$/,
  reboot_cmd: /^(?:\/usr)?\/sbin\/reboot$/,
} as const satisfies Partial<Record<SymbolName, RegExp>>;
type Variable = keyof typeof PATHS;

/** A variable of the kernel that names a program. */
export class HelperProgram {
  readonly variable: Variable;
  readonly #kernel: Linux;
  constructor(kernel: Linux, variable: Variable) {
    this.#kernel = kernel;
    this.variable = variable;
  }
  /** @throws EvidenceFault */
  get path(): string {
    const kernel = this.#kernel;
    const at = kernel.symbol(this.variable);
    const path = kernel.textAt(at, MOST_BYTES);
    if (path === '') mustNotBeBlank(kernel.space, at);
    return path;
  }
  /** @throws EvidenceFault */
  get verdict(): 'expected' | 'unknown' {
    return PATHS[this.variable].test(this.path) ? 'expected' : 'unknown';
  }
}

/** Every such variable that this kernel has. */
export function* helperPrograms(kernel: Linux): Generator<HelperProgram> {
  for (const variable of Object.keys(PATHS) as Variable[])
    if (kernel.hasSymbol(variable)) yield new HelperProgram(kernel, variable);
}
