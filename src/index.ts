/**
 * The library's public face. What is not here is the program's own affair and may change in any version.
 *
 * ```ts
 * import { openSession } from 'vestige';
 * import { pslist } from 'vestige/plugins';
 *
 * const session = openSession('memory.raw');
 * console.log(session.process(1).raw.mm.total_vm);
 * for (const { pid, name } of (await session.ask(pslist)).rows) console.log(pid, name);
 * session.close();
 * ```
 *
 * docs/guide/library.md has more examples.
 */
export { plugins } from '../plugins/index.ts';
export type { PhysicalAddress, VirtualAddress } from './base/address.ts';
export type { Limits } from './base/budget.ts';
export {
  CorruptStructure,
  EvidenceFault,
  ForensicError,
  NotCanonical,
  NotInKernel,
  NotInSnapshot,
  NotPresent,
  ProfileError,
  SnapshotError,
  Swapped,
  UsageError,
  WalkIncomplete,
} from './base/errors.ts';
export type { Comparison } from './diff/comparison.ts';
export type { ChangedRow, TableDiff } from './diff/tables.ts';
export { Disassembler, type Instruction } from './disassembly/disassembler.ts';
export { profilesAtHand } from './inquiry/profiles-at-hand.ts';
export { policyFrom as readPolicy } from './judging/policy-files.ts';
export type { Linux } from './kernel/linux/linux.ts';
export type { Task } from './kernel/linux/process/task.ts';
export { type Answer, type AskOptions, ask, type Question, type TypedRow } from './library/ask.ts';
export {
  type CompareOptions,
  compareSnapshots,
  type JudgeOptions,
  judgeSnapshot,
} from './library/compare.ts';
export type { Closable } from './library/dispose.ts';
export type { DescribedType, KernelTypes, PlacedMember } from './library/kernel-types.ts';
export {
  type LaidOut,
  type LaidOutHole,
  type LaidOutMember,
  type Layout,
  layoutOf,
} from './library/layout.ts';
export { type LibrarySession as Session, openSession } from './library/library-session.ts';
export type { LoadedModule, ModuleRange } from './library/loaded-modules.ts';
export type {
  Hole,
  MemoryView,
  PhysicalView,
  Piece,
  Translation,
  VirtualView,
} from './library/memory-view.ts';
export type { Process } from './library/process.ts';
export type { Settled, SettledMember } from './library/settle.ts';
export type { FoundSymbol, NearestSymbol, Symbols } from './library/symbols.ts';
export { ArrayOfValues, Pointer, Struct, type Value } from './library/values.ts';
export { type Absent, type Cell, isAbsent, type Row } from './plugin/cell.ts';
export {
  type AnyPlugin,
  type CellOf,
  type Column,
  type ColumnKind,
  definePlugin,
  type Finds,
  type Help,
  kindOf,
  type Plugin,
  type RowOf,
  type Scans,
} from './plugin/contract.ts';
export type { BindingStep, KernelFacts, Result, SnapshotFacts } from './plugin/document.ts';
export { type Request, runPlugin } from './plugin/run.ts';
export type { SharedSweep } from './plugin/shared-sweep.ts';
export type { Policy } from './policy/policy.ts';
export type { Finding, RuleVerdict, Verdict } from './policy/verdict.ts';
export { type Profile, type ProfileSource, readProfile, writeProfile } from './profile/profile.ts';
export { layoutText } from './report/struct-layout.ts';
export { valueText } from './report/struct-values.ts';
export type { Hit, Report, Scanner } from './scan/scanner.ts';
export type { SessionOptions } from './session/session.ts';
export { openSnapshot, type Snapshot } from './snapshot/open.ts';
export type { WalkStep } from './translate/paging.ts';
export type { Enumerator, KernelMember, KernelType } from './types/kernel-type.ts';
