// The profile that a kernel is read by: a chosen one, one that is remembered, what the kernel says of itself, or one made
// elsewhere. What an older version of the program did not ask for is completed from the kernel.
import { ForensicError, NoKernel, NoProfile } from '../../base/errors.ts';
import type { BindingStep } from '../../plugin/document.ts';
import { agree, completed, isNothing, missingIn, missingNames } from '../../profile/completeness.ts';
import type { Profile, ProfileEvidence, ProfileSource } from '../../profile/profile.ts';
import type { Snapshot } from '../../snapshot/open.ts';
import { bannerIn } from './banner.ts';
import { type Agreement, agreementWith } from './description-digests.ts';
import { imageReader } from './image.ts';
import type { Located } from './kernel-location.ts';
import { kallsymsOf } from './listed-symbols.ts';
import { required } from './required-members.ts';
import { selfDescription, symbolsIn } from './self-description.ts';

/** Which profile to bind by. */
export interface ProfileChoice {
  /** This one and no other. */
  readonly profile?: Profile;
  /** Remembered ones may be used, and what is learned is remembered. */
  readonly profileSource?: ProfileSource;
}

/** A profile to bind by. */
interface Description {
  readonly profile: Profile;
  /** Whether its addresses are those of the build. A kernel that tells its addresses but not the slide gives those of this boot. */
  readonly isLinked: boolean;
  /**
   * What the kernel says of itself, with what tells it again: worth remembering, once the kernel is known to be what it
   * seems. Null where the profile is not that, undefined where not all of it can be told again.
   */
  readonly own: (() => Profile | undefined) | null;
  /** What is missing of what the kernel says of itself, as sentences; empty where it is whole, or comes from elsewhere. */
  readonly lacks: readonly string[];
  /** What the program wants to know and an older version that made the profile did not ask for, by its name. */
  readonly unknownNames: readonly string[];
  /** What else is to be said of it, as sentences. */
  readonly notes: readonly string[];
}

/**
 * The profile of the kernel at a place: the chosen one, one remembered by build ID, the one that the kernel itself
 * tells, or one that is kept under its banner. What an older version did not ask for is looked up in the kernel, but for
 * a chosen one. @throws NoProfile
 */
export function profileOf(
  snapshot: Snapshot,
  located: Located,
  { profile, profileSource }: ProfileChoice,
  steps: BindingStep[],
): Description {
  const find = (detail: string): void => void steps.push({ step: 'profile', outcome: 'found', detail });
  if (profile !== undefined) {
    find(`given: ${profile.release}, from ${profile.source}`);
    return fromElsewhere(profile);
  }
  const buildId = located.vmcoreinfo?.buildId ?? null;
  const kept = buildId === null ? undefined : profileSource?.findProfile(buildId);
  const isGiven = kept !== undefined && kept.evidence === undefined;
  const agreement = kept === undefined ? 'other' : agreementOf(snapshot, located, kept);
  const rest = kept === undefined ? undefined : missingIn(kept, required);
  const remembered = `remembered by build ID ${buildId}`;
  if (kept !== undefined && agreement === 'same' && isNothing(rest!)) {
    find(remembered);
    return fromElsewhere(kept);
  }
  /** What is remembered for want of the kernel's own: what another snapshot said is worth less. */
  const filledIn = (lacking: string, own?: Profile): Description | undefined => {
    if (kept === undefined || isGiven) return undefined;
    find(`${remembered}: ${lacking}`);
    const whole = own === undefined ? kept : completed(kept, own, rest!);
    return { ...fromElsewhere(whole), lacks: [`${lacking} (${FILLED_IN})`] };
  };
  try {
    const { profile: own, lacks, evidence } = selfDescription(snapshot, located, steps);
    if (isGiven) {
      find(`${remembered}, and the rest from what the kernel says of itself`);
      return fromElsewhere(completed(kept, own, rest!));
    }
    const better = lacks.length > 0 && agreement !== 'other' ? filledIn(lacks.join('; '), own) : undefined;
    if (better !== undefined) return better;
    const isContradicted = lacks.length === 0 && kept !== undefined && !agree(kept, own, required);
    if (isContradicted)
      steps.push({ step: 'profile', outcome: 'skipped', detail: `${remembered}: ${FORGED}` });
    return {
      ...{ profile: own, isLinked: located.slide !== null, lacks, unknownNames: [] },
      // What is not whole would stand in the way of the next snapshot's own.
      own: lacks.length === 0 ? withEvidence(own, evidence) : null,
      notes: isContradicted ? [`build ID ${buildId}: ${FORGED}`] : [],
    };
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
    // What it says of itself may also be damaged, or not all in the snapshot.
    const step = error instanceof NoKernel ? 'kallsyms' : 'btf';
    steps.push({ step, outcome: 'failed', detail: error.message });
    const better = filledIn(error.message);
    if (better !== undefined) return better;
    if (isGiven) find(remembered);
    const foreign = isGiven ? kept : foreignProfile(snapshot, located, profileSource, steps, error.message);
    const lacks = foreign.evidence === undefined ? [] : [`${error.message} (${FILLED_IN})`];
    return { ...fromElsewhere(withListed(snapshot, located, foreign)), lacks };
  }
}

