// What a kernel says of its own place, held against where it was found. Whoever draws a second kernel into memory must
// make all of it agree; what does not is said, and another kernel of which it does is shown instead.
import { hex, highWord, isKernelAddress, lowWord, physical } from '../../base/address.ts';
import { EvidenceFault } from '../../base/errors.ts';
import type { Linux } from '../../kernel/linux/linux.ts';
import { initTask, Task } from '../../kernel/linux/process/task.ts';
import type { SymbolName } from '../../kernel/linux/symbols.ts';
import type { BindingStep } from '../../plugin/document.ts';
import { parseVmcoreinfo, vmcoreinfoIn } from '../../profile/vmcoreinfo.ts';
import { rulesOf } from './architecture/all.ts';
import { IMAGE_REACH_BYTES } from './image.ts';
import { type Located, locate } from './kernel-location.ts';

/** What the checks came to. */
export interface Proof {
  /** What contradicts the place, as sentences. None of a kernel that is what it seems. */
  readonly contradictions: readonly string[];
  /** What could not be checked because memory is missing or was overwritten, as sentences. */
  readonly unread: readonly string[];
}

/** What one check found: it agrees, it contradicts, what should be there is not, or this build has nothing to check. */
type Finding = readonly [outcome: 'agrees' | 'contradicts' | 'lacking' | 'silent', detail: string];

interface Check {
  /** A word for the line in `info`. */
  readonly step: string;
  /** @throws EvidenceFault where memory is missing */
  readonly find: (kernel: Linux, located: Located) => Finding;
}

/** Page tables of so many processes are held against the kernel's own. */
const MOST_PROCESSES = 4;
/** So far the task list is followed to find them: kernel threads have none. */
const MOST_TASKS = 4096;

const CHECKS: readonly Check[] = [
  { step: 'image', find: imageInPlace },
  { step: 'distance', find: ownDistance },
  { step: 'init_mm', find: ownTables },
  { step: 'own text', find: ownVmcoreinfo },
  { step: 'idt', find: ownInterrupts },
  { step: 'processes', find: processTables },
];

/** Holds a kernel that was found against what it says itself. Each check is a step. */
export function prove(kernel: Linux, located: Located, steps: BindingStep[]): Proof {
  const contradictions: string[] = [];
  const unread: string[] = [];
  for (const { step, find } of CHECKS) {
    const [outcome, detail] = findingOf(() => find(kernel, located));
    if (outcome === 'contradicts') contradictions.push(detail);
    if (outcome === 'lacking') unread.push(detail);
    if (outcome !== 'silent')
      steps.push({ step, outcome: outcome === 'agrees' ? 'verified' : 'failed', detail });
  }
  return { contradictions, unread };
}

function findingOf(find: () => Finding): Finding {
  try {
    return find();
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return ['lacking', fault.message];
  }
}

/** Every symbol of the image is where the image is: its tables map none elsewhere. */
function imageInPlace(kernel: Linux, { delta }: Located): Finding {
  const { space, profile } = kernel;
  let count = 0;
  for (const name of Object.keys(profile.symbols) as SymbolName[]) {
    const address = kernel.symbol(name);
    if (!isKernelAddress(address, profile.pointerBytes)) continue; // an offset, or a constant
    const frame = space.paging.probe(space.memory, highWord(address), lowWord(address));
    if (frame === -1) continue; // what was needed at the start only is given back
    const [mapped, expected] = [frame + Number(address & 0xfffn), placeOf(address, delta)];
    if (mapped !== expected)
      return ['contradicts', `${name} is mapped to ${hex(mapped)}, and the image has it at ${hex(expected)}`];
    count++;
  }
  return ['agrees', `${count} symbols are mapped to where the image has them`];
}

/** What the kernel keeps as the distance of its image is that distance, read where the image is. */
function ownDistance(kernel: Linux, { architecture, delta }: Located): Finding {
  const { distance } = rulesOf[architecture];
  if (distance === null || !kernel.hasSymbol(distance.symbol)) return ['silent', ''];
  const { symbol } = distance;
  const value = kernel.space.memory.u64(physical(placeOf(kernel.symbol(symbol), delta)));
  const expected = distance.of(delta);
  return value === expected
    ? ['agrees', `${symbol} is ${hex(value)}`]
    : ['contradicts', `${symbol} in the image is ${hex(value)}, and the image is moved by ${hex(expected)}`];
}

/** The kernel's own address space has the page tables that it was found by. */
function ownTables(kernel: Linux, { paging }: Located): Finding {
  if (!kernel.hasSymbol('init_mm')) return ['silent', ''];
  const root = kernel.space.translate(kernel.at('mm_struct', kernel.symbol('init_mm')).pgd);
  return pageOf(root, kernel) === pageOf(paging.root, kernel)
    ? ['agrees', `init_mm has the page tables at ${hex(paging.root)}`]
    : ['contradicts', `init_mm has its page tables at ${hex(root)}, not at ${hex(paging.root)}`];
}

