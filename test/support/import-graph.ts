// Which file of a tree imports which, and the circles among them: sets of files each of which leads to all others.
// Imports of types count too: who must read one file to understand another has to read both.
import { posix } from 'node:path';

const IMPORT =
  /^(?:import|export)\s+(?:type\s)?[^;'"]*?from '(\.[^']+)'|^import '(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm;

/** Paths → the paths that each imports, of those that are in the tree where nothing else is said. */
export function importsIn(
  texts: ReadonlyMap<string, string>,
  isWanted: (path: string) => boolean = (path) => texts.has(path),
): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  for (const [path, text] of texts) {
    const targets = [...text.matchAll(IMPORT)].map(([, from, bare, late]) =>
      posix.join(posix.dirname(path), (from ?? bare ?? late)!),
    );
    graph.set(path, targets.filter(isWanted));
  }
  return graph;
}

/** The circles, each as its sorted paths (Tarjan's strongly connected components of more than one file). */
export function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const open: string[] = [];
  const visit = (path: string): number => {
    order.set(path, order.size);
    let low = order.get(path)!;
    open.push(path);
    for (const next of graph.get(path) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next));
      else if (open.includes(next)) low = Math.min(low, order.get(next)!);
    }
    if (low === order.get(path)) {
      const circle = open.splice(open.indexOf(path));
      if (circle.length > 1) found.push(circle.sort());
    }
    return low;
  };
  for (const path of graph.keys()) if (!order.has(path)) visit(path);
  return found;
}