const FILLED_IN = 'another snapshot of its build fills in';
const FORGED = 'an earlier snapshot had a kernel that said otherwise of itself, so one of the two was forged';

/** The profile with its evidence, which is made when somebody asks for it first: to digest it takes as long as to read it. */
function withEvidence(
  profile: Profile,
  evidence: () => ProfileEvidence | undefined,
): () => Profile | undefined {
  let made: { readonly profile: Profile | undefined } | undefined;
  return () => {
    if (made === undefined) {
      const told = evidence();
      made = { profile: told === undefined ? undefined : { ...profile, evidence: told } };
    }
    return made.profile;
  };
}

/** Names that a sentence about an old profile lists; more are only counted. */
const MOST_UNTOLD = 8;

/** A profile that the kernel did not tell just now. */
function fromElsewhere(profile: Profile): Description {
  const names = missingNames(profile, required);
  const more = names.length - MOST_UNTOLD;
  const listed = `${names.slice(0, MOST_UNTOLD).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const note =
    `the profile (${profile.source}) was made by an older version of this program and does not say whether this kernel ` +
    `has ${listed}: cells that need them are absent (not-in-kernel)`;
  return {
    ...{ profile, isLinked: true, own: null, lacks: [], unknownNames: names },
    notes: names.length === 0 ? [] : [note],
  };
}

/** A profile made elsewhere, with symbols that it does not tell as far as the kernel lists them. */
function withListed({ memory }: Snapshot, located: Located, profile: Profile): Profile {
  const rest = missingIn(profile, required);
  if (rest.symbols.length === 0 || located.slide === null) return profile;
  try {
    const listed = kallsymsOf(imageReader(memory, located.delta), located);
    return completed(profile, { types: {}, enumerators: {}, ...symbolsIn(listed, located) }, rest);
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
    return profile;
  }
}

/** Whether a remembered profile is what this kernel says of itself; what an operator gave is believed. */
function agreementOf({ memory }: Snapshot, located: Located, profile: Profile): Agreement {
  if (profile.evidence === undefined) return 'same';
  const link = profile.symbols['init_uts_ns'];
  const address = located.known.get('init_uts_ns');
  if (link === undefined || address === undefined) return 'unknown';
  return agreementWith(memory, located, profile, address - BigInt(link));
}

/** A profile made elsewhere, for a kernel that cannot describe itself. @throws NoProfile that says what to do */
function foreignProfile(
  { memory }: Snapshot,
  located: Located,
  profileSource: ProfileSource | undefined,
  steps: BindingStep[],
  why: string,
): Profile {
  const banner = bannerIn(imageReader(memory, located.delta), located);
  const found = banner === undefined ? undefined : profileSource?.findByBanner(banner);
  if (found !== undefined) {
    steps.push({ step: 'profile', outcome: 'found', detail: `by banner: from ${found.source}` });
    return found;
  }
  const name = banner ?? `Linux version ${located.vmcoreinfo?.release ?? 'of no name'}`;
  throw noProfile(name, `does not describe itself: ${why}`, profileSource);
}

/** What to do about a kernel, named by its banner, that nothing describes; `how` is why, as the end of a sentence. */
export function noProfile(banner: string, how: string, profileSource: ProfileSource | undefined): NoProfile {
  const release = /^Linux version (\S+)/.exec(banner)?.[1] ?? 'RELEASE';
  return new NoProfile(
    `"${banner}" ${how}. There is no profile of it${profileSource === undefined ? '' : ` ${profileSource.searched}`}. ` +
      `With the kernel's debug package installed: vestige profile build /usr/lib/debug/boot/vmlinux-${release} ` +
      '--output profile.json, then --profile profile.json. ' +
      'With a symbol table of Volatility: vestige profile import FILE',
  );
}
