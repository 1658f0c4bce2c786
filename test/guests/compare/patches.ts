import { isTracingTold } from './code-pointers.ts';
import { type Comparison, kernelAddress, textOrNone } from './expect.ts';
import { enabledFunctions } from './ftrace.ts';
import { listedProbes } from './kprobes.ts';

export const patches: Comparison = {
  plugin: 'patches',
  isTold: isTracingTold,
  *expected({ truth }) {
    const patched = new Map<string, 'call' | 'jump' | 'breakpoint'>();
    for (const { name, hasTrampoline } of enabledFunctions(truth))
      if (hasTrampoline) patched.set(name, 'call');
    for (const { place, marks } of listedProbes(truth))
      if (!marks.includes('FTRACE') && !marks.includes('DISABLED') && !place.includes('+'))
        patched.set(place, marks.includes('OPTIMIZED') ? 'jump' : 'breakpoint');
    for (const [name, kind] of patched)
      yield {
        key: name,
        label: `${kind} in ${name}`,
        cells: {
          ...{ address: kernelAddress(truth, 1n), place: name, of: null, kind, verdict: 'expected' },
          target: kind === 'breakpoint' ? null : kernelAddress(truth, 1n),
          ...{ symbol: textOrNone, owner: kind === 'breakpoint' ? null : 'trampoline', module: null },
        },
      };
  },
  keyOf: ({ place: patched }) => String(patched),
  labelOf: ({ place: patched, kind }) => `${String(kind)} in ${String(patched)}`,
};
