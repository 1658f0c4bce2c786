// A decoy: a VMCOREINFO and page tables beside a kernel's own, in pages that were free. The kernel is not touched, and
// whoever reads through these tables misses processes, whose neighbours in the list are copies that lead past them.

import { physical } from '../../src/base/address.ts';
import { tasks } from '../../src/kernel/linux/process/processes.ts';
import { initTask } from '../../src/kernel/linux/process/task.ts';
import { PAGE_BYTES } from '../../src/memory/source.ts';
import { vmcoreinfoIn } from '../../src/profile/vmcoreinfo.ts';
import type { Session } from '../../src/session/session.ts';
import type { Overlay } from './overlay.ts';

const ENTRY_BYTES = 8;
const FRAME = 0x000f_ffff_ffff_f000n;
const LARGE = 0x80n;
const TABLE = 0x63n;
const PAGE = 0x8000_0000_0000_0163n;
const KERNEL_MAP = 0xffff_ffff_8000_0000n;

/** Draws a decoy that hides these processes. Of x86-64 with 4 levels. @returns where its page-table root is */
export function drawDecoy(session: Session, overlay: Overlay, hidden: readonly number[]): number {
  return new Decoy(session, overlay).draw(new Set(hidden));
}

class Decoy {
  readonly #session: Session;
  readonly #overlay: Overlay;
  readonly #pages = new Map<number, Buffer>();
  #free = 0x20_0000;

  constructor(session: Session, overlay: Overlay) {
    this.#session = session;
    this.#overlay = overlay;
  }

  draw(hidden: ReadonlySet<number>): number {
    const { kernel, located, facts } = this.#session;
    const root = this.#copy(located.paging.root);
    const top = kernel.symbol('init_top_pgt');
    this.#map(root, top, root);
    this.#doctor(root, hidden);
    const at = physical(Number(facts.kernel.vmcoreinfoAt));
    const base = BigInt(root) - (top - KERNEL_MAP);
    const text = vmcoreinfoIn(this.#overlay.page(at))!
      .split('\n')
      .filter((line) => !line.startsWith('SYMBOL(') || line.startsWith('SYMBOL(swapper_pg_dir)'))
      .map((line) => (line.startsWith('NUMBER(phys_base)') ? `NUMBER(phys_base)=${base}` : line))
      .join('\n');
    this.#pages.get(this.#take())!.write(text, 'latin1');
    for (const [place, page] of this.#pages) this.#overlay.damage(place, page);
    return root;
  }

  /** Copies of the pages in which a process that stays has one that is hidden before or behind it. */
  #doctor(root: number, hidden: ReadonlySet<number>): void {
    const { kernel } = this.#session;
    const all = [initTask(kernel), ...tasks(kernel)];
    const kept = all.filter(({ pid }) => !hidden.has(pid));
    const links = BigInt(kernel.types.offsetOf('task_struct', 'tasks'));
    const copies = new Map<number, number>();
    const put = (address: bigint, value: bigint): void => {
      const at = kernel.space.translate(address);
      const page = at - (at % PAGE_BYTES);
      const copy = copies.get(page) ?? this.#copy(page);
      copies.set(page, copy);
      this.#map(root, address - (address % BigInt(PAGE_BYTES)), copy);
      this.#pages.get(copy)!.writeBigUInt64LE(value, at % PAGE_BYTES);
    };
    for (const [index, task] of kept.entries()) {
      const next = kept[(index + 1) % kept.length]!;
      if (all[(all.indexOf(task) + 1) % all.length] === next) continue;
      put(task.address + links, next.address + links);
      put(next.address + links + 8n, task.address + links);
    }
  }

  /** Maps one page, through tables of the decoy's own on the way. */
  #map(root: number, address: bigint, frame: number): void {
    let table = root;
    for (const shift of [39n, 30n, 21n]) {
      const at = Number((address >> shift) & 511n) * ENTRY_BYTES;
      const entry = this.#pages.get(table)!.readBigUInt64LE(at);
      const below = Number(entry & FRAME);
      const next = this.#pages.has(below) ? below : this.#below(entry, shift);
      this.#pages.get(table)!.writeBigUInt64LE(BigInt(next) | TABLE, at);
      table = next;
    }
    const at = Number((address >> 12n) & 511n) * ENTRY_BYTES;
    this.#pages.get(table)!.writeBigUInt64LE(BigInt(frame) | PAGE, at);
  }

  /** A table like the one that an entry leads to, or of the pieces of the large page that it maps. */
  #below(entry: bigint, shift: bigint): number {
    if ((entry & LARGE) === 0n) return this.#copy(Number(entry & FRAME));
    const table = this.#take();
    const piece = 1n << (shift - 9n);
    for (let index = 0n; index < 512n; index++) {
      const place = (entry & FRAME & ~((1n << shift) - 1n)) + index * piece;
      const kind = shift === 30n ? TABLE | LARGE : PAGE;
      this.#pages.get(table)!.writeBigUInt64LE(place | kind, Number(index) * ENTRY_BYTES);
    }
    return table;
  }

  #copy(from: number): number {
    const page = this.#take();
    this.#pages.get(page)!.set(this.#overlay.page(from));
    return page;
  }

  #take(): number {
    while (this.#overlay.page(this.#free).some((byte) => byte !== 0)) this.#free += PAGE_BYTES;
    const page = this.#free;
    this.#free += PAGE_BYTES;
    this.#pages.set(page, Buffer.alloc(PAGE_BYTES));
    return page;
  }
}
