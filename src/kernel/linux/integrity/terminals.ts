// What is done with what is typed and shown: disciplines of lines, drivers of terminals, and the terminals themselves.
// Linux: drivers/tty/tty_ldisc.c, drivers/tty/tty_io.c, include/linux/tty.h.

import { mustNotBeBlank } from '../blank.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import type { Holding } from './operation-holding.ts';

/** NR_LDISCS of include/uapi/linux/tty.h: 30 until v5.10, 31 since. */
const MOST_DISCIPLINES = 31;
/** Terminals of a driver: pseudo-terminals have the most, up to 2^20 by NR_UNIX98_PTY_MAX; as many as are open are few. */
const MOST_TERMINALS = 65_536;
const MOST_NAME_BYTES = 64;

/** Every struct of functions that a discipline, a driver or a terminal leads to. */
export function* terminalOperations(kernel: Linux): Generator<Holding> {
  yield* kernel.untilFault(disciplines(kernel), 'disciplines of lines');
  if (!kernel.hasSymbol('tty_drivers')) return;
  for (const driver of kernel.list(kernel.symbol('tty_drivers'), 'tty_driver', 'tty_drivers'))
    yield* kernel.untilFault(ofDriver(kernel, driver), 'a driver of terminals');
}

function* disciplines(kernel: Linux): Generator<Holding> {
  if (!kernel.hasSymbol('tty_ldiscs')) return;
  const table = kernel.symbol('tty_ldiscs');
  const { pointerBytes } = kernel.types;
  for (let number = 0; number < MOST_DISCIPLINES; number++) {
    const address = kernel.pointerAt(table + BigInt(number * pointerBytes));
    // The first is always there: N_TTY.
    if (address === 0n && number === 0) mustNotBeBlank(kernel.space, table);
    yield { holder: `line discipline ${number}`, type: 'tty_ldisc_ops', address };
  }
}

function* ofDriver(kernel: Linux, driver: Kernel<'tty_driver'>): Generator<Holding> {
  // Those of pseudo-terminals and of /dev/tty have no name of the driver's own.
  const name = kernel.nameAt(driver.driver_name === 0n ? driver.name : driver.driver_name, MOST_NAME_BYTES);
  yield { holder: `tty driver ${name}`, type: 'tty_operations', address: driver.ops };
  const { ttys, num } = driver;
  if (ttys === 0n) return;
  const { pointerBytes } = kernel.types;
  for (let number = 0; number < Math.min(num, MOST_TERMINALS); number++) {
    const address = kernel.pointerAt(ttys + BigInt(number * pointerBytes));
    if (address !== 0n)
      yield* kernel.untilFault(ofTerminal(kernel.at('tty_struct', address)), `a terminal of ${name}`);
  }
}

function* ofTerminal({ name, ops, ldisc }: Kernel<'tty_struct'>): Generator<Holding> {
  const holder = `tty ${name}`;
  yield { holder, type: 'tty_operations', address: ops };
  if (ldisc !== null) yield { holder, type: 'tty_ldisc_ops', address: ldisc.ops };
}
