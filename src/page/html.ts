// The HTML page as one file: data, script and style sheet, with a content security policy.
// No text of the evidence becomes markup.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { escapeText } from '../report/escape.ts';
import type { PageModel } from './model.ts';

/** What the build makes of `client/`: one script and one style sheet. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

/** Events and findings that a reader without scripts is told; the rest is counted. */
const MOST_PLAIN_LINES = 200;

/**
 * The page as one file. It may do nothing but run the one script and use the one style sheet in it, which its policy
 * names by their hashes: no request leaves it, and a text of the evidence that looked like markup would still do
 * nothing. The data travels packed, so that it holds no letter that HTML could take for its own.
 */
export function pageHtml(model: PageModel, { script, style }: PageAssets): string {
  const policy = [
    "default-src 'none'",
    `script-src ${sourceOf(script)}`,
    `style-src ${sourceOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
    // Where browsers know it, no script can make markup of a text, not even ours.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  const data = gzipSync(JSON.stringify(model), { level: 9 }).toString('base64');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta name="generator" content="vestige ${escapeHtml(model.vestige)}">
<title>${escapeHtml(model.title)} · Vestige</title>
<style>${style}</style>
</head>
<body>
<noscript>
${plainText(model)}</noscript>
<script type="application/gzip" id="data">${data}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** A block as a policy names it (CSP level 2, hash-source). The browser hashes exactly what stands between the tags. */
const sourceOf = (block: string): string =>
  `'sha256-${createHash('sha256').update(refusingTags(block)).digest('base64')}'`;

/** The build's own blocks end where we end them. */
function refusingTags(block: string): string {
  if (/<\/(?:script|style)|<!--/i.test(block))
    throw new Error('a block of the page would end before its end');
  return block;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text of the evidence as HTML shows it, in an element or between quotes. */
export const escapeHtml = (text: string): string =>
  escapeText(text).replace(/[&<>"']/g, (letter) => ENTITIES[letter]!);

/** The essence for readers whose program runs no scripts: a mail program, a phone's preview. */
function plainText({ machine, unread, verdicts, changes, notable }: PageModel): string {
  const list = (title: string, lines: readonly string[]): string => {
    if (lines.length === 0) return '';
    const shown = lines.slice(0, MOST_PLAIN_LINES);
    const more = lines.length - shown.length;
    const items = [...shown, ...(more > 0 ? [`and ${more} more`] : [])];
    return `<h2>${title}</h2>\n<ul>\n${items.map((line) => `<li>${escapeHtml(line)}</li>\n`).join('')}</ul>\n`;
  };
  const findings = verdicts.flatMap(({ rules }) =>
    rules.flatMap(({ severity, findings: found }) =>
      found.flatMap(({ message, suppressed }) => (suppressed === null ? [`${severity}: ${message}`] : [])),
    ),
  );
  const worth = notable.processes.map(
    ({ pid, command, reasons }) => `${pid} ${command}: ${reasons.join('; ')}`,
  );
  const events = (changes?.events ?? []).map(
    ({ change, kind, what, why }) =>
      `${change}: ${kind} ${what}${why.length === 0 ? '' : ` (${why.join('; ')})`}`,
  );
  return [
    `<h1>${escapeHtml(machine.name)}</h1>\n`,
    `<p>${escapeHtml(machine.system)}<br>${escapeHtml(machine.moment)}<br>`,
    `${escapeHtml(machine.binding)}: ${machine.confidence}</p>\n`,
    '<p>Tables, process tree and timeline want a browser that runs scripts.</p>\n',
    list('Could not be read', unread),
    list('Findings', findings),
    list('Worth a look', worth),
    list('Since the snapshot before', events),
  ].join('');
}
