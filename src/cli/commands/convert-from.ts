// What is written of a snapshot by `vestige convert`: its memory, and what its file and its kernel tell of the machine.
// Headers of ELF and kdump have that, so that other programs open them.
import { physical } from '../../base/address.ts';
import { unlessFault } from '../../base/unless-fault.ts';
import type { From, Machine } from '../../convert/from.ts';
import { vmcoreinfoIn } from '../../profile/vmcoreinfo.ts';
import type { Session } from '../../session/session.ts';
import type { Snapshot } from '../../snapshot/open.ts';

const MACHINES: Readonly<Record<string, Machine>> = {
  ...{ 'x86-64': 'x86-64', i386: 'i386', i686: 'i386', arm64: 'aarch64', aarch64: 'aarch64' },
};

/** What the file alone tells. */
export function fromFile({ contents, memory }: Snapshot): From {
  const pageBytes = Number(/^PAGESIZE=(\d{4,6})$/m.exec(contents.vmcoreinfo ?? '')?.[1] ?? 4096);
  return {
    source: memory.source,
    machine: MACHINES[contents.facts['machine'] ?? ''] ?? null,
    notes: contents.rawNotes?.() ?? new Uint8Array(0),
    vmcoreinfo: contents.vmcoreinfo,
    pageBytes,
    takenAt: contents.takenAt,
    hostname: null,
  };
}

/** What the kernel that was found tells beside. */
export function fromSession({ snapshot, kernel, profile, facts }: Session): From {
  const file = fromFile(snapshot);
  return {
    ...file,
    machine: profile.architecture,
    vmcoreinfo: file.vmcoreinfo ?? vmcoreinfoAt(snapshot, facts.kernel.vmcoreinfoAt),
    pageBytes: kernel.pageBytes,
    takenAt: facts.snapshot.takenAt === null ? null : new Date(facts.snapshot.takenAt),
    hostname: facts.kernel.hostname,
  };
}

/** The text that the kernel keeps for dump tools, where the file has none of its own. */
export function vmcoreinfoAt({ memory }: Pick<Snapshot, 'memory'>, at: string | null): string | null {
  if (at === null) return null;
  // Of a raw file whose RAM begins elsewhere it was found before that was known: so far from the first byte.
  for (const base of [0, memory.ranges[0]?.start ?? 0]) {
    const page = unlessFault(() => memory.restOfPage(physical(base + Number(at))), null);
    const text = page === null ? null : vmcoreinfoIn(page);
    if (text !== null) return text;
  }
  return null;
}
