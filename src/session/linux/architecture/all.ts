// The list of all architectures.
// A new one is added here.
import type { Architecture } from '../../../profile/profile.ts';
import { aarch64 } from './aarch64.ts';
import type { ArchitectureRules } from './architecture.ts';
import { i386 } from './i386.ts';
import { x8664 } from './x86-64.ts';

/** Every kind of CPU whose kernels can be found. */
export const rulesOf: Readonly<Record<Architecture, ArchitectureRules>> = { 'x86-64': x8664, aarch64, i386 };
