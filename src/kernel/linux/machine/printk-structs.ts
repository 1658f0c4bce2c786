// Structs of the kernel log.
// Linux: kernel/printk/printk_ringbuffer.h (since v5.10), kernel/printk/printk.c.
import { inside, opt, pointer, uint, ulong } from '../../../types/fields.ts';

/**
 * The kernel log: kernel/printk/printk_ringbuffer.h, kernel/printk/printk.c.
 *
 * Since Linux kernel commit 896fbe20b4e2 ("printk: use the lockless ringbuffer") (in v5.10), records are in a
 * `printk_ringbuffer`; before, `printk_log` headers and their texts lie one after the other in `log_buf`.
 */
export const printkStructs = {
  printk_ringbuffer: { desc_ring: inside('prb_desc_ring'), text_data_ring: inside('prb_data_ring') },
  prb_desc_ring: { count_bits: uint, descs: pointer, infos: pointer, head_id: ulong, tail_id: ulong },
  prb_data_ring: { size_bits: uint, data: pointer },
  prb_desc: { state_var: ulong, text_blk_lpos: inside('prb_data_blk_lpos') },
  prb_data_blk_lpos: { begin: ulong, next: ulong },
  printk_info: {
    seq: ulong,
    ts_nsec: ulong,
    text_len: uint,
    facility: uint,
    level: uint,
    caller_id: uint,
  },
  printk_log: {
    ts_nsec: ulong,
    len: uint,
    text_len: uint,
    facility: uint,
    level: uint,
    // Since Linux kernel commit 15ff2069cb7f ("printk: Add caller information to printk() output.") (in v5.1),
    // with CONFIG_PRINTK_CALLER.
    caller_id: opt(uint),
  },
} as const;
