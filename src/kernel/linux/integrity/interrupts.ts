// The interrupt descriptor table: what the CPU runs at an exception, an interrupt, or `int 0x80`.
// Linux: arch/x86/kernel/idt.c, struct gate_struct of arch/x86/include/asm/desc_defs.h.
import type { VirtualAddress } from '../../../base/address.ts';
import { viewOf } from '../../../base/bytes.ts';
import { mustNotBeBlank } from '../blank.ts';
import type { Linux } from '../linux.ts';
import { CodePointer, type Verdict } from './code-pointer.ts';

/** Vectors of the architecture: Intel SDM volume 3, section 6.2. */
const VECTORS = 256;
/** Bytes of a gate: Intel SDM volume 3, figures 6-2 and 6-8. */
const GATE_BYTES = { 4: 8, 8: 16 } as const;
const PRESENT = 0x8000;
/** The type of a gate, and that of one which leads to another task: the double fault of 32 bits (arch/x86/kernel/idt.c). It has no code. */
const [TYPE, TASK] = [0x1f00, 0x0500];
const DPL_SHIFT = 13;
/** Stubs of device interrupts lie side by side under one name: arch/x86/include/asm/idtentry.h. */
const STUBS = /^(?:irq_entries_start|spurious_entries_start|early_idt_handler_array)\+0x[0-9a-f]+$/;
const FUNCTION = /^[A-Za-z_][\w.]*$/;

/** A gate that is in use. */
export class Gate {
  readonly vector: number;
  readonly handler: CodePointer;
  /** The least privileged ring that may call it by an instruction: 3 for `int 0x80` and breakpoints. */
  readonly ring: number;
  constructor(vector: number, handler: CodePointer, ring: number) {
    this.vector = vector;
    this.handler = handler;
    this.ring = ring;
  }
  /** @throws EvidenceFault */
  get verdict(): Verdict {
    const verdict = this.handler.verdictAs(FUNCTION);
    return verdict === 'unknown' ? this.handler.verdictAs(STUBS) : verdict;
  }
}

/** Every gate that is present: none on Arm, which has vectors in its code in place of a table. */
export function* gates(kernel: Linux): Generator<Gate> {
  if (kernel.profile.architecture === 'aarch64') return;
  const { pointerBytes } = kernel.types;
  const size = GATE_BYTES[pointerBytes];
  const table = kernel.symbol('idt_table');
  mustNotBeBlank(kernel.space, table);
  for (let vector = 0; vector < VECTORS; vector++) {
    const at = table + BigInt(vector * size);
    const gate = kernel.attempt(() => viewOf(kernel.space.bytes(at, size)), null, `vector ${vector}`);
    if (gate === null) continue;
    const attributes = gate.getUint16(4, true);
    if ((attributes & PRESENT) === 0 || (attributes & TYPE) === TASK) continue;
    yield new Gate(
      vector,
      new CodePointer(kernel, offsetOf(gate, pointerBytes)),
      (attributes >>> DPL_SHIFT) & 3,
    );
  }
}

function offsetOf(gate: DataView, pointerBytes: 4 | 8): VirtualAddress {
  const low = BigInt(gate.getUint16(0, true)) | (BigInt(gate.getUint16(6, true)) << 16n);
  return pointerBytes === 4 ? low : low | (BigInt(gate.getUint32(8, true)) << 32n);
}
