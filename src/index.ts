/**
 * The library's public face. What is not here is the program's own affair and may change in any version.
 *
 * ```ts
 * import { openSession, plugins, runPlugin } from 'vestige';
 * const session = openSession('memory.raw');
 * for await (const row of runPlugin(plugins.find(({ name }) => name === 'pslist')!, session.kernel, { options: {} })) console.log(row);
 * ```
 */
export { plugins } from '../plugins/index.ts';
export type { PhysicalAddress, VirtualAddress } from './base/address.ts';
export { EvidenceFault, ForensicError, ProfileError, SnapshotError, UsageError } from './base/errors.ts';
export type { Linux } from './kernel/linux/linux.ts';
export { type Absent, type Cell, isAbsent, type Row } from './plugin/cell.ts';
export {
  type AnyPlugin,
  type Column,
  type ColumnKind,
  definePlugin,
  kindOf,
  type Plugin,
} from './plugin/contract.ts';
export type { BindingStep, KernelFacts, Result, SnapshotFacts } from './plugin/document.ts';
export { type Request, runPlugin } from './plugin/run.ts';
export { type Profile, readProfile, writeProfile } from './profile/profile.ts';
export { openSession, type Session, type SessionOptions } from './session/session.ts';
export { openSnapshot, type Snapshot } from './snapshot/open.ts';
