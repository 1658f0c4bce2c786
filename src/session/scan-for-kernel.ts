import type { BindingStep } from '../plugin/document.ts';
import type { Snapshot } from '../snapshot/open.ts';
import type { Located } from './bind.ts';

export function* scanForKernel(_snapshot: Snapshot, _steps: BindingStep[]): Generator<Located> {}
