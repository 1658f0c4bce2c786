/** Filled as questions about this part of the kernel are written. */
export const moduleStructs = {} as const;
