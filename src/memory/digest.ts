// SHA-256 of bytes.
// It uses Node's one-step function where there is one.
import crypto, { createHash } from 'node:crypto';

/** The SHA-256 of some bytes, 32 of them. Since Node 20.12 in one step, which for few bytes takes half the time. */
export const sha256: (bytes: Uint8Array) => Buffer =
  typeof crypto.hash === 'function'
    ? (bytes) => crypto.hash('sha256', bytes, 'buffer')
    : (bytes) => createHash('sha256').update(bytes).digest();
