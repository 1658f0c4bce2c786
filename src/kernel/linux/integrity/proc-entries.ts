// What is done with the files and folders of /proc that are no processes.
// Linux: struct proc_dir_entry of fs/proc/internal.h, fs/proc/generic.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { mustNotBeBlank } from '../blank.ts';
import { rbNodes } from '../containers/rb-tree.ts';
import type { Linux } from '../linux.ts';
import { NetNamespaces } from '../net/namespace.ts';
import type { Kernel } from '../structs.ts';
import type { SymbolName } from '../symbols.ts';
import type { Holding } from './operation-holding.ts';

/** Folders in folders: /proc/sys is no part of this tree, and /proc/irq/… has three. */
const MOST_DEPTH = 32;
const MOST_NAME_BYTES = 256;
/** An entry is kept with its path until its turn comes: some 300 bytes more than a link takes. */
const KEPT_COST = 8 * ENTRY_COST;
/** S_IFMT and S_IFDIR of include/uapi/linux/stat.h. */
const [TYPE, FOLDER] = [0o170_000, 0o040_000];
/** Operations of files that are printed line by line, and of those that are printed at once. */
const BY_LINES: readonly SymbolName[] = ['proc_seq_ops', 'proc_net_seq_ops'];
const AT_ONCE: readonly SymbolName[] = ['proc_single_ops', 'proc_net_single_ops'];

/** Every struct of functions that an entry of /proc leads to. */
export function* procOperations(kernel: Linux): Generator<Holding> {
  if (!kernel.hasSymbol('proc_root') || !kernel.types.has('proc_dir_entry')) return;
  const [lines, once] = [addressesOf(kernel, BY_LINES), addressesOf(kernel, AT_ONCE)];
  const seen = new Set<VirtualAddress>();
  const open = [
    ...networksOf(kernel),
    root(kernel.at('proc_dir_entry', kernel.symbol('proc_root')), '/proc'),
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { entry, path, depth } = next;
    if (seen.has(entry.address)) {
      kernel.note(`entries of /proc loop at ${path}`);
      continue;
    }
    seen.add(entry.address);
    const found = kernel.attempt(() => holdingsOf(kernel, entry, path, lines, once), null, path);
    if (found === null) continue;
    yield* found.holdings;
    // The kernel fills in no mode of a namespace's own root: fs/proc/proc_net.c, proc_net_ns_init.
    if (!found.isFolder && depth > 0) continue;
    if (depth >= MOST_DEPTH) kernel.note(`${path}: folders lie deeper than ${MOST_DEPTH}`);
    else for (const child of childrenOf(kernel, entry, path)) open.push({ ...child, depth: depth + 1 });
  }
}

const root = (entry: Kernel<'proc_dir_entry'>, path: string) => ({ entry, path, depth: 0 });

/** The folders that /proc/net leads to: each network namespace has its own, and that of the first stands last. */
function networksOf(kernel: Linux): ReturnType<typeof root>[] {
  const namespaces = [...new NetNamespaces(kernel).all()];
  return namespaces.reverse().flatMap((namespace, nth) => {
    const { label } = namespace;
    const folder = kernel.attempt(() => namespace.raw.proc_net, undefined, `/proc/net of namespace ${label}`);
    if (folder === undefined || folder === null) return [];
    const isFirst = nth === namespaces.length - 1;
    return [root(folder, isFirst ? '/proc/net' : `/proc/net (${label})`)];
  });
}

const addressesOf = (kernel: Linux, names: readonly SymbolName[]): ReadonlySet<VirtualAddress> =>
  new Set(names.flatMap((name) => (kernel.hasSymbol(name) ? [kernel.symbol(name)] : [])));

/** @throws EvidenceFault */
function holdingsOf(
  kernel: Linux,
  { address, proc_iops, proc_ops, seq_ops, mode }: Kernel<'proc_dir_entry'>,
  holder: string,
  lines: ReadonlySet<VirtualAddress>,
  once: ReadonlySet<VirtualAddress>,
): { readonly isFolder: boolean; readonly holdings: readonly Holding[] } {
  // Every entry has operations of its inode, but for the root of a namespace, which has entries alone.
  if (proc_iops === 0n) mustNotBeBlank(kernel.space, address);
  const isFolder = (mode & TYPE) === FOLDER;
  const holdings: Holding[] = [
    { holder, type: 'inode_operations', address: proc_iops },
    { holder, type: isFolder ? 'file_operations' : 'proc_ops', address: proc_ops },
  ];
  if (lines.has(proc_ops)) holdings.push({ holder, type: 'seq_operations', address: seq_ops });
  if (once.has(proc_ops)) holdings.push({ holder, type: 'function', address: seq_ops });
  return { isFolder, holdings };
}

function* childrenOf(
  kernel: Linux,
  folder: Kernel<'proc_dir_entry'>,
  path: string,
): Generator<{ readonly entry: Kernel<'proc_dir_entry'>; readonly path: string }> {
  const root = kernel.attempt(() => kernel.at('rb_root', folder.subdir).rb_node, 0n, path);
  for (const node of rbNodes(kernel, root, path)) {
    kernel.space.memory.spend(KEPT_COST);
    const entry = kernel.containerOf('proc_dir_entry', 'subdir_node', node);
    const name = kernel.attempt(() => kernel.nameAt(entry.name, MOST_NAME_BYTES), '?', `an entry of ${path}`);
    yield { entry, path: `${path}/${name}` };
  }
}
