import { gunzipSync } from 'node:zlib';
import type { PageModel } from '../../src/page/model.ts';

/** The data in a page. */
export function modelOf(html: string): PageModel {
  const [, packed] = /<script type="application\/gzip" id="data">([^<]*)</.exec(html)!;
  return JSON.parse(String(gunzipSync(Buffer.from(packed!, 'base64')))) as PageModel;
}
