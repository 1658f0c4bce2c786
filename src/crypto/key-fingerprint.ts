// What a key is called where it must not be shown.
// Fingerprints are compared between snapshots and may be stored.
import { sha256 } from '../memory/digest.ts';

/** A key's name that does not give it away: the first 16 hex digits of its SHA-256. */
export const fingerprint = (key: Uint8Array): string => sha256(key).toString('hex').slice(0, 16);
