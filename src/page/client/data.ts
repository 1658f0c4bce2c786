// Unpacks the data that the page carries.
// It is compressed JSON in a script element that is never run.
import type { PageModel } from '../model.ts';

/** Unpacks the data that the page carries. Rejects where the browser cannot. */
export async function readModel(): Promise<PageModel> {
  const place = document.getElementById('data');
  const bytes = Uint8Array.from(atob(place?.textContent ?? ''), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const model = (await new Response(unpacked).json()) as PageModel;
  place?.remove(); // megabytes of text that nobody reads again
  return model;
}
