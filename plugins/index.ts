import type { AnyPlugin } from '../src/plugin/contract.ts';
import dmesg from './dmesg.ts';
import env from './env.ts';
import files from './files.ts';
import keys from './keys.ts';
import maps from './maps.ts';
import modules from './modules.ts';
import mounts from './mounts.ts';
import pslist from './pslist.ts';
import pstree from './pstree.ts';
import sockets from './sockets.ts';
import superblocks from './superblocks.ts';

/** Every question that ships with the program, in the order that `--help` shows. */
export const plugins: readonly AnyPlugin[] = [
  pslist,
  pstree,
  sockets,
  files,
  maps,
  mounts,
  superblocks,
  env,
  modules,
  dmesg,
  keys,
];

/** Each by its name, typed: what programs ask by `session.ask(pslist)`. */
export { dmesg, env, files, keys, maps, modules, mounts, pslist, pstree, sockets, superblocks };
