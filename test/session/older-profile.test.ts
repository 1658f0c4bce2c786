// Profiles that an older version of the program made: they know nothing of what this version wants besides. What the kernel
// of the snapshot says of that completes them; what it does not say is absent, and why is said.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import pslist from '../../plugins/pslist.ts';
import { isComplete } from '../../src/profile/completeness.ts';
import type { Profile, ProfileSource } from '../../src/profile/profile.ts';
import { required } from '../../src/session/linux/required-members.ts';
import { type Session, type SessionOptions, startSession } from '../../src/session/session.ts';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';
import { Overlay } from '../support/overlay.ts';
import { ask } from '../support/rows.ts';

const PAGE_BYTES = 4096;
let snapshot: Snapshot;
let overlay: Overlay;
let whole: Session;
/** What the kernel says of itself, as it is remembered. */
let own: Profile;
let kept: Profile[];

const begin = (options: SessionOptions): Session =>
  startSession({ ...snapshot, memory: overlay.memory() }, options);

const sourceWith = (found: Partial<Record<'byBuildId' | 'byBanner', Profile>>): ProfileSource => ({
  findProfile: () => found.byBuildId,
  findByBanner: () => found.byBanner,
  keepProfile: (profile) => void kept.push(profile),
  searched: 'in this test',
});

/** The profile as a version made it that knew nothing of the network, of `cred.euid` and of when the machine was started. */
function older({ types, symbols, enumerators, ...profile }: Profile): Profile {
  const { sock: _, cred, ...others } = types;
  const { euid: __, ...members } = cred!.members;
  const { init_net: ___, ...others2 } = symbols;
  const { SYSTEM_RUNNING: ____, ...others3 } = enumerators;
  return {
    ...profile,
    types: { ...others, cred: { ...cred!, members } },
    symbols: others2,
    enumerators: others3,
  };
}
const UNTOLD =
  /\(.*\) was made by an older version of this program and does not say whether this kernel has /;

beforeAll(() => {
  snapshot = openSnapshot('samples/web-1/after.kdump');
  overlay = new Overlay(snapshot.contents.source);
  kept = [];
  whole = begin({ profileSource: sourceWith({}) });
  own = kept[0]!;
  kept = [];
});
afterEach(() => {
  overlay.mend();
  kept = [];
});
afterAll(() => snapshot.file.close());

const frameOf = (symbol: '__start_BTF' | '__stop_BTF'): number => {
  const at = Number(whole.kernel.space.translate(whole.kernel.symbol(symbol)));
  return at - (at % PAGE_BYTES);
};
const overwriteBtf = (): void =>
  overlay.damage(frameOf('__start_BTF'), new Uint8Array(PAGE_BYTES).fill(0x55));

describe('a remembered profile of an older version', () => {
  it('is completed by what the kernel says of itself, and remembered so', () => {
    const { profile, facts, kernel } = begin({ profileSource: sourceWith({ byBuildId: older(own) }) });
    expect(isComplete(profile, required)).toBe(true);
    expect(facts.kernel.notes).toEqual([]);
    expect(kept.map(({ types, evidence }) => [types, evidence])).toEqual([[own.types, own.evidence]]);
    expect(kernel.types.has('sock')).toBe(true);
    kept = [];
    const again = begin({ profileSource: sourceWith({ byBuildId: profile }) });
    expect(isComplete(again.profile, required)).toBe(true);
  });

  it('is no other description of the kernel than its own', () => {
    const { facts } = begin({ profileSource: sourceWith({ byBuildId: older(own) }) });
    expect(facts.kernel.steps.map(({ detail }) => detail).join()).not.toMatch(/forged/);
    expect(facts.kernel.confidence).toBe('verified');
  });

  it('is completed as far as the kernel says it, where pages of that are missing', () => {
    overlay.damage(frameOf('__stop_BTF') - 8 * PAGE_BYTES, null); // names of the last types
    const { profile, facts } = begin({ profileSource: sourceWith({ byBuildId: older(own) }) });
    expect(profile.types['sock']).toEqual(own.types['sock']);
    expect(profile.symbols['init_net']).toBe(own.symbols['init_net']);
    expect(facts.kernel.confidence).toBe('likely');
    expect(kept).toEqual([]);
  });

  it('still answers what it can where the kernel says nothing, and says what it cannot', async () => {
    overwriteBtf();
    const { facts, kernel } = begin({ profileSource: sourceWith({ byBuildId: older(own) }) });
    expect(facts.kernel.notes.join('\n')).toMatch(UNTOLD);
    expect(facts.kernel.notes.join('\n')).toMatch(
      /has cred\.euid, sock\.\S+, .* and \d+ more: cells that need them/,
    );
    expect(facts.kernel.notes.join('\n')).not.toMatch(/this kernel has no/);
    const { rows } = await ask(pslist, kernel);
    expect(rows.length).toBeGreaterThan(10);
  });
});

describe('a profile that an operator gave to an older version', () => {
  const given = (): Profile => {
    const { evidence: _, ...profile } = older(own);
    return profile;
  };

  it('is completed by what the kernel says of itself, and kept as it was given', () => {
    const { profile, facts } = begin({ profileSource: sourceWith({ byBuildId: given() }) });
    expect(isComplete(profile, required)).toBe(true);
    expect(profile.types).toEqual(own.types);
    expect(facts.kernel.notes).toEqual([]);
    expect(kept).toEqual([]);
  });

  it('gets from a kernel of no BTF the symbols that it lists', () => {
    overwriteBtf();
    const { profile, facts } = begin({ profileSource: sourceWith({ byBanner: given() }) });
    expect(profile.symbols['init_net']).toBe(own.symbols['init_net']);
    expect(profile.types['sock']).toBeUndefined();
    expect(facts.kernel.notes.join('\n')).toMatch(UNTOLD);
    expect(facts.kernel.notes.join('\n')).not.toMatch(/init_net/);
  });

  it('is used as it is where it was chosen, and what it does not tell is said', () => {
    const { profile, facts } = begin({ profile: given() });
    expect(profile).toEqual(given());
    expect(facts.kernel.notes.join('\n')).toMatch(UNTOLD);
  });
});
