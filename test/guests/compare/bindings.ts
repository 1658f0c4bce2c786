import { plugins } from '../../../plugins/index.ts';
import { PhysicalMemory } from '../../../src/memory/physical.ts';
import { PAGE_BYTES, type PhysicalSource } from '../../../src/memory/source.ts';
import { readProfile, writeProfile } from '../../../src/profile/profile.ts';
import {
  openSession,
  type Session,
  type SessionOptions,
  startSession,
} from '../../../src/session/session.ts';
import { openSnapshot } from '../../../src/snapshot/open.ts';
import { ask } from './compare.ts';
import type { Outcome } from './match.ts';
import { firstDifference } from './report.ts';

/** Where a raw snapshot begins, and the profiles for a kernel that cannot describe itself. */
type Options = Required<Pick<SessionOptions, 'base' | 'shelf'>>;

/** One answer, and how the kernel was bound that gave it. */
interface Bound extends Outcome {
  readonly way: string;
}

/**
 * Every way to bind must give the same answers: by the kernel's own BTF, by the profile that it exports, by that
 * profile read back from its file form, and without any VMCOREINFO. `keys` reads no kernel but for names and is
 * left out where all of memory would be swept again.
 */
export async function* compareBindings(path: string, options: Options): AsyncGenerator<Bound> {
  const seen = new Map<string, string>();
  const btf = openSession(path, options);
  const { profile } = btf;
  for await (const _ of askAll(btf, seen, 'btf'));
  yield* askAll(openSession(path, { ...options, profile }), seen, 'by profile');
  yield* askAll(
    openSession(path, { ...options, profile: readProfile(writeProfile(profile), 'profile') }),
    seen,
    'by file',
  );
  const scanned = withoutVmcoreinfo(path, options);
  const found = scanned.located.vmcoreinfo === null ? [] : ['by scan: a VMCOREINFO was found all the same'];
  yield { way: 'by scan', plugin: 'info', rows: 1, differences: found, tolerated: {} };
  yield* askAll(scanned, seen, 'by scan');
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
function withoutVmcoreinfo(path: string, options: Options): Session {
  const snapshot = openSnapshot(path, { base: options.base });
  const source = blanked(snapshot.contents.source);
  const contents = { ...snapshot.contents, source, vmcoreinfo: null };
  return startSession(
    { ...snapshot, contents, memory: new PhysicalMemory(source) },
    { shelf: options.shelf },
  );
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
