// What of a process can be saved: all of it as a core file, a mapping, the program that it runs, files without a name that it has.
// Linux: fs/coredump.c, struct mm_struct of include/linux/mm_types.h, mm/filemap.c.
import { hex, type VirtualAddress } from '../../../base/address.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import { CachedFile } from '../memory/cached-files.ts';
import type { NamedBytes } from '../memory/pieces.ts';
import { areasOf } from '../process/areas.ts';
import { deletedFilesOf } from '../process/deleted-files.ts';
import type { Task } from '../process/task.ts';
import { coreOf } from './core-file.ts';

/** What is wanted of a process. */
export type Wanted = 'core' | 'exe' | 'deleted' | 'memfd' | { readonly at: VirtualAddress };

/** What there is of it; nothing where the process has none. @throws EvidenceFault */
export function bytesOf(task: Task, wanted: Wanted): readonly NamedBytes[] {
  const prefix = `pid.${task.pid}`;
  if (typeof wanted === 'object') return mappingAt(task, wanted.at, prefix);
  switch (wanted) {
    case 'core': {
      const core = coreOf(task);
      return core === null ? [] : [{ ...core, name: `${prefix}.${unlessFault(() => task.name, '')}.core` }];
    }
    case 'exe': {
      const { exe_file: file } = task.memory?.raw ?? { exe_file: null };
      const inode = file?.f_inode ?? null;
      if (file === null || inode === null) return [];
      const content = new CachedFile(inode, task.kernel, file.f_mapping ?? undefined).content;
      const path = unlessFault(() => task.memory?.executable, null) ?? '';
      return content === null ? [] : [{ ...content, name: `${prefix}.exe.${lastName(path)}` }];
    }
    case 'deleted':
    case 'memfd':
      return namelessFiles(task, wanted === 'memfd', prefix);
  }
}

function mappingAt(task: Task, at: VirtualAddress, prefix: string): NamedBytes[] {
  for (const area of areasOf(task)) {
    const bounds = unlessFault(() => [area.start, area.end] as const, null);
    if (bounds === null || at < bounds[0] || at >= bounds[1]) continue;
    const [start, end] = bounds;
    const flags = unlessFault(() => area.flags, 'unknown');
    const name = `${prefix}.${hex(start).slice(2)}-${hex(end).slice(2)}.${flags}`;
    return [{ name, size: Number(end - start), pieces: () => area.pieces() }];
  }
  return [];
}

/** Each once, in however many ways the process has it; what has no bytes of its own (folders, pipes) is left out. */
function namelessFiles(task: Task, onlyMemory: boolean, prefix: string): NamedBytes[] {
  const found = new Map<string, NamedBytes>();
  for (const deleted of deletedFilesOf(task)) {
    const path = unlessFault(() => deleted.path, '');
    if (onlyMemory && !path.startsWith('/memfd:')) continue;
    const content = deleted.file?.content ?? null;
    if (content === null || found.has(content.same)) continue;
    const { how, fd } = deleted.held;
    const where = fd === null ? how : `fd${fd}`;
    found.set(content.same, { ...content, name: `${prefix}.${where}.${lastName(path)}` });
  }
  return [...found.values()];
}

const lastName = (path: string): string => path.replace(/ \(deleted\)$/, '').replace(/^.*\//s, '');
