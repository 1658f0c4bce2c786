// Modules as several structures of the kernel have them: the list in both directions, the tree of their addresses, sysfs.
// A module that takes itself off the list, as rootkits do, is still where its code must be found by.
import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Walk } from '../../../types/struct.ts';
import { rbNodes } from '../containers/rb-tree.ts';
import { addresses, CrossView } from '../cross-view.ts';
import type { Linux } from '../linux.ts';

/** Each of these has every module that is neither being loaded nor unloaded. */
const VIEWS = ['list', 'list backwards', 'tree', 'sysfs'] as const;
type ModuleView = (typeof VIEWS)[number];

/** enum module_state of include/linux/module.h. */
const LIVE = 0;
const STATES = 4;

/** The modules of a kernel, found by all of its views, and what each view lacks. */
export class ModuleViews {
  readonly #kernel: Linux;
  readonly #views = new CrossView<ModuleView>();

  constructor(kernel: Linux) {
    this.#kernel = kernel;
    const head = kernel.symbol('modules');
    const broken = kernel.notedApart(() => this.#add('list', addresses(kernel.list(head, 'module', 'list'))));
    for (const note of broken) kernel.note(note);
    // Where it breaks, that walk has gone backwards already.
    if (broken.length === 0)
      this.#add('list backwards', addresses(kernel.list(head, 'module', 'list', 'backwards')));
    this.#add('tree', this.#inTree());
    this.#add('sysfs', this.#inSysfs());
  }

  /** Every module: those on the list in its order, then those that other views add. */
  get all(): Iterable<VirtualAddress> {
    return this.#views.all;
  }

  /** Whether every view that this kernel has was walked to its end: then there is no module but these. */
  get areWhole(): boolean {
    return VIEWS.every((view) => this.#views.isWhole(view) || this.#views.isWithout(view));
  }

  /** Whether a view lacks a live module though nothing is missing there. @throws WalkIncomplete where the list lacks it and is not whole @throws EvidenceFault */
  isHidden(module: VirtualAddress): boolean {
    const lacking = this.#lacking(module);
    if (lacking.length === 0 || this.#kernel.at('module', module).state !== LIVE) return false;
    if (lacking.some((view) => this.#views.isWhole(view))) return true;
    return lacking.includes('list') && !this.#views.isIn('list', module);
  }

  /** The views that have it: `list,tree,sysfs`. */
  viewsWith(module: VirtualAddress): string {
    const having = this.#views.among(VIEWS, module, true);
    return having.filter((view) => view !== 'list backwards' || !having.includes('list')).join(',');
  }

  #lacking(module: VirtualAddress): ModuleView[] {
    return this.#views.among(VIEWS, module, false);
  }

  #add(name: ModuleView, walk: Walk<VirtualAddress>): void {
    this.#views.addNoted(this.#kernel, name, walk, 'modules');
  }

  /** The tree by which the kernel tells whose code an address is (kernel/module/tree_lookup.c), with CONFIG_MODULES_TREE_LOOKUP. */
  *#inTree(): Walk<VirtualAddress> {
    const kernel = this.#kernel;
    const { types } = kernel;
    const root = kernel.at('mod_tree_root', kernel.symbol('mod_tree')).root;
    const { seq, tree } = kernel.at('latch_tree_root', root);
    // One of the two is being changed at most, and the count says which is not.
    const which = kernel.u32At(seq) & 1;
    const each = types.sizeOf('rb_node');
    const back = BigInt(
      types.offsetOf('mod_tree_node', 'node') + types.offsetOf('latch_tree_node', 'node') + which * each,
    );
    const top = kernel.at('rb_root', tree + BigInt(which * types.sizeOf('rb_root'))).rb_node;
    const walk = rbNodes(kernel, top, 'tree of modules');
    let step = walk.next();
    for (; step.done !== true; step = walk.next()) {
      const address = step.value - back;
      const module = kernel.attempt(() => kernel.at('mod_tree_node', address).mod, null, 'tree of modules');
      if (module !== null && this.#isModule(module.address)) yield module.address;
    }
    return step.value;
  }

  /** /sys/module, which has the parameters of what is built in too, with CONFIG_SYSFS. */
  *#inSysfs(): Walk<VirtualAddress> {
    const kernel = this.#kernel;
    kernel.types.offsetOf('module_kobject', 'mod');
    const set = kernel.at('kset', kernel.pointerOf('module_kset'));
    const walk = kernel.list(set.list, 'kobject', 'entry');
    let step = walk.next();
    for (; step.done !== true; step = walk.next()) {
      const { address } = step.value;
      const own = kernel.containerOf('module_kobject', 'kobj', address);
      const module = kernel.attempt(() => own.mod, null, 'modules in sysfs');
      if (module !== null && this.#isModule(module.address)) yield module.address;
    }
    return step.value;
  }

  /** What the list has is taken as it is; what another view leads to must have a name and a state. */
  #isModule(address: VirtualAddress): boolean {
    if (this.#views.all.has(address)) return true;
    try {
      const { name, state } = this.#kernel.at('module', address);
      return name !== '' && state < STATES;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return false;
    }
  }
}
