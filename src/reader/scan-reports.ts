// The side of the process that scans: what its supervisor told it, and what it tells before it does it, so that the supervisor
// knows what it died of.
import { readSync, writeSync } from 'node:fs';
import type { Open, Reading } from '../inquiry/reading.ts';
import type { ScanEvent } from '../watch/event.ts';
import { bytesOf } from '../watch/piece-groups.ts';
import { type Limits, limitsFor } from './limits.ts';
import type { Report, ScanState } from './protocol.ts';

/** Hears what a scan says of its progress. */
export type SendReport = (report: Report) => void;

/** What a supervisor told at the start, read from its end of the pipe. Waits for it. */
export function scanStateFrom(descriptor: number): ScanState {
  const pieces: Buffer[] = [];
  const piece = Buffer.alloc(65_536);
  for (;;) {
    const had = readSync(descriptor, piece);
    if (had === 0) throw new Error('the supervisor has gone');
    pieces.push(Buffer.from(piece.subarray(0, had)));
    if (piece[had - 1] === 10) return JSON.parse(Buffer.concat(pieces).toString()) as ScanState;
  }
}

/** Tells the supervisor at the other end of the pipe: at once, since nobody knows what comes next. */
export const reportTo =
  (descriptor: number): SendReport =>
  (report) => {
    const bytes = Buffer.from(`${JSON.stringify(report)}\n`);
    for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
  };

/** What an event is known by. Of what was recorded nobody but the store needs to know more. */
const keyOf = (event: ScanEvent): string =>
  JSON.stringify(event.kind === 'recorded' ? [event.kind, event.recorded.path] : event);

/** What is told of a file itself, so that nothing else comes of it in this scan. */
const OUTCOMES: readonly ScanEvent['kind'][] = ['recorded', 'again', 'other', 'unsettled', 'failed'];
const TROUBLE: readonly ScanEvent['kind'][] = ['failed', 'unreported', 'undelivered'];

/** Tells what another process of this scan has not told, and says so first. */
export const tellingOnce =
  (told: ReadonlySet<string>, send: SendReport, tell: (event: ScanEvent) => void) =>
  (event: ScanEvent): void => {
    const key = keyOf(event);
    if (told.has(key)) return;
    const path = event.kind === 'recorded' ? event.recorded.path : 'path' in event ? event.path : null;
    send({
      say: 'telling',
      key,
      path: OUTCOMES.includes(event.kind) ? path : null,
      isNews: event.kind === 'recorded' && event.recorded.isNews,
      isTrouble: TROUBLE.includes(event.kind),
    });
    tell(event);
  };

/**
 * Opens snapshots so that the supervisor knows which is under way, what is done with it, and what may be taken for it.
 * @param forced limits that the user named
 */
export const openTold =
  (open: Open, send: SendReport, forced: Partial<Limits>): Open =>
  async (path) => {
    const bytes = bytesOf(path);
    let limits = limitsFor(bytes, forced);
    const doing = (what: string): void => send({ say: 'doing', path, what, limits });
    const closed = (): void => send({ say: 'closed' });
    doing('it was opened');
    let reading: Reading;
    try {
      reading = await open(path);
    } catch (error) {
      closed();
      throw error;
    }
    limits = limitsFor(Math.max(bytes, reading.facts.snapshot.memoryBytes), forced);
    return {
      facts: reading.facts,
      get troubles() {
        return reading.troubles;
      },
      async answer(plugin, ahead) {
        doing(`it was asked for ${plugin.name}`);
        return reading.answer(plugin, ahead);
      },
      answered: () => doing('its answers were compared and recorded'),
      close() {
        reading.close();
        closed();
      },
    };
  };
