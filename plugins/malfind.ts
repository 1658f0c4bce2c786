import type { Row } from '../src/plugin/cell.ts';
import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

/** Instructions that are shown of one. */
const MOST_INSTRUCTIONS = 12;

/** What each word of `why` means, as triage tells it. */
const MEANINGS: Readonly<Record<string, string>> = {
  anonymous: 'code that is in no file',
  writable: 'a mapping of a file is writable and executable',
  elf: 'the header of a program in memory that no file is behind',
  changed: 'code that differs from its file',
  uncompared: 'code of its own that cannot be compared with its file',
};

export default definePlugin({
  name: 'malfind',
  group: 'memory',
  summary: 'List mappings that look like injected code',
  example: '--columns pid,name,start,flags,why,disassembly',
  version: 2,
  async *subjects(kernel) {
    const { suspectCode } = await import('../src/kernel/linux/process/suspect-code.ts');
    const { codeReader } = await import('../src/disassembly/code-reader.ts');
    const reader = codeReader(kernel.profile.architecture);
    for (const code of suspectCode(kernel)) {
      const { area } = code;
      yield { code, area, decode: await reader(kernel.attempt(() => code.isNarrow, false, 'word size')) };
    }
  },
  columns: {
    pid: { int: ({ area }) => area.task.pid, help: 'process ID' },
    name: { text: ({ area }) => area.task.name, help: "the kernel's name of the process (comm)" },
    start: { address: ({ area }) => area.start, help: 'first address of the mapping' },
    end: { address: ({ area }) => area.end, help: 'first address past it' },
    flags: { text: ({ area }) => area.flags, help: 'read, write, execute, private or shared' },
    path: { text: ({ area }) => area.path, help: 'the file, or what the kernel calls it' },
    why: {
      text: ({ code }) => code.suspicions.join(','),
      help: 'executable and in no file (anonymous), writable and executable (writable), in no file and begins as a program does (elf), text that is not the file’s (changed), text of its own whose file is not cached (uncompared)',
    },
    changed: {
      int: ({ code }) => code.changedPages,
      help: 'pages of text that differ from the file in the page cache; absent where they cannot be compared',
    },
    where: {
      address: ({ code }) => code.where,
      help: 'the first address that tells: where it differs, else where it has content',
    },
    hexdump: {
      text: ({ code }) => {
        const found = code.bytes;
        return found === null
          ? null
          : [...found.bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
      },
      help: 'up to 64 bytes from there on',
    },
    disassembly: {
      text: ({ code, decode }) => {
        const found = code.isCode && decode !== null ? code.bytes : null;
        return found === null ? null : decode!(found.bytes, found.at, MOST_INSTRUCTIONS).join('; ');
      },
      help: 'the first instructions there, in Intel’s syntax on x86',
    },
  },
  process: 'pid',
  processName: 'name',
  artefact: ({ area }) => ({
    name: `pid.${area.task.pid}.${area.start.toString(16)}-${area.end.toString(16)}.${area.flags}`,
    size: Number(area.end - area.start),
    pieces: () => area.pieces(),
  }),
  identity: ['pid', 'start'],
  restless: ['changed', 'where', 'hexdump', 'disassembly'],
  confidential: ['hexdump', 'disassembly'],
  followsProcess: true,
  filters: ['pid', 'name', 'flags', 'path', 'why'],
  uncut: ['flags'],
  paths: ['path'],
  dispensable: ['hexdump', 'changed', 'end', 'where', 'disassembly', 'path'],
  wording: { noun: ['suspicious mapping', 'suspicious mappings'] },
  triage: true,
  why: whySuspect,
  told: {
    changes: ['appeared'],
    noun: ['suspicious mapping', 'suspicious mappings'],
    line: ({ flags, path, name, pid }) =>
      `${textOf(flags)} ${textOf(path) || 'anonymous'} in process ${textOf(pid)} (${textOf(name)})`,
    why: whySuspect,
  },
});

function whySuspect({ why, path }: Row): string[] {
  const words = textOf(why).split(',');
  const place = textOf(path).startsWith('[') ? textOf(path) : 'memory';
  if (words.includes('writable') && words.includes('anonymous'))
    return [`${place} is writable and executable`];
  return words.flatMap((word) => MEANINGS[word] ?? []);
}
