// The columns of questions about code that the kernel calls through a pointer: which function is there, whose it is, and whether it
// should be. Each question has the pointer itself under a name of its own.
import type { CodeOwnerKind } from '../kernel/linux/integrity/code-owner.ts';
import type { CodePointer, Verdict } from '../kernel/linux/integrity/code-pointer.ts';

/** What the columns of words can hold. */
export const CODE_WORDS = {
  verdict: ['expected', 'unknown', 'hidden'],
  owner: ['kernel', 'module', 'hidden-module', 'bpf', 'trampoline', 'nobody'],
} as const satisfies { readonly verdict: readonly Verdict[]; readonly owner: readonly CodeOwnerKind[] };

/** The function that a pointer leads to, and whose code that is. @param member where a subject has the pointer */
export const codeColumns = <M extends string>(member: M) => ({
  symbol: {
    text: (subject: { readonly [K in M]: CodePointer }) => subject[member].symbol,
    help: 'the function there; null in nobody’s code',
  },
  owner: {
    text: (subject: { readonly [K in M]: CodePointer }) => subject[member].ownerKind,
    help: 'whose code it is: kernel, module, hidden-module, bpf, trampoline or nobody',
  },
  module: {
    text: (subject: { readonly [K in M]: CodePointer }) => subject[member].module,
    help: 'the module whose code it is',
  },
});

/** What to make of a place where code of the kernel and of its own modules is right. */
export const ownCodeVerdict = {
  text: ({ verdict }: { readonly verdict: Verdict }) => verdict,
  help: 'expected: the kernel’s own code, or that of a module of its build; unknown: code of another module; hidden: code of a hidden module, or nobody’s',
};
