import type { AnyPlugin } from '../src/plugin/contract.ts';
import dmesg from './dmesg.ts';
import modules from './modules.ts';
import pslist from './pslist.ts';

/** Every question that ships with the program, in the order that `--help` shows. */
export const plugins: readonly AnyPlugin[] = [pslist, modules, dmesg];
