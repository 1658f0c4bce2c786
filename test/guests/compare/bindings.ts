import { plugins } from '../../../plugins/index.ts';
import { NoKernel, NoProfile } from '../../../src/base/errors.ts';
import { isfOf } from '../../../src/cli/commands/profile-isf.ts';
import type { OpenOptions } from '../../../src/memory/origin.ts';
import { PhysicalMemory } from '../../../src/memory/physical.ts';
import { PAGE_BYTES, type PhysicalSource } from '../../../src/memory/source.ts';
import { readTable } from '../../../src/profile/isf-file.ts';
import { type Profile, type ProfileSource, readProfile, writeProfile } from '../../../src/profile/profile.ts';
import { required } from '../../../src/session/linux/required-members.ts';
import { type Session, type SessionOptions, startSession } from '../../../src/session/session.ts';
import { openSnapshot, type Snapshot } from '../../../src/snapshot/open.ts';
import { ask } from './compare.ts';
import type { Outcome } from './match.ts';
import { firstDifference } from './report.ts';

/** One answer, and how the kernel was bound that gave it. */
interface Bound extends Outcome {
  readonly way: string;
}

/**
 * Every way to bind must give the same answers: by the kernel's own BTF, by the profile that it exports, by that
 * profile read back from its file form, by the symbol table in ISF that it makes, and without any VMCOREINFO. `keys` reads no kernel but for names and is
 * left out where all of memory would be swept again.
 */
export async function* compareBindings(
  path: string,
  layout: OpenOptions,
  profileSource: ProfileSource,
): AsyncGenerator<Bound> {
  const seen = new Map<string, string>();
  const open = (options: SessionOptions): Session => startSession(openSnapshot(path, layout), options);
  const btf = open({ profileSource });
  const { profile } = btf;
  for await (const _ of askAll(btf, seen, 'btf'));
  yield* askAll(open({ profile }), seen, 'by profile');
  yield* askAll(open({ profile: readProfile(writeProfile(profile), 'profile') }), seen, 'by file');
  const table = ownTable(open({ profileSource }));
  if (table !== undefined) yield* askAll(open({ profile: table }), seen, 'by isf');
  // Without a word on how the file is laid out either.
  const scanned = withoutVmcoreinfo(openSnapshot(path), profileSource);
  const found = scanned.located.vmcoreinfo === null ? [] : ['by scan: a VMCOREINFO was found all the same'];
  yield { way: 'by scan', plugin: 'info', rows: 1, differences: found, tolerated: {} };
  yield* askAll(scanned, seen, 'by scan');
}

/** The symbol table that the kernel's own description makes, read back; none of a kernel that has none. */
function ownTable(session: Session): Profile | undefined {
  try {
    return readTable(
      isfOf(session, undefined, () => undefined),
      required,
      'its own table',
    );
  } catch (error) {
    if (error instanceof NoKernel || error instanceof NoProfile) return undefined;
    throw error;
  } finally {
    session.close();
  }
}

async function* askAll(session: Session, seen: Map<string, string>, way: string): AsyncGenerator<Bound> {
  try {
    for (const plugin of plugins) {
      if (plugin.name === 'keys') continue;
      const answer = await ask(session, plugin);
      const differs = firstDifference(answer, plugin.name, seen);
      const differences = differs === undefined ? [] : [`${way}: ${differs}`];
      yield { way, plugin: plugin.name, rows: answer.rows.length, differences, tolerated: {} };
    }
  } finally {
    session.close();
  }
}

/** A session on the snapshot's memory with every VMCOREINFO page blanked, and no note of the file's own. */
function withoutVmcoreinfo(snapshot: Snapshot, profileSource: ProfileSource): Session {
  const source = blanked(snapshot.contents.source);
  const contents = { ...snapshot.contents, source, vmcoreinfo: null };
  return startSession({ ...snapshot, contents, memory: new PhysicalMemory(source) }, { profileSource });
}

const SIGN = Buffer.from('OSRELEASE=');
/** At the page's first byte, or behind the header of a note. */
const PLACES = [0, 24];

function blanked(source: PhysicalSource): PhysicalSource {
  return {
    ranges: source.ranges,
    costlyPages: source.costlyPages,
    fileOffset: (at) => source.fileOffset(at),
    read(at, into) {
      const had = source.read(at, into);
      for (let page = 0; page < had; page += PAGE_BYTES) {
        const begins = (place: number) =>
          SIGN.equals(into.subarray(page + place, page + place + SIGN.length));
        if (PLACES.some(begins)) into.fill(0, page, page + PAGE_BYTES);
      }
      return had;
    },
  };
}
