// Which questions are the program's own. Only their answers are remembered and taken over: a plugin that is being written
// changes without a new version, and nobody knows whether somebody else's rests on memory alone.
import { plugins } from '../../plugins/index.ts';
import type { AnyPlugin } from '../plugin/contract.ts';

/** Whether a plugin ships with the program. */
export const isOwn = (plugin: AnyPlugin): boolean => plugins.includes(plugin);
