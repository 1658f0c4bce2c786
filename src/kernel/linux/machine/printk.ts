// The kernel log, as dmesg shows it.
// Linux: kernel/printk/printk_ringbuffer.h (since v5.10), kernel/printk/printk.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import { decodeText } from '../../../base/text.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { clockOf } from './clock.ts';

/** More descriptors than any log has: CONFIG_LOG_BUF_SHIFT is at most 25, and a record takes 32 bytes. */
const MAXIMUM_RECORDS = 1 << 20;

/** CONFIG_LOG_BUF_SHIFT is at most 25, and log_buf_len= on the command line at most 2 GiB. */
const MAXIMUM_SIZE_BITS = 31;

/** What both forms of record have: `printk_info` and `printk_log`. */
type Header = Pick<Kernel<'printk_info'>, 'ts_nsec' | 'facility' | 'level'> & {
  readonly caller_id?: number | undefined;
};

/** Where a record's text is. Finding out may fault. */
type TextReader = () => Uint8Array;

/** One record of the kernel log. */
export class LogRecord {
  readonly raw: Header;
  readonly #kernel: Linux;
  readonly #text: TextReader;
  constructor(raw: Header, kernel: Linux, text: TextReader) {
    this.raw = raw;
    this.#kernel = kernel;
    this.#text = text;
  }
  /** Seconds since boot by the kernel's own clock, which stops in suspend; to the microsecond, as dmesg shows it. */
  get time(): number {
    return Number(this.raw.ts_nsec / 1000n) / 1e6;
  }
  /**
   * When that was by the guest's wall clock, as `dmesg -T` says it: the log's clock starts some tenths of a second before
   * the others and stands still while the machine sleeps, and who sets the wall clock moves every date. @throws EvidenceFault
   */
  get date(): Date {
    return clockOf(this.#kernel).at(this.raw.ts_nsec);
  }
  /** `emerg`, `alert`, `crit`, `err`, `warn`, `notice`, `info` or `debug`. */
  get level(): string {
    return LEVELS[this.raw.level & 7]!;
  }
  /** `kern` for the kernel itself; others wrote through /dev/kmsg. One without a name is its number. */
  get facility(): string {
    return FACILITIES[this.raw.facility] ?? String(this.raw.facility);
  }
  /**
   * Who logged: `T123` is the thread with that number, `C0` a CPU outside any task. Since v5.10 every record has
   * it, whether or not CONFIG_PRINTK_CALLER lets dmesg show it. Null where this kernel does not record it.
   */
  get caller(): string | null {
    const id = this.raw.caller_id;
    if (id === undefined) return null;
    return (id & 0x8000_0000) !== 0 ? `C${id & 0x7fff_ffff}` : `T${id}`;
  }
  /** The text, without a final newline; may have several lines. */
  get text(): string {
    return decodeText(this.#text());
  }
}

/** The kernel log, oldest record first: what `dmesg` shows, and what was overwritten is gone. */
export function* logRecords(kernel: Linux): Generator<LogRecord> {
  if (kernel.types.has('printk_ringbuffer')) yield* ringRecords(kernel);
  else yield* bufferRecords(kernel);
}

// Descriptor states of kernel/printk/printk_ringbuffer.h, in the two highest bits of `state_var`. A reserved record is being
// written, and a reusable descriptor has none: the ring's oldest is so until the ring is full.
const COMMITTED = 1;
const FINALIZED = 2;

/** A committed record is complete but may still be continued: dmesg waits for its end, evidence need not. */
const isReadable = (state: number): boolean => state === COMMITTED || state === FINALIZED;

/** Records that may be under way at one moment: one for each CPU and interrupt that logs, and some more. */
const MAXIMUM_UNFINISHED = 64;

/** Records of the lockless ring buffer: descriptors from tail to head, each naming a block of text. */
function* ringRecords(kernel: Linux): Generator<LogRecord> {
  const ring = kernel.at('printk_ringbuffer', kernel.pointerOf('prb'));
  const { count_bits, descs, infos, head_id: head, tail_id: tail } = ring.desc_ring;
  const idBits = 8 * kernel.types.pointerBytes - 2;
  const count = BigInt.asUintN(idBits, head - tail) + 1n;
  if (count_bits > 32 || count > 1n << BigInt(count_bits) || count > MAXIMUM_RECORDS) {
    throw new CorruptStructure(`kernel log has ${count} records in 2^${count_bits} descriptors`);
  }
  const mask = (1n << BigInt(count_bits)) - 1n;
  const [descBytes, infoBytes] = [kernel.types.sizeOf('prb_desc'), kernel.types.sizeOf('printk_info')];
  let [unfinished, damaged] = [0, 0];
  for (let nth = 0n; nth < count; nth++) {
    const id = BigInt.asUintN(idBits, tail + nth);
    const index = id & mask;
    const desc = kernel.at('prb_desc', descs + index * BigInt(descBytes));
    const what = `record ${nth} of the kernel log`;
    const state = kernel.attempt(() => desc.state_var, null, what);
    if (state === null) continue;
    if (BigInt.asUintN(idBits, state) !== id) {
      damaged++;
      continue;
    }
    if (!isReadable(Number(state >> BigInt(idBits)))) {
      unfinished++;
      continue;
    }
    const info = kernel.at('printk_info', infos + index * BigInt(infoBytes));
    if (kernel.attempt(() => isLost(info, desc), false, what)) damaged++;
    else
      yield new LogRecord(info, kernel, () => ringText(kernel, ring.text_data_ring, desc, id, info.text_len));
  }
  const lost = damaged + (unfinished > MAXIMUM_UNFINISHED ? unfinished : 0);
  if (lost > 0) kernel.note(`${lost} of ${count} records of the kernel log are damaged, and left out`);
}

/**
 * Whether a record's head is zeros where its descriptor says that there is a record. One whose text was a newline alone
 * has a block and no text, but its time and its level.
 */
const isLost = ({ text_len, ts_nsec, level }: Kernel<'printk_info'>, desc: Kernel<'prb_desc'>): boolean =>
  text_len === 0 && ts_nsec === 0n && level === 0 && hasBlock(desc);

/** Whether a descriptor names a block of text: an odd position says that there is none. */
const hasBlock = ({ text_blk_lpos: { begin, next } }: Kernel<'prb_desc'>): boolean =>
  (begin & next & 1n) === 0n;

/** The text that a descriptor names. A block that does not fit before the buffer's end lies at its beginning. */
function ringText(
  kernel: Linux,
  ring: Kernel<'prb_data_ring'>,
  desc: Kernel<'prb_desc'>,
  id: bigint,
  length: number,
): Uint8Array {
  const { begin, next } = desc.text_blk_lpos;
  // The text is empty, or there was no room for it.
  if (!hasBlock(desc)) return new Uint8Array();
  if (ring.size_bits > MAXIMUM_SIZE_BITS) {
    throw new CorruptStructure(`texts of the kernel log have 2^${ring.size_bits} bytes`);
  }
  const sizeBits = BigInt(ring.size_bits);
  const mask = (1n << sizeBits) - 1n;
  const wraps = begin >> sizeBits !== (next - 1n) >> sizeBits;
  const start = wraps ? 0n : begin & mask;
  const blockBytes = wraps ? next & mask : next - begin;
  const idBytes = BigInt(kernel.types.pointerBytes);
  if (blockBytes < idBytes || blockBytes > mask + 1n) {
    throw new CorruptStructure(`log record ${id} has a text block of ${blockBytes} bytes`);
  }
  const block = ring.data + start;
  const owner = kernel.pointerAt(block);
  if (owner !== id)
    throw new CorruptStructure(`text of log record ${id} was overwritten by that of ${owner}`);
  return textAt(kernel, block + idBytes, Math.min(length, Number(blockBytes - idBytes)));
}

/** A text of the log. @throws CorruptStructure where its end lies on a page of zeros: no text has them */
function textAt({ space }: Linux, address: VirtualAddress, length: number): Uint8Array {
  const text = space.bytes(address, length);
  const nul = text.indexOf(0);
  if (nul >= 0 && space.isBlankAt(address + BigInt(nul)))
    throw new CorruptStructure('the end of a log record lies on a page of zeros');
  return text;
}

/** Records of the plain buffer of older kernels: header, text, dictionary, and the next header after them. */
function* bufferRecords(kernel: Linux): Generator<LogRecord> {
  const buffer = kernel.pointerOf('log_buf');
  const bufferBytes = kernel.u32Of('log_buf_len');
  const headerBytes = kernel.types.sizeOf('printk_log');
  const end = kernel.u32Of('log_next_idx');
  const first = kernel.u64Of('log_first_seq');
  const next = kernel.u64Of('log_next_seq');
  let at = kernel.u32Of('log_first_idx');
  for (let seq = first; seq < next && seq - first < MAXIMUM_RECORDS; seq++) {
    // A header of length 0, or none at all, where the next record did not fit: it is at the buffer's beginning.
    if (at + headerBytes > bufferBytes || kernel.at('printk_log', buffer + BigInt(at)).len === 0) at = 0;
    const header = kernel.at('printk_log', buffer + BigInt(at));
    const { len, text_len } = header;
    if (len < headerBytes + text_len || at + len > bufferBytes) {
      throw new CorruptStructure(`log record ${seq} of ${len} bytes does not fit its buffer`);
    }
    const text = buffer + BigInt(at + headerBytes);
    yield new LogRecord(header, kernel, () => textAt(kernel, text, text_len));
    at += len;
  }
  if (at !== end) kernel.note(`kernel log ends at ${at}, and the kernel says ${end}`);
}

/** In the order of their numbers: include/linux/kern_levels.h. */
const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];

/** In the order of their numbers: syslog(3). Those between ftp and local0 have no name there. */
const FACILITIES: readonly (string | undefined)[] = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp'],
  ...[undefined, undefined, undefined, undefined],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
];
