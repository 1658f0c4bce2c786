import { hex, physical, type VirtualAddress } from '../base/address.ts';
import { EvidenceFault, ForensicError, UsageError } from '../base/errors.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import type { AddressSpace } from '../translate/address-space.ts';
import type { Session } from './session.ts';
import { SymbolTable } from './symbol-table.ts';

/** One page-table entry of the walk, decoded. Addresses in hex. */
export interface ExplainedStep {
  readonly level: number;
  readonly table: string;
  readonly at: string;
  readonly index: number;
  readonly entry: string;
  readonly flags: readonly string[];
}

/** The road from what the user typed to the bytes: plain JSON data. */
export interface Explanation {
  /** What was asked, as typed. */
  readonly asked: string;
  /** `kernel`, or `process 42 (sshd)`. */
  readonly space: string;
  readonly virtual: string;
  /** `init_task+0x10`, where the kernel image has a symbol at or just before the address. */
  readonly symbol: string | null;
  readonly paging: string;
  readonly steps: readonly ExplainedStep[];
  readonly physical: string | null;
  /** Offset of the byte in the file; null where it is stored compressed or not at all. */
  readonly fileOffset: number | null;
  /** Why the walk ended early, or null. */
  readonly fault: string | null;
  /** Bytes from the address on, at most to the end of the page, in hex. */
  readonly bytes: string | null;
}

const SHOWN_BYTES = 128;
/** A symbol further below than this explains nothing: the address is past the image. */
const NEAR = 0x100_0000n;

/** Explains where `asked` (an address in hex, or `symbol`, or `symbol+0x10`) leads, in the kernel's space or a process's. @throws UsageError */
export function explain(session: Session, asked: string, pid?: number): Explanation {
  const table = tryTable(session);
  const virtual = addressOf(asked, table);
  const { space, name } = spaceOf(session, pid);
  const near = virtual >= 1n << 63n ? table?.nearest(virtual) : undefined;
  const steps = space.paging
    .steps(space.memory, virtual)
    .map(({ level, table: kind, at, index, entry, flags }) => ({
      level,
      table: kind,
      at: hex(at),
      index,
      entry: hex(entry),
      flags,
    }));
  const base = {
    asked,
    space: name,
    virtual: hex(virtual),
    symbol:
      near === undefined || virtual - near.address > NEAR
        ? null
        : `${near.name}+${hex(virtual - near.address)}`,
    paging: space.paging.name,
    steps,
  };
  try {
    const at = space.translate(virtual);
    const place = { physical: hex(at), fileOffset: space.memory.source.fileOffset(at) };
    return { ...base, ...place, ...bytesAt(space.memory, at) };
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return { ...base, physical: null, fileOffset: null, fault: fault.message, bytes: null };
  }
}

function bytesAt(memory: PhysicalMemory, at: number): { fault: string | null; bytes: string | null } {
  try {
    const bytes = memory.restOfPage(physical(at)).subarray(0, SHOWN_BYTES);
    return { fault: null, bytes: Buffer.from(bytes).toString('hex') };
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return { fault: fault.message, bytes: null };
  }
}

/** A kernel bound by a profile alone may have no kallsyms: then addresses are explained without names. */
function tryTable({ snapshot, located }: Session): SymbolTable | undefined {
  try {
    return new SymbolTable(snapshot, located);
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
    return undefined;
  }
}

function addressOf(asked: string, table: SymbolTable | undefined): VirtualAddress {
  if (/^0x[0-9a-f]{1,16}$/i.test(asked)) return BigInt(asked);
  if (/^[0-9a-f]{12,16}$/i.test(asked)) return BigInt(`0x${asked}`);
  const [, name = asked, sign = '+', offset = '0'] = /^([\w.$]+)([+-])(0x[0-9a-f]+|\d+)$/i.exec(asked) ?? [];
  const found = table?.named(name) ?? [];
  if (found.length === 0)
    throw new UsageError(`${name} is neither an address in hex nor a symbol of this kernel`);
  if (found.length > 1) {
    throw new UsageError(
      `${name} is ambiguous: ${found.map(({ type, address }) => `${type} ${hex(address)}`).join(', ')}`,
    );
  }
  return BigInt.asUintN(64, found[0]!.address + (sign === '-' ? -BigInt(offset) : BigInt(offset)));
}

function spaceOf({ kernel }: Session, pid: number | undefined): { space: AddressSpace; name: string } {
  if (pid === undefined) return { space: kernel.space, name: 'kernel' };
  for (const task of kernel.tasks()) {
    if (task.pid !== pid) continue;
    const space = task.userSpace;
    if (space === null) throw new UsageError(`process ${pid} is a kernel thread: it has no space of its own`);
    return { space, name: `process ${pid} (${task.name})` };
  }
  throw new UsageError(`no process ${pid} in the snapshot`);
}
