// Structs of the machine as a whole: its name, its clock, its CPUs, its RAM.
// Linux: include/linux/utsname.h, include/linux/timekeeper_internal.h, include/linux/cpumask.h, include/linux/ioport.h.
import {
  bytes,
  inside,
  long,
  opt,
  place,
  pointer,
  ptr,
  ref,
  text,
  uint,
  ulong,
} from '../../../types/fields.ts';

/**
 * The machine as a whole: include/linux/utsname.h, include/linux/timekeeper_internal.h,
 * kernel/time/timekeeping.c, include/linux/cpumask.h, include/linux/ioport.h.
 */
export const systemStructs = {
  uts_namespace: { name: inside('new_utsname'), ns: inside('ns_common'), user_ns: ref('user_namespace') },
  new_utsname: { sysname: text, nodename: text, release: text, version: text, machine: text },
  cpumask: { bits: bytes },
  // include/linux/ioport.h: a tree, of which /proc/iomem is the text.
  resource: {
    start: ulong,
    end: ulong,
    name: pointer,
    parent: pointer,
    sibling: ptr('resource'),
    child: ptr('resource'),
  },
  // Since Linux kernel commit 10f7c178a9da ("timekeeping: Define a struct type for tk_core to make it
  // reusable") (in v6.13), the struct that holds the timekeeper has a name.
  tk_data: { timekeeper: opt(place) },
  // Since Linux kernel commit 025e82bcbc34 ("timekeeping: Use sequence counter with associated raw spinlock")
  // (in v5.9), this is what precedes the timekeeper; a plain `seqcount` before.
  seqcount_raw_spinlock: {},
  seqcount: {},
  timekeeper: { tkr_mono: inside('tk_read_base'), offs_real: long, offs_boot: long },
  tk_read_base: { xtime_nsec: ulong, shift: uint, base: long },
} as const;
