import type { AnyPlugin } from '../plugin/contract.ts';
import type { KernelFacts } from '../plugin/document.ts';
import type { Evidence } from '../policy/judge.ts';
import type { Finding, Verdict } from '../policy/verdict.ts';

/** Who has an opinion of new snapshots: a policy, with what is known of their machines already. */
export interface Judge {
  /** Names the policy's texts as they are now. */
  readonly digest: string;
  /** What has to be asked of a snapshot, beside the questions of the scan. */
  readonly questions: readonly AnyPlugin[];
  /** Those of them whose differences are looked at. */
  readonly compared: readonly AnyPlugin[];
  /**
   * Pure: it is called before anything is recorded, and again where a scan was ended meanwhile.
   *
   * @param today `2027-01-31`
   */
  verdictOn(evidence: Evidence, today: string): Verdict;
  /** What a reader must know to make sense of a verdict on this machine. */
  remarksOn(kernel: KernelFacts): readonly string[];
  /** JSON of the row that a finding is about, as documents have it; null where it is about none. */
  rowText(finding: Finding): string | null;
}
