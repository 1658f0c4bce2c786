// The columns that tell a snapshot from every other.
// Statements of several files use them.
import type { SnapshotIdentity } from './remembered.ts';

/** The columns of a snapshot that tell it from every other, in the order of `identityValues`. */
export const IDENTITY_COLUMNS = 'device, inode, size, modified, changed, digest, binding';

/** The condition that a snapshot's row is that of an identity. */
export const IS_IDENTITY = `(${IDENTITY_COLUMNS}) = (?, ?, ?, ?, ?, ?, ?)`;

/** An identity as the columns hold it. */
export const identityValues = ({ key, binding }: SnapshotIdentity): (string | number)[] => [
  key.device,
  key.inode,
  key.sizeBytes,
  key.modified,
  key.changed,
  key.digest,
  binding,
];
