import { createHash } from 'node:crypto';

/** A key's name that does not give it away: the first 16 hex digits of its SHA-256. */
export const fingerprint = (key: Uint8Array): string =>
  createHash('sha256').update(key).digest('hex').slice(0, 16);
