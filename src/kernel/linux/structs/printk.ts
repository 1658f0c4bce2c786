/** Filled as questions about this part of the kernel are written. */
export const printkStructs = {} as const;
