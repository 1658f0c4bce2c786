import type { Listener } from '../../src/base/listener.ts';

/** Hears, and says nothing. */
export const SILENT: Listener = { warn: () => undefined, say: () => undefined, progress: () => undefined };
