// Draws some things otherwise when the page is printed.
// Browsers announce printing by events, or by the medium.

/** What is drawn otherwise on paper: called before the page is printed, and after. */
interface Printed {
  readonly before: () => unknown;
  readonly after: () => unknown;
}

const printed: Printed[] = [];
let isOnPaper = false;

/** Has something drawn otherwise on paper; in the order in which it was asked for. */
export function whenPrinted(before: () => unknown, after: () => unknown): void {
  printed.push({ before, after });
}

/** Watches for printing: browsers tell of it by events, and what only shows how paper would look by the medium. */
export function watchForPrinting(): void {
  const medium = matchMedia('print');
  addEventListener('beforeprint', () => turn(true));
  addEventListener('afterprint', () => turn(medium.matches));
  medium.addEventListener('change', ({ matches }) => turn(matches));
}

function turn(toPaper: boolean): void {
  if (toPaper === isOnPaper) return;
  isOnPaper = toPaper;
  // What is added meanwhile is drawn for paper by whoever adds it, or stands further back in the list.
  for (let index = 0; index < printed.length; index++) {
    const { before, after } = printed[index]!;
    if (toPaper) before();
    else after();
  }
}
