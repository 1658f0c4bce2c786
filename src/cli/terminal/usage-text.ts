// Turns commander's messages about a wrong command line into the program's own form.
// Every error is one line that begins with `vestige: `.

/** What commander says of a wrong command line, on one line and in the manner of the rest of the program. */
export const usageText = (text: string): string =>
  text
    .trim()
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace('(Did you', '(did you');
