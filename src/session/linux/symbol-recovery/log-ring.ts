// Finds `prb`, the kernel log's ring buffer.
// Linux: kernel/printk/printk.c.
import { offsetIn, only, type RecoveryInput, wordAt } from './recovery-input.ts';

/** Functions that write and read the kernel log: kernel/printk/printk.c. */
const USERS = ['vprintk_store', 'devkmsg_read', 'kmsg_dump_get_line', 'syslog_print_all', 'do_syslog'];
/** log_buf_len_setup() allows 2 GiB of text; there are never more descriptors. */
const MAXIMUM_BITS = 31n;

/** `prb`: the one pointer that these functions name to a ring of records whose numbers agree. */
export function logRing(input: RecoveryInput): bigint | undefined {
  const isRing = (ring: bigint | undefined): boolean => ring !== undefined && areNumbersOfRing(input, ring);
  return only([...input.functions.references(USERS)].filter((place) => isRing(wordAt(input, place))));
}

function areNumbersOfRing(input: RecoveryInput, ring: bigint): boolean {
  const word = (outer: string, type: string, member: string): bigint | undefined => {
    const [first, second] = [offsetIn(input, 'printk_ringbuffer', outer), offsetIn(input, type, member)];
    return first === undefined || second === undefined ? undefined : wordAt(input, ring + first + second);
  };
  const desc = (member: string): bigint | undefined => word('desc_ring', 'prb_desc_ring', member);
  const [bits, head, tail, descs] = [desc('count_bits'), desc('head_id'), desc('tail_id'), desc('descs')];
  const [textBits, data] = ['size_bits', 'data'].map((member) =>
    word('text_data_ring', 'prb_data_ring', member),
  );
  if (bits === undefined || head === undefined || tail === undefined || descs === undefined) return false;
  if (textBits === undefined || data === undefined) return false;
  const [countBits, sizeBits] = [BigInt.asUintN(32, bits), BigInt.asUintN(32, textBits)];
  const areSane = countBits > 0n && countBits <= MAXIMUM_BITS && sizeBits > 0n && sizeBits <= MAXIMUM_BITS;
  const { space } = input;
  return (
    areSane &&
    BigInt.asUintN(62, head - tail) < 1n << countBits &&
    space.isReadable(descs) &&
    space.isReadable(data)
  );
}
