// A build ID is a claim. What a forged snapshot says of a build that others run too is remembered under its ID, and must
// not change what those others are read by.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ProfileLookup, profileMemory } from '../../src/inquiry/profile-sources.ts';
import { type Profile, readProfile, writeProfile } from '../../src/profile/profile.ts';
import { type Session, startSession } from '../../src/session/session.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { Store } from '../../src/store/store.ts';
import { Overlay } from '../support/overlay.ts';
import { SILENT } from '../support/silent.ts';

const PAGE = 4096;
const FORGED = /^build ID [0-9a-f]{40}: an earlier snapshot had a kernel that said otherwise of itself/;
const root = mkdtempSync(join(tmpdir(), 'vestige-forged-'));
let snapshot: Snapshot;
let overlay: Overlay;
let clean: Session;
let stores = 0;

beforeAll(() => {
  snapshot = openSnapshot('samples/web-1/after.kdump');
  overlay = new Overlay(snapshot.contents.source);
  clean = startSession({ ...snapshot, memory: overlay.memory() });
});
afterEach(() => overlay.mend());
afterAll(() => {
  snapshot.file.close();
  rmSync(root, { recursive: true });
});

/** What the kernel says of itself, as it would be remembered. */
function told(from: Snapshot): Profile {
  const kept: Profile[] = [];
  const profileSource = {
    ...{ findProfile: () => undefined, findByBanner: () => undefined, searched: 'nowhere' },
    keepProfile: (profile: Profile) => void kept.push(profile),
  };
  startSession(from, { profileSource });
  return kept[0]!;
}

/** Reads snapshots one after the other with what is remembered of those before. */
function remembering(
  action: (read: () => Session, profiles: Store['profiles'], profileSource: ProfileLookup) => void,
): void {
  const store = Store.open(join(root, `${stores++}.sqlite`), '1');
  const { profiles } = store;
  const profileSource = new ProfileLookup(
    profileMemory((ask) => ask(profiles)),
    { others: [] },
    SILENT,
  );
  action(
    () => startSession({ ...snapshot, memory: overlay.memory() }, { profileSource }),
    profiles,
    profileSource,
  );
  store.close();
}

const physicalOf = (address: bigint): number => Number(clean.kernel.space.translate(address));

function put(address: bigint, bytes: Uint8Array): void {
  for (const [index, byte] of bytes.entries()) {
    const at = physicalOf(address + BigInt(index));
    const page = overlay.page(at - (at % PAGE));
    page[at % PAGE] = byte;
    overlay.damage(at - (at % PAGE), page);
  }
}

/** Makes the kernel's own BTF say that a thread's number is where its process's is, and the other way round. */
function forgeBtf(): void {
  const { kernel } = clean;
  const start = kernel.symbol('__start_BTF');
  const btf = Buffer.from(kernel.space.bytes(start, Number(kernel.symbol('__stop_BTF') - start)));
  const strings = btf.readUInt32LE(4) + btf.readUInt32LE(16);
  const nameOf = (name: string): number => btf.indexOf(`\0${name}\0`, strings, 'latin1') + 1 - strings;
  const [pid, tgid] = [nameOf('pid'), nameOf('tgid')];
  const { pid: place } = clean.profile.types['task_struct']!.members;
  const record = Buffer.alloc(4);
  record.writeUInt32LE(pid);
  // Each member is its name, its type and its offset in bits.
  let at = -1;
  do at = btf.indexOf(record, at + 1);
  while (btf.readUInt32LE(at + 12) !== tgid || btf.readUInt32LE(at + 8) !== 8 * place![0]);
  put(start + BigInt(at), btf.subarray(at + 12, at + 16));
  put(start + BigInt(at) + 12n, btf.subarray(at, at + 4));
}

const boundBy = ({ facts }: Session): string =>
  facts.kernel.steps.find(({ step, outcome }) => step === 'profile' && outcome === 'found')?.detail ??
  'itself';

