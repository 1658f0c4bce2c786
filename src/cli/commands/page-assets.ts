// Finds the script and the style sheet that the build made for the HTML page.
// They lie beside the compiled program.
import { existsSync, readFileSync } from 'node:fs';
import type { PageAssets } from '../../page/html.ts';

/** Beside the compiled code, where the build leaves them; tests run from the sources. */
const PLACES = ['../../page/assets/', '../../../dist/src/page/assets/'];

/** The script and the style sheet of the page, as the build made them. */
export function pageAssets(): PageAssets {
  const folder = PLACES.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
  if (folder === undefined) throw new Error('the page has no script: npm run build makes it');
  const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8').trim();
  return { script: read('main.js'), style: read('style.css') };
}
