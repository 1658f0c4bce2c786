// Which version of the program this is: package.json tells, and it is read once.
// Answers are remembered under it, and documents carry it.
import { existsSync, readFileSync } from 'node:fs';

let known: string | undefined;

/** The version in package.json, which lies above `dist/` in the package and in a clone, and above `src/` for tests. */
export function version(): string {
  known ??= read(['../../package.json', '../../../package.json']);
  return known;
}

function read(places: readonly string[]): string {
  const file = places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url))!;
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
