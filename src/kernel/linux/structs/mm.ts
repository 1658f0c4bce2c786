import { opt, place, ulong } from '../../../types/fields.ts';

/** Address spaces and their areas: include/linux/mm_types.h. */
export const mmStructs = {
  mm_struct: {
    pgd: ulong,
    arg_start: ulong,
    arg_end: ulong,
    env_start: ulong,
    env_end: ulong,
    // Since Linux kernel commit f1a7941243c1 ("mm: convert mm's rss stats into percpu_counter") (in v6.2),
    // `rss_stat` is an array of `percpu_counter`; before, it is a `mm_rss_stat`.
    rss_stat: place,
  },
  mm_rss_stat: { count: opt(place) },
} as const;
