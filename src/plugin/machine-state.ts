// What a machine was about, as a sentence. A machine that was up and running needs none.
// Questions say it where it explains their answer; reports say it in their first lines.
import type { Linux } from '../kernel/linux/linux.ts';
import type { MachineState, Phase } from '../kernel/linux/machine/state.ts';
import type { KernelFacts } from './document.ts';

const SENTENCES: Readonly<Record<Exclude<Phase, 'running'>, string>> = {
  starting: 'the machine was still starting',
  suspending: 'the machine was going to sleep',
  'shutting down': 'the machine was shutting down',
  restarting: 'the machine was restarting',
  panicked: 'the kernel has panicked',
};

/** The state as a sentence, for whoever finds a table empty or a machine at rest; null where it was up and running. */
export function stateSentence({ phase, panic, isCrashKernel: isCrash }: MachineState): string | null {
  const sentences = [
    ...(isCrash ? ['this is the crash kernel, which was started to save the memory of another'] : []),
    ...(phase === 'running' ? [] : [SENTENCES[phase] + (panic === null ? '' : `: ${panic}`)]),
  ];
  return sentences.length === 0 ? null : sentences.join('; ');
}

/** Phases in which a machine has few processes, modules and sockets, or none. A kernel that panicked still has all it had. */
const SPARSE: ReadonlySet<Phase> = new Set(['starting', 'shutting down', 'restarting']);

/** What a reader must know of a kernel before all else: that no CPU ran on it, and what the machine was about. */
export function kernelSentences({
  state,
  kernels,
}: Partial<Pick<KernelFacts, 'state' | 'kernels'>>): string[] {
  const isLive = kernels?.find(({ isShown }) => isShown)?.isLive;
  const sentence = state ? stateSentence(state) : null;
  return [
    ...(isLive === false ? ['no CPU ran on this kernel: the machine was reset, or ran something else'] : []),
    ...(sentence === null ? [] : [sentence]),
  ];
}

/** Says with an answer what the machine was about, where that explains why there is little or nothing in it. */
export async function noteMachineState(kernel: Linux): Promise<void> {
  const { machineOf } = await import('../kernel/linux/machine/machine.ts');
  let sentence: string | null = null;
  // What is not known of the state is said with the facts of the session, and is no gap in an answer.
  kernel.notedApart(() => {
    const state = kernel.attempt(() => machineOf(kernel).state, null, 'state of the machine');
    if (state !== null && (SPARSE.has(state.phase) || state.isCrashKernel)) sentence = stateSentence(state);
  });
  if (sentence !== null) kernel.note(sentence);
}
