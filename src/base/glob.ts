// Patterns of a user's in which `*` stands for any letters and `?` for one, held against texts of the evidence:
// in steps that grow with the product of both lengths at most, whatever the two are.

/** Whether a text matches a pattern, whatever the case of either. */
export type Glob = (text: string) => boolean;

/** Makes a pattern ready. */
export function globOf(pattern: string): Glob {
  const wanted = lettersOf(pattern);
  if (!/[*?]/.test(pattern)) return (text) => text.toLowerCase() === wanted.join('');
  return (text) => matches(lettersOf(text), wanted);
}

const lettersOf = (text: string): string[] => [...text.toLowerCase()];

/** A star first takes nothing; where the rest then does not match, the last star takes one letter more. */
function matches(text: readonly string[], wanted: readonly string[]): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let taken = 0;
  while (at < text.length) {
    if (wanted[next] === '*') {
      star = next++;
      taken = at;
    } else if (wanted[next] === '?' || wanted[next] === text[at]) {
      next++;
      at++;
    } else {
      if (star < 0) return false;
      next = star + 1;
      at = ++taken;
    }
  }
  while (wanted[next] === '*') next++;
  return next === wanted.length;
}