describe('a kernel whose build ID a forged snapshot claimed', () => {
  it('is read by what it says of itself, and that another said otherwise is told', () =>
    remembering((read) => {
      forgeBtf();
      const forged = read();
      expect(forged.profile.types['task_struct']!.members['pid']).toEqual(
        clean.profile.types['task_struct']!.members['tgid'],
      );
      expect(forged.facts.kernel.confidence).toBe('verified');
      overlay.mend();
      const { profile, facts } = read();
      expect(profile.types).toEqual(clean.profile.types);
      expect(facts.kernel.notes).toContainEqual(expect.stringMatching(FORGED));
      // The next is told by what this one said.
      const next = read();
      expect(boundBy(next)).toMatch(/^remembered by build ID/);
      expect(next.facts.kernel.notes).toEqual([]);
    }));

  it('is not read by it either where a page of what it says of itself is missing elsewhere', () =>
    remembering((read) => {
      forgeBtf();
      read();
      overlay.mend();
      const at = physicalOf(clean.kernel.symbol('__stop_BTF') - 0x8000n);
      overlay.damage(at - (at % PAGE), null);
      const { profile, facts } = read();
      expect(profile.types['task_struct']!.members['pid']).toEqual(
        clean.profile.types['task_struct']!.members['pid'],
      );
      expect(facts.kernel.confidence).toBe('likely');
    }));

  it('is read by it for want of its own, which is said', () =>
    remembering((read) => {
      read();
      const at = physicalOf(clean.kernel.symbol('__start_BTF'));
      overlay.damage(at - (at % PAGE), new Uint8Array(PAGE).fill(0x55));
      const { profile, facts } = read();
      expect(profile.types).toEqual(clean.profile.types);
      expect(facts.kernel.confidence).toBe('likely');
      expect(facts.kernel.notes.join()).toMatch(
        /btf has no magic \(another snapshot of its build fills in\)/,
      );
    }));
});

describe('a symbol table that was changed', () => {
  it('is another description, and what it says stays with the snapshot that says it', () =>
    remembering((read) => {
      const { vmcoreinfo } = clean.located;
      const offsets = vmcoreinfo!.symbols.get('kallsyms_offsets')!;
      // One that no question reads: what is remembered holds for all that the kernel says.
      put(offsets + 4n * 50_000n, Uint8Array.of(1, 2, 3, 4));
      read();
      overlay.mend();
      const { steps } = read().facts.kernel;
      expect(steps.filter(({ step }) => step === 'kallsyms')).toHaveLength(1);
      expect(read().facts.kernel.steps.filter(({ step }) => step === 'kallsyms')).toHaveLength(0);
    }));
});

describe('a remembered profile', () => {
  it('of a kernel that told it before there were digests counts as none', () =>
    remembering((read, profiles) => {
      profiles.keep(clean.profile);
      expect(boundBy(read())).toBe('itself');
      expect(boundBy(read())).toMatch(/^remembered by build ID/);
    }));

  it('that an operator gave is believed', () =>
    remembering((read, profiles) => {
      profiles.keep(clean.profile, { path: '/profiles/x.json', size: 1, modified: '1' });
      expect(boundBy(read())).toMatch(/^remembered by build ID/);
    }));

  it('is told by snapshots of either form', () =>
    remembering((read, profiles, profileSource) => {
      read();
      const kdump = told(snapshot);
      const forms = (profile: Profile | undefined) => Object.keys(profile?.evidence?.digests ?? {}).sort();
      expect(forms(profiles.byBuildId(kdump.buildId!)?.profile)).toEqual(['plain']);
      expect(forms(kdump)).toHaveLength(1);
      profileSource.keepProfile(kdump);
      expect(forms(profiles.byBuildId(kdump.buildId!)?.profile)).toEqual([...forms(kdump), 'plain'].sort());
      expect(boundBy(read())).toMatch(/^remembered by build ID/);
    }));

  it('leaves its evidence behind where it is written to a file', () => {
    const profile = told(snapshot);
    expect(profile.evidence).toBeDefined();
    expect(readProfile(writeProfile(profile), 'exported').evidence).toBeUndefined();
    const text = JSON.stringify({ ...profile, evidence: { ...profile.evidence, ranges: [['x', 1]] } });
    expect(() => readProfile(text, 'kept')).toThrow(/evidence is none/);
  });
});
