import { hex } from '../src/base/address.ts';
import type { FrameOwner } from '../src/kernel/linux/frame-owners.ts';
import { definePlugin } from '../src/plugin/contract.ts';
import type { AesKeyHit } from '../src/scan/keys.ts';

/** A key schedule somewhere in memory, and one process that has it in its address space; null where none has. */
interface FoundKey {
  readonly hit: AesKeyHit;
  readonly fingerprint: string;
  readonly owner: FrameOwner | null;
  readonly revealed: boolean;
}

const PAGE_MASK = 0xfffn;

export default definePlugin({
  name: 'keys',
  summary: 'Find AES keys in use, by their expanded schedules, anywhere in memory',
  example: '--reveal --columns size,key,process',
  version: 1,
  options: {
    reveal: {
      help: 'show the keys themselves; such answers are never remembered',
      switch: true,
      secret: true,
    },
  },
  async *subjects(kernel, { reveal }, progress): AsyncGenerator<FoundKey> {
    const { findAesKeys } = await import('../src/scan/keys.ts');
    const { fingerprint } = await import('../src/scan/fingerprint.ts');
    const sweep = findAesKeys(kernel.space.memory, kernel.origin, {
      note: kernel.note,
      ...(progress === undefined ? {} : { progress }),
    });
    const hits: AesKeyHit[] = [];
    // A schedule torn at a page's border is found twice; its head says where it begins.
    for await (const hit of sweep) if (hit.part !== 'tail') hits.push(hit);
    const owners = await kernel.frameOwners(
      new Set(hits.map(({ physical }) => physical - (physical % 4096))),
    );
    for (const hit of hits) {
      const found = { hit, fingerprint: fingerprint(hit.key), revealed: reveal };
      const holders = owners.get(hit.physical - (hit.physical % 4096)) ?? [];
      for (const owner of holders) yield { ...found, owner };
      if (holders.length === 0) yield { ...found, owner: null };
    }
  },
  columns: {
    size: { int: ({ hit }) => hit.bits },
    key: { text: ({ hit, revealed }) => (revealed ? Buffer.from(hit.key).toString('hex') : 'hidden') },
    fingerprint: { text: (found) => found.fingerprint },
    physical: { address: ({ hit }) => BigInt(hit.physical) },
    pid: { int: ({ owner }) => owner?.task.pid ?? null },
    process: { text: ({ owner }) => owner?.task.name ?? null },
    mapping: { text: ({ owner }) => (owner === null ? null : mappingOf(owner)) },
    address: {
      address: ({ owner, hit }) =>
        owner === null ? null : owner.address + (BigInt(hit.physical) & PAGE_MASK),
    },
    form: { text: ({ hit }) => (hit.part === 'whole' ? hit.form : `${hit.form}, torn`) },
  },
  identity: ['fingerprint', 'pid', 'form'],
  ofBoot: ['pid'],
  restless: ['physical', 'mapping', 'address'],
  enduring: ({ fingerprint, process, form }) => [fingerprint!, process!, form!],
  filters: ['pid', 'process', 'size', 'fingerprint'],
  dispensable: ['form', 'address', 'fingerprint'],
});

/** The file or kernel's name of the mapping, or its bounds where it has none. */
function mappingOf({ area }: FrameOwner): string | null {
  if (area === null) return null;
  return area.path ?? `anonymous ${hex(area.start)}-${hex(area.end)}`;
}
