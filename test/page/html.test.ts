import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { pageAssets } from '../../src/cli/commands/page-assets.ts';
import { buildPageModel } from '../../src/page/build-model.ts';
import { escapeHtml, pageHtml } from '../../src/page/html.ts';
import type { PageModel } from '../../src/page/model.ts';
import { actingIn, Hostile } from '../report/hostile.ts';
import { answerOf, drawnPage, drawnParts, factsAt, HOSTILE } from './drawn.ts';

const assets = pageAssets();
const SMALL = { script: 'run()', style: 'p { color: red }' };

/** What stands between the tags of the nth element of a name. */
const between = (html: string, name: string, nth = 0): string =>
  [...html.matchAll(new RegExp(`<${name}[^>]*>([^]*?)</${name}>`, 'g'))][nth]![1]!;

const hashOf = (block: string): string => `'sha256-${createHash('sha256').update(block).digest('base64')}'`;

const modelIn = (html: string): PageModel =>
  JSON.parse(String(gunzipSync(Buffer.from(between(html, 'script'), 'base64')))) as PageModel;

describe('a page', () => {
  it('names in its policy exactly the script and the style that it holds, and nothing else', () => {
    for (const built of [SMALL, assets]) {
      const html = pageHtml(buildPageModel(drawnParts()), built);
      const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(html)!;
      expect(policy!.split('; ')).toEqual([
        "default-src 'none'",
        `script-src ${hashOf(between(html, 'script', 1))}`,
        `style-src ${hashOf(between(html, 'style'))}`,
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
      ]);
    }
  });

  it('holds two script elements and one style, whatever texts the evidence holds', () => {
    const facts = factsAt(3, { hostname: HOSTILE[0]!, release: HOSTILE[1]!, banner: HOSTILE[2]! });
    const html = pageHtml(buildPageModel(drawnParts({ facts, title: HOSTILE.slice(0, 9).join(' ') })), SMALL);
    for (const [tag, count] of Object.entries({ script: 2, style: 1, title: 1, noscript: 1, img: 0, svg: 0 }))
      expect([tag, html.split(`<${tag}`).length - 1]).toEqual([tag, count]);
    expect(html.match(/<[^>]*\son\w+=/)).toBeNull();
    expect(actingIn(html)).toEqual([]);
  });

  it('carries its data whole', () => {
    const model = drawnPage();
    expect(modelIn(pageHtml(model, SMALL))).toEqual(JSON.parse(JSON.stringify(model)));
  });

  it('is the same for the same answers', () => {
    expect(pageHtml(buildPageModel(drawnParts()), assets)).toBe(
      pageHtml(buildPageModel(drawnParts()), assets),
    );
  });

  it('has room for a table of fifty thousand rows in two megabytes', () => {
    expect(pageHtml(drawnPage(), assets).length).toBeLessThan(2_000_000);
  });

  it('asks for nothing outside of itself', () => {
    const { script, style } = assets;
    expect(style).not.toMatch(/@import|url\(/);
    expect(script).not.toMatch(
      /\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|localStorage|sessionStorage|\beval\(/,
    );
    expect(script).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write/);
  });

  it('refuses a script that would end its own element', () => {
    expect(() => pageHtml(buildPageModel(drawnParts()), { ...SMALL, script: '"</script>"' })).toThrow(
      'a block of the page would end before its end',
    );
  });

  it('tells findings, reasons and changes to readers without scripts', () => {
    const text = between(pageHtml(buildPageModel(drawnParts()), SMALL), 'noscript');
    expect(text).toContain('<li>critical: bash (101) has a socket for its input</li>');
    expect(text).not.toContain('a shell of old');
    expect(text).toContain('<li>101 bash -i: root&#39;s rights for user 33; a shell on a socket</li>');
    expect(text).toContain('<li>appeared: process 101 bash -i (user 33) (');
    expect(text).toContain('<li>keys: nobody has asked this of the snapshot</li>');
  });
});

describe('escaping for HTML', () => {
  it('leaves no letter that could begin or end anything', () => {
    const hostile = new Hostile(5);
    for (let round = 0; round < 2_000; round++)
      expect(escapeHtml(`${hostile.text()}<>&"'`)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)|[\p{C}]/u);
  });

  it('shows what was there', () => {
    expect(escapeHtml('a<b>&"\'\u202e')).toBe('a&lt;b&gt;&amp;&quot;&#39;\\u202e');
  });
});

describe('the data of a page', () => {
  it('is small for what it holds', () => {
    const model = buildPageModel({ ...drawnParts(), answers: [answerOf('pslist', [])] });
    expect(pageHtml(model, SMALL).length).toBeLessThan(12_000);
  });
});
