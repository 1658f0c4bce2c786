import { ulong } from '../../../types/fields.ts';

/** Address spaces and their areas: include/linux/mm_types.h. */
export const mmStructs = {
  mm_struct: {
    pgd: ulong,
    arg_start: ulong,
    arg_end: ulong,
    env_start: ulong,
    env_end: ulong,
  },
} as const;
