// What an intruder could write into a kernel's memory so that reading it never ends, or fills the reader's memory. Each
// forgery changes some kilobytes and promises millions of rows, or texts of gigabytes.
import { openFilesOf } from '../../src/kernel/linux/process/open-files.ts';
import { initTask, type Task } from '../../src/kernel/linux/process/task.ts';
import { type Forge, PAGE } from './forge.ts';

const PF_KTHREAD = 0x0020_0000;

/** A forgery, and the questions that it is meant for. */
export interface Forgery {
  readonly questions: readonly string[];
  readonly forge: (memory: Forge) => void;
}

/** Gives a process these bytes as its arguments and its environment. */
function giveWords(memory: Forge, task: Task, fill: (bytes: Buffer) => void): void {
  const { bytes, address } = memory.room();
  fill(bytes);
  const mm = task.memory!.raw;
  for (const [from, to] of [
    ['arg_start', 'arg_end'],
    ['env_start', 'env_end'],
  ] as const) {
    memory.word(memory.at(mm, 'mm_struct', from), address);
    memory.word(memory.at(mm, 'mm_struct', to), address + BigInt(bytes.length));
  }
}

/** Gives every task, kernel threads too, the memory of one. */
function shareMemory(memory: Forge, of: Task): void {
  const { address } = of.memory!.raw;
  for (const task of memory.tasks) {
    memory.word(memory.at(task.raw, 'task_struct', 'mm'), address);
    memory.half(memory.at(task.raw, 'task_struct', 'flags'), task.raw.flags & ~PF_KTHREAD);
  }
}

/** Puts another array into the table of descriptors that all kernel threads share. */
function giveDescriptors(memory: Forge, array: bigint, count: number): void {
  const { fdt } = memory.task(2).raw.files!;
  memory.word(memory.at(fdt, 'fdtable', 'fd'), array);
  memory.half(memory.at(fdt, 'fdtable', 'max_fds'), count);
}

/** An open file: descriptor 0 of the first process. */
const openFile = (memory: Forge): bigint => memory.kernel.pointerAt(memory.task(1).raw.files!.fdt.fd);

/** An open socket of some process. */
function openSocket(memory: Forge): bigint {
  const operations = memory.kernel.symbol('socket_file_ops');
  for (const task of memory.tasks)
    for (const { raw } of openFilesOf(task)) if (raw.f_op === operations) return raw.address;
  throw new Error('the sample has no open socket');
}

function fillWith(bytes: Buffer, word: bigint): void {
  for (let at = 0; at < bytes.length; at += 8) bytes.writeBigUInt64LE(word, at);
}

/** Makes the free memory a list of entries 16 bytes apart, each a link to the next, and hangs it into one between two links. */
function lengthenList(memory: Forge, link: bigint): void {
  const { bytes, address } = memory.room();
  const next = memory.kernel.pointerAt(link);
  const last = bytes.length - 16;
  for (let at = 0; at <= last; at += 16) {
    bytes.writeBigUInt64LE(at === last ? next : address + BigInt(at + 16), at);
    bytes.writeBigUInt64LE(at === 0 ? link : address + BigInt(at - 16), at + 8);
  }
  memory.word(link, address);
}

/** Fills the free memory with copies of a process, each with a number of its own, and hangs them behind the last process. */
function copyProcess(memory: Forge): void {
  const { bytes, address } = memory.room();
  const { types, space } = memory.kernel;
  const original = memory.task(1).raw;
  const size = types.sizeOf('task_struct');
  const copy = Buffer.from(space.readableBytes(original.address, size));
  const links = types.offsetOf('task_struct', 'tasks');
  const head = memory.at(initTask(memory.kernel).raw, 'task_struct', 'tasks');
  let last = memory.kernel.pointerAt(head + 8n);
  for (let at = 0; at + size <= bytes.length; at += size) {
    copy.copy(bytes, at);
    bytes.writeUInt32LE(1_000_000 + at / size, at + types.offsetOf('task_struct', 'pid'));
    bytes.writeUInt32LE(1_000_000 + at / size, at + types.offsetOf('task_struct', 'tgid'));
    const link = address + BigInt(at + links);
    memory.word(last, link);
    memory.word(link + 8n, last);
    last = link;
  }
  memory.word(last, head);
  memory.word(head + 8n, last);
}

