/** What is to be said of one question on one guest: right, right as far as it goes, or wrong. */
export type Judgement =
  | { readonly is: 'exact' }
  /** Nothing is wrong, and of what is missing the program itself says why. */
  | { readonly is: 'partial'; readonly reasons: readonly string[] }
  | { readonly is: 'not'; readonly differences: number };

/** The judgement of an answer with these differences; `explained` holds the program's own reasons for all of them. */
export function judgementOf(differences: readonly string[], explained: readonly string[] = []): Judgement {
  if (differences.length === 0) return { is: 'exact' };
  if (explained.length > 0) return { is: 'partial', reasons: explained };
  return { is: 'not', differences: differences.length };
}
