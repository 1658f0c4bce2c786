// Explains how an address or symbol leads to bytes, one page-table entry after the other.
// `vestige explain` shows it.
import { hex, isKernelAddress, type PhysicalAddress, type VirtualAddress, wrapped } from '../base/address.ts';
import { EvidenceFault, UsageError } from '../base/errors.ts';
import { tasks } from '../kernel/linux/process/processes.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import type { Explanation } from '../plugin/document.ts';
import type { KernelSymbol } from '../profile/kallsyms.ts';
import type { AddressSpace } from '../translate/address-space.ts';
import { SymbolTable } from './linux/symbol-table.ts';
import type { Session } from './session.ts';

const SHOWN_BYTES = 128;
/** A symbol further below than this explains nothing: the address is past the image. */
const NEAR = 0x100_0000n;

/** Explains where `asked` (an address in hex, or `symbol`, or `symbol+0x10`) leads, in the kernel's space or a process's. @throws UsageError */
export function explain(session: Session, asked: string, pid?: number): Explanation {
  const table = new SymbolTable(session);
  const virtual = addressOf(asked, table, session.profile.pointerBytes);
  const { space, name } = spaceOf(session, pid);
  const near = isKernelAddress(virtual, session.profile.pointerBytes) ? table.nearest(virtual) : undefined;
  const steps = walked(space, virtual);
  const base = {
    asked,
    symbol: near === undefined || virtual - near.address > NEAR ? null : named(near, virtual),
    address: hex(virtual),
    space: name,
    steps,
  };
  try {
    const at = space.translate(virtual);
    const offset = space.memory.source.fileOffset(at);
    const place = { physical: hex(at), fileOffset: offset === null ? null : hex(offset) };
    return { ...base, ...place, ...bytesAt(space.memory, at) };
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return { ...base, physical: null, fileOffset: null, ...faulting(fault) };
  }
}

/** The entries of the walk as far as it goes: what ends it early is said by the translation itself. */
function walked(space: AddressSpace, virtual: VirtualAddress): Explanation['steps'] {
  const steps: Explanation['steps'][number][] = [];
  try {
    for (const step of space.paging.steps(space.memory, virtual)) {
      steps.push({ ...step, at: hex(step.at), entry: hex(step.entry) });
    }
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
  }
  return steps;
}

const named = ({ name, address }: KernelSymbol, virtual: VirtualAddress): string =>
  virtual === address ? name : `${name}+${hex(virtual - address)}`;

function bytesAt(memory: PhysicalMemory, at: PhysicalAddress): Pick<Explanation, 'bytes' | 'fault'> {
  try {
    return {
      bytes: Buffer.from(memory.restOfPage(at).subarray(0, SHOWN_BYTES)).toString('hex'),
      fault: null,
    };
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return faulting(fault);
  }
}

const faulting = ({ code, message }: EvidenceFault) => ({ bytes: '', fault: { code, message } });

function addressOf(asked: string, table: SymbolTable, pointerBytes: 4 | 8): VirtualAddress {
  if (/^0x[0-9a-f]{1,16}$/i.test(asked)) return BigInt(asked);
  // Without 0x only what is as long as kernel addresses are: `cafe` may be a symbol.
  if (/^[0-9a-f]{8,16}$/i.test(asked) && asked.length >= (pointerBytes === 8 ? 12 : 8))
    return BigInt(`0x${asked}`);
  const [, name = asked, sign = '+', offset = '0'] = /^([\w.$]+)([+-])(0x[0-9a-f]+|\d+)$/i.exec(asked) ?? [];
  const found = table.named(name);
  if (found.length === 0)
    throw new UsageError(`${name} is neither an address in hex nor a symbol of this kernel`);
  if (found.length > 1) {
    throw new UsageError(
      `${name} is ambiguous: ${found.map(({ type, address }) => `${type} ${hex(address)}`).join(', ')}`,
    );
  }
  return wrapped(found[0]!.address + (sign === '-' ? -BigInt(offset) : BigInt(offset)), pointerBytes);
}

function spaceOf({ kernel }: Session, pid: number | undefined): { space: AddressSpace; name: string } {
  if (pid === undefined) return { space: kernel.space, name: 'kernel' };
  for (const task of tasks(kernel)) {
    if (task.pid !== pid) continue;
    const space = task.userSpace;
    if (space === null) throw new UsageError(`process ${pid} is a kernel thread: it has no space of its own`);
    return { space, name: `process ${pid} (${task.name})` };
  }
  throw new UsageError(`no process ${pid} in the snapshot`);
}
