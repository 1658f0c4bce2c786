// Functions that the kernel calls through /proc, file systems and terminals: structs of pointers, and what leads to them.
// Linux: fs/proc/generic.c, fs/super.c, drivers/tty/tty_io.c, drivers/tty/tty_ldisc.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { mustNotBeBlank } from '../blank.ts';
import type { Linux } from '../linux.ts';
import { superBlocks } from '../vfs/super-blocks.ts';
import { CodePointer, type Verdict } from './code-pointer.ts';
import type { Holding, OperationsType } from './operation-holding.ts';
import { operationStructs } from './operation-structs.ts';
import { procOperations } from './proc-entries.ts';
import { terminalOperations } from './terminals.ts';

/** A function that is called through a struct. */
export class Operation {
  /** Who leads to it first. */
  readonly holder: string;
  readonly type: OperationsType | 'function';
  /** The member of the struct: `show`; null of a function by itself. */
  readonly member: string | null;
  readonly handler: CodePointer;
  constructor({ holder, type }: Holding, member: string | null, handler: CodePointer) {
    this.holder = holder;
    this.type = type;
    this.member = member;
    this.handler = handler;
  }
  /** @throws EvidenceFault */
  get verdict(): Verdict {
    return this.handler.verdict;
  }
}

/** Every function of every struct that something leads to, each once. */
export function* operations(kernel: Linux): Generator<Operation> {
  const seen = new Set<string>();
  for (const holdings of [procOperations(kernel), fileSystemOperations(kernel), terminalOperations(kernel)])
    for (const holding of holdings) {
      const { type, address } = holding;
      const key = `${type} ${address}`;
      if (address === 0n || seen.has(key)) continue;
      seen.add(key);
      kernel.space.memory.spend(ENTRY_COST);
      yield* kernel.untilFault(functionsOf(kernel, holding), `${type} of ${holding.holder}`);
    }
}

function* functionsOf(kernel: Linux, holding: Holding): Generator<Operation> {
  const { type, address } = holding;
  if (type === 'function') return yield new Operation(holding, null, new CodePointer(kernel, address));
  const struct = kernel.at(type, address) as unknown as Readonly<Record<string, VirtualAddress | undefined>>;
  let count = 0;
  for (const member of Object.keys(operationStructs[type])) {
    if (!kernel.types.has(type, member)) continue;
    const handler = struct[member] ?? 0n;
    if (handler === 0n) continue;
    count++;
    yield new Operation(holding, member, new CodePointer(kernel, handler));
  }
  if (count === 0) mustNotBeBlank(kernel.space, address);
}

/** What file systems do with the folder that each begins with. */
function* fileSystemOperations(kernel: Linux): Generator<Holding> {
  for (const superBlock of superBlocks(kernel)) {
    const found = kernel.attempt(
      () => {
        const inode = superBlock.raw.s_root?.d_inode ?? null;
        const holder = `${superBlock.type} ${superBlock.device}`;
        return inode === null ? null : { holder, files: inode.i_fop, inodes: inode.i_op };
      },
      null,
      'operations of a file system',
    );
    if (found === null) continue;
    const { holder, files, inodes } = found;
    yield { holder, type: 'file_operations', address: files };
    yield { holder, type: 'inode_operations', address: inodes };
  }
}
