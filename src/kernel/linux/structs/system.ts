import { inside, text } from '../../../types/fields.ts';

/** The machine as a whole: include/linux/utsname.h. */
export const systemStructs = {
  uts_namespace: { name: inside('new_utsname') },
  new_utsname: { sysname: text, nodename: text, release: text, version: text, machine: text },
} as const;
