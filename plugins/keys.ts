// AES keys in use: key schedules anywhere in memory, and who has them in its address space.
import { hex } from '../src/base/address.ts';
import { EvidenceFault, type Note } from '../src/base/errors.ts';
import type { AesSchedule } from '../src/crypto/aes-schedule.ts';
import type { FrameOwner } from '../src/kernel/linux/process/frame-owners.ts';
import type { HeldSchedule } from '../src/kernel/linux/process/openssl-drbg.ts';
import type { Row } from '../src/plugin/cell.ts';
import { numberOf, textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';
import type { Hit } from '../src/scan/scanner.ts';

/** An AES key schedule and where it is. */
type AesKeyHit = Hit<AesSchedule>;

/** A key schedule somewhere in memory, and one process that has it in its address space; null where none has. */
interface FoundKey {
  readonly hit: AesKeyHit;
  readonly fingerprint: string;
  readonly owner: FrameOwner | null;
  readonly use: KeyUse;
}

/**
 * What a key is where it is no secret that somebody uses: a constant of a standard, or the state of a process's random
 * generator. Null where nothing says so.
 */
type KeyUse = 'public constant' | 'random generator' | null;

const PAGE_MASK = 0xfffn;

export default definePlugin({
  name: 'keys',
  group: 'secrets',
  summary: 'Find AES keys in use, by their expanded schedules, anywhere in memory',
  example: '--reveal --columns size,key,process',
  version: 4,
  options: {
    reveal: {
      help: 'show the keys themselves; such answers are never remembered',
      switch: true,
      secret: true,
    },
  },
  scans: { aes: async () => (await import('../src/crypto/aes.ts')).aes },
  async *subjects(kernel, _options, { finds }): AsyncGenerator<FoundKey> {
    const { frameOwners } = await import('../src/kernel/linux/process/frame-owners.ts');
    const { fingerprint } = await import('../src/crypto/key-fingerprint.ts');
    const { isPublicKey } = await import('../src/crypto/public-keys.ts');
    const { rows: most } = kernel.space.memory.limits;
    // A schedule torn at a page's border is found twice; its head says where it begins.
    const all = finds.aes.filter(({ found }) => found.part !== 'tail');
    const hits = all.slice(0, most);
    if (all.length > most)
      kernel.note(
        `keys: ${all.length - most} more schedules are left out than the ${most} first; --max-rows allows more`,
      );
    const owners = frameOwners(kernel, new Set(hits.map(({ physical }) => physical - (physical % 4096))));
    const held = hits.map((hit) => ({
      hit,
      holders: owners.get(hit.physical - (hit.physical % 4096)) ?? [],
    }));
    const generators = await generatorsAmong(held, kernel.note);
    for (const { hit, holders } of held) {
      const found = { hit, fingerprint: fingerprint(hit.found.key) };
      const use = (owner: FrameOwner | null): KeyUse => {
        if (isPublicKey(hit.found.key)) return 'public constant';
        const states = owner === null ? undefined : generators.get(owner.task.address);
        return states?.has(Buffer.from(hit.found.key).toString('hex')) === true ? 'random generator' : null;
      };
      for (const owner of holders) yield { ...found, owner, use: use(owner) };
      if (holders.length === 0) yield { ...found, owner: null, use: use(null) };
    }
  },
  columns: {
    size: { int: ({ hit }) => hit.found.bits, unit: 'bits', help: 'length of the key' },
    key: {
      text: ({ hit }) => Buffer.from(hit.found.key).toString('hex'),
      secret: true,
      help: 'the key in hex, or hidden',
    },
    fingerprint: { text: (found) => found.fingerprint, help: "first 16 hex digits of the key's SHA-256" },
    physical: {
      address: ({ hit }) => BigInt(hit.physical),
      space: 'physical',
      help: 'where the schedule is in RAM',
    },
    pid: {
      int: ({ owner }) => owner?.task.pid ?? null,
      help: 'process ID of who has the page in its address space',
    },
    process: { text: ({ owner }) => owner?.task.name ?? null, help: 'name of that process' },
    mapping: {
      text: ({ owner }) => (owner === null ? null : mappingOf(owner)),
      help: 'in which mapping it has it',
    },
    address: {
      address: ({ owner, hit }) =>
        owner === null ? null : owner.address + (BigInt(hit.physical) & PAGE_MASK),
      help: 'where it has it',
    },
    form: {
      text: ({ hit }) => (hit.found.part === 'whole' ? hit.found.form : `${hit.found.form}, torn`),
      help: 'how the schedule is expanded',
    },
    use: { text: ({ use }) => use, help: 'where it is no secret in use: public constant, random generator' },
  },
  process: 'pid',
  processName: 'process',
  identity: ['fingerprint', 'pid', 'form'],
  ofBoot: ['pid'],
  restless: ['physical', 'mapping', 'address'],
  enduring: ({ fingerprint, process, form }) => [fingerprint!, process!, form!],
  // A random generator has a new key after each use.
  churn: ({ use }) => typeof use === 'string',
  filters: ['pid', 'process', 'size', 'fingerprint', 'use'],
  uncut: ['key', 'fingerprint'],
  paths: ['mapping'],
  dispensable: ['form', 'address', 'fingerprint'],
  wording: { noun: ['key', 'keys'], all: 'AES keys', together: sizeAndOwner },
  triage: {
    ...{
      title: 'AES keys',
      counted: 'in use',
      churn: 'are constants or states of random generators',
      most: 6,
    },
  },
  told: {
    changes: ['appeared', 'vanished'],
    isWorthIt: ({ use }) => typeof use !== 'string',
    noun: ['AES key', 'AES keys'],
  },
  aliases: ['aeskeyfind', 'findaes'],
});

function sizeAndOwner({ size, pid, process, mapping }: Row): string {
  const owner =
    numberOf(pid) === null
      ? textOf(mapping) || 'no process'
      : `${textOf(process)} (${textOf(pid)}) ${textOf(mapping)}`.trim();
  return `of ${numberOf(size) ?? 0} bits in ${owner}`;
}

/** A key schedule, and the processes that have it. */
interface HeldHit {
  readonly hit: AesKeyHit;
  readonly holders: readonly FrameOwner[];
}

/**
 * The keys that are states of random generators, in hex, by the process (the address of its task). Only processes that
 * hold the generators' constant are looked into: every CTR-DRBG with a derivation function has expanded it.
 */
async function generatorsAmong(held: readonly HeldHit[], note: Note): Promise<Map<bigint, Set<string>>> {
  const { isDerivationKey, isPublicKey } = await import('../src/crypto/public-keys.ts');
  const { generatorKeys, SearchAllowance } = await import('../src/kernel/linux/process/openssl-drbg.ts');
  const schedules = new Map<bigint, { task: FrameOwner['task']; own: HeldSchedule[] }>();
  const suspects = new Set<bigint>();
  for (const { hit, holders } of held) {
    for (const owner of holders) {
      const { task, address } = owner;
      if (isDerivationKey(hit.found.key)) suspects.add(task.address);
      const area = readableArea(owner);
      if (area === null || isPublicKey(hit.found.key)) continue;
      const schedule = { key: hit.found.key, area, address: address + (BigInt(hit.physical) & PAGE_MASK) };
      const known = schedules.get(task.address);
      if (known === undefined) schedules.set(task.address, { task, own: [schedule] });
      else known.own.push(schedule);
    }
  }
  const found = new Map<bigint, Set<string>>();
  const allowance = new SearchAllowance();
  for (const address of suspects) {
    const { task, own } = schedules.get(address) ?? {};
    if (task === undefined || own === undefined) continue;
    try {
      found.set(address, generatorKeys(task, own, allowance));
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      note(`random generators of a process cannot be told from its keys: ${fault.message}`);
    }
  }
  if (allowance.isSpent)
    note(
      'processes hold more keys than are looked for in random generators: some that seem in use may be states of one',
    );
  return found;
}

/** The mapping; null where there is none, or where its cell says why it is not known. */
function readableArea(owner: FrameOwner): FrameOwner['area'] {
  try {
    return owner.area;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return null;
  }
}

/** The file or kernel's name of the mapping, or its bounds where it has none. */
function mappingOf({ area }: FrameOwner): string | null {
  if (area === null) return null;
  return area.path ?? `anonymous ${hex(area.start)}-${hex(area.end)}`;
}