/** The VMCOREINFO that the kernel itself points to leads to the same place. */
function ownVmcoreinfo(kernel: Linux, { paging, delta }: Located): Finding {
  const own = ownText(kernel);
  if (own === null) return ['silent', ''];
  const [name, at, text] = own;
  const vmcoreinfo = text === null ? null : parseVmcoreinfo(text);
  if (vmcoreinfo === null) return ['lacking', `${name} leads to no VMCOREINFO at ${hex(at)}`];
  const isSame = locate(vmcoreinfo)?.places.some(
    (place) => place.delta === delta && place.paging.root === paging.root,
  );
  return isSame === true
    ? ['agrees', `${name} leads to the VMCOREINFO at ${hex(at)}, which says the same`]
    : ['contradicts', `${name} leads to a VMCOREINFO at ${hex(at)} that says otherwise`];
}

/**
 * The kernel's own VMCOREINFO, by the name of the pointer to it; null where it has made none yet, or does not list the
 * pointers. While it crashes, one may lead to memory that is kept out of dumps (kernel/crash_core.c,
 * vmcoreinfo_data_safecopy). @throws EvidenceFault where none can be read
 */
function ownText(kernel: Linux): readonly [name: string, at: number, text: string | null] | null {
  let missing: EvidenceFault | undefined;
  for (const name of ['vmcoreinfo_data', 'vmcoreinfo_note'] as const) {
    if (!kernel.hasSymbol(name)) continue;
    try {
      const at = textPlace(kernel, kernel.symbol(name));
      if (at === 0n) continue;
      const page = kernel.space.bytes(at, 4096 - Number(at & 0xfffn));
      return [name, kernel.space.translate(at), vmcoreinfoIn(page)];
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      missing ??= fault;
    }
  }
  if (missing !== undefined) throw missing;
  return null;
}

/** Until Linux kernel commit 203e9e41219b ("kexec: move vmcoreinfo out of the kernel's .bss section") (in v4.13) the text was the variable. */
function textPlace(kernel: Linux, variable: bigint): bigint {
  return vmcoreinfoIn(kernel.space.readableBytes(variable, 4096)) === null
    ? kernel.pointerAt(variable)
    : variable;
}

/** The handler of page faults: interrupt 14 (Intel SDM vol. 3A, 6.3.1), in a gate of 16 bytes (6.14.1). */
const PAGE_FAULT = 14;
const GATE_BYTES = 16;

/** Interrupts lead into the image. Early in a start there is no table yet. */
function ownInterrupts(kernel: Linux, { architecture, delta }: Located): Finding {
  if (architecture !== 'x86-64' || !kernel.hasSymbol('idt_table') || !kernel.hasSymbol('_text'))
    return ['silent', ''];
  const place = placeOf(kernel.symbol('idt_table'), delta) + PAGE_FAULT * GATE_BYTES;
  const { memory } = kernel.space;
  const [low, high] = [memory.u64(physical(place)), memory.u64(physical(place + 8))];
  const handler = ((high & 0xffff_ffffn) << 32n) | ((low >> 32n) & 0xffff_0000n) | (low & 0xffffn);
  if (low === 0n && high === 0n) return ['silent', ''];
  const within = handler - kernel.symbol('_text');
  return within >= 0n && within < BigInt(IMAGE_REACH_BYTES)
    ? ['agrees', `page faults are handled at ${hex(handler)}, in the image`]
    : ['contradicts', `page faults are handled at ${hex(handler)}, which is not in the image`];
}

/**
 * Processes see the kernel where its own tables have it: on x86 each one's page tables map both halves. What draws
 * other tables beside the kernel's must draw those of all processes too.
 */
function processTables(kernel: Linux, { architecture, delta, known }: Located): Finding {
  if (architecture === 'aarch64') return ['silent', ''];
  let count = 0;
  for (const task of userTasks(kernel)) {
    const { paging } = task.userSpace!;
    for (const [name, address] of known) {
      const frame = paging.probe(kernel.space.memory, highWord(address), lowWord(address));
      if (frame === -1 || frame + Number(address & 0xfffn) === placeOf(address, delta)) continue;
      const mapped = hex(frame + Number(address & 0xfffn));
      return [
        'contradicts',
        `the page tables of ${task.label} map ${name} to ${mapped}, not to ${hex(placeOf(address, delta))}`,
      ];
    }
    count++;
  }
  return count === 0
    ? ['silent', '']
    : ['agrees', `page tables of ${count} processes map the image as the kernel's own do`];
}

function* userTasks(kernel: Linux): Generator<Task> {
  let [seen, found] = [0, 0];
  // No more than the first of the list: whether it is whole is for questions to find out.
  for (const raw of initTask(kernel).raw.tasks) {
    if (++seen > MOST_TASKS) return;
    const task = new Task(raw, kernel);
    if (task.userSpace === null) continue;
    yield task;
    if (++found >= MOST_PROCESSES) return;
  }
}

/** The physical address at which the image has what is at a virtual one. */
const placeOf = (address: bigint, delta: bigint): number => Number(BigInt.asUintN(64, address - delta));

const pageOf = (at: number, { pageBytes }: Linux): number => Math.floor(at / pageBytes);