/** By what each does. */
export const forgeries: Readonly<Record<string, Forgery>> = {
  'arguments of no UTF-8': {
    questions: ['pslist', 'env'],
    forge: (memory) => giveWords(memory, memory.task(1), (bytes) => bytes.fill(0xe0)),
  },
  'one memory for all tasks, with a single long text': {
    questions: ['pslist', 'env', 'maps'],
    forge(memory) {
      giveWords(memory, memory.task(1), (bytes) => bytes.fill(0xe0));
      shareMemory(memory, memory.task(1));
    },
  },
  'one memory for all tasks, with millions of variables': {
    questions: ['env'],
    forge(memory) {
      giveWords(memory, memory.task(1), (bytes) => bytes.fill('a\0'));
      shareMemory(memory, memory.task(1));
    },
  },
  'a table of descriptors that is one page four million times': {
    questions: ['files', 'sockets'],
    forge(memory) {
      const { address, page } = memory.repeated(8192);
      fillWith(page, openFile(memory));
      giveDescriptors(memory, address, 8192 * (PAGE / 8));
    },
  },
  'a table of descriptors in all of the free memory, one file throughout': {
    questions: ['files'],
    forge(memory) {
      const { bytes, address } = memory.room();
      fillWith(bytes, openFile(memory));
      giveDescriptors(memory, address, bytes.length / 8);
    },
  },
  'a table of descriptors in all of the free memory, one socket throughout': {
    questions: ['sockets'],
    forge(memory) {
      const { bytes, address } = memory.room();
      fillWith(bytes, openSocket(memory));
      giveDescriptors(memory, address, bytes.length / 8);
    },
  },
  'a list of tasks that lie in each other': {
    questions: ['pslist', 'pstree', 'files', 'sockets', 'keys'],
    forge: (memory) => lengthenList(memory, memory.at(initTask(memory.kernel).raw, 'task_struct', 'tasks')),
  },
  'a list of as many copies of a process as fit into the free memory': {
    questions: ['pslist', 'pstree', 'files', 'sockets', 'keys'],
    forge: copyProcess,
  },
  'a list of modules that lie in each other': {
    questions: ['modules'],
    forge: (memory) => lengthenList(memory, memory.kernel.symbol('modules')),
  },
  'records of the log that lie in each other': {
    questions: ['dmesg'],
    forge(memory) {
      const { kernel } = memory;
      const ring = kernel.at('printk_ringbuffer', kernel.pointerAt(kernel.symbol('prb')));
      const { count_bits, descs, infos } = ring.desc_ring;
      const textBits = BigInt(ring.text_data_ring.size_bits);
      for (let nth = 0n; nth < 1n << BigInt(count_bits); nth++) {
        const desc = kernel.at('prb_desc', descs + nth * BigInt(kernel.types.sizeOf('prb_desc')));
        const info = kernel.at('printk_info', infos + nth * BigInt(kernel.types.sizeOf('printk_info')));
        // Descriptors that were never used lie in pages of zeros.
        const begin = kernel.attempt(() => desc.text_blk_lpos.begin, 1n, 'a descriptor of the log');
        if ((begin & 1n) === 1n) continue;
        // Each goes on to the end of the buffer, over all that come after it.
        const end = (((begin >> textBits) + 1n) << textBits) - 8n;
        memory.word(memory.at(desc.text_blk_lpos, 'prb_data_blk_lpos', 'next'), end);
        const length = memory.at(info, 'printk_info', 'text_len');
        memory.half(length, (kernel.u32At(length) & ~0xffff) | 0xffff);
      }
    },
  },
};
