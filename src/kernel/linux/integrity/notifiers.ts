// Notifier chains: whom the kernel tells of key presses, modules, network devices, its own end.
// Linux: kernel/notifier.c, include/linux/notifier.h.

import { ENTRY_COST } from '../../../base/budget.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import { mustNotBeBlank } from '../blank.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import type { SymbolName } from '../symbols.ts';
import { CodePointer, type Verdict } from './code-pointer.ts';

type Head = 'atomic_notifier_head' | 'blocking_notifier_head' | 'raw_notifier_head' | 'srcu_notifier_head';

/** The chains, and the struct that each begins with. */
const CHAINS = {
  keyboard_notifier_list: 'atomic_notifier_head',
  vt_notifier_list: 'atomic_notifier_head',
  panic_notifier_list: 'atomic_notifier_head',
  die_chain: 'atomic_notifier_head',
  restart_handler_list: 'atomic_notifier_head',
  inet6addr_chain: 'atomic_notifier_head',
  reboot_notifier_list: 'blocking_notifier_head',
  module_notify_list: 'blocking_notifier_head',
  inetaddr_chain: 'blocking_notifier_head',
  netlink_chain: 'blocking_notifier_head',
  usb_notifier_list: 'blocking_notifier_head',
  pm_chain_head: 'blocking_notifier_head',
  oom_notify_list: 'blocking_notifier_head',
  acpi_chain_head: 'blocking_notifier_head',
  task_exit_notifier: 'blocking_notifier_head',
  munmap_notifier: 'blocking_notifier_head',
  netdev_chain: 'raw_notifier_head',
} as const satisfies Partial<Record<SymbolName, Head>>;

/** Who is told in one chain: real ones have some dozens. */
const MOST_TOLD = 65_536;
const MOST_PRIORITY = 0x7fff_ffff;

/** A function that is called through a chain. */
export class Notified {
  readonly chain: string;
  readonly raw: Kernel<'notifier_block'>;
  readonly #kernel: Linux;
  constructor(kernel: Linux, chain: string, raw: Kernel<'notifier_block'>) {
    this.#kernel = kernel;
    this.chain = chain;
    this.raw = raw;
  }
  /** @throws EvidenceFault */
  get callback(): CodePointer {
    return new CodePointer(this.#kernel, this.raw.notifier_call);
  }
  /** @throws EvidenceFault */
  get verdict(): Verdict {
    return this.callback.verdict;
  }
}

/** Every function of every chain that this kernel has. */
export function* notified(kernel: Linux): Generator<Notified> {
  for (const [name, head] of Object.entries(CHAINS) as [SymbolName, Head][])
    if (kernel.hasSymbol(name)) yield* kernel.untilFault(chainOf(kernel, name, head), name);
}

function* chainOf(kernel: Linux, name: SymbolName, head: Head): Generator<Notified> {
  const seen = new Set<bigint>();
  let before = MOST_PRIORITY;
  mustNotBeBlank(kernel.space, kernel.symbol(name));
  for (let block = kernel.at(head, kernel.symbol(name)).head; block !== null; block = block.next) {
    if (seen.has(block.address) || seen.size >= MOST_TOLD) throw new CorruptStructure('the chain loops');
    seen.add(block.address);
    kernel.space.memory.spend(ENTRY_COST);
    // The kernel sorts them: kernel/notifier.c, notifier_chain_register.
    if (block.priority > before)
      kernel.note(`${name}: one of priority ${block.priority} stands behind one of ${before}`);
    before = block.priority;
    yield new Notified(kernel, name, block);
  }
}
