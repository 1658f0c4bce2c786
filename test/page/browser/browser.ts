import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const ARGUMENTS = [
  ...['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];

/** The Chromium of the system: `$CHROMIUM`, or one in the PATH. */
function chromiumPath(): string {
  const { CHROMIUM, PATH = '' } = process.env;
  if (CHROMIUM !== undefined && CHROMIUM !== '') return CHROMIUM;
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const places = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  const found = [...places, '/usr/bin/chromium'].find(isProgram);
  if (found === undefined)
    throw new Error('no Chromium: install the package chromium, or name one in $CHROMIUM');
  return found;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath(), args: ARGUMENTS });

/** A page that is open, and all that it did which a page that only shows itself does not. */
export interface Opened {
  readonly page: Page;
  /** Messages on the console, errors, requests for anything but itself, violations of its policy. */
  readonly troubles: string[];
}

declare global {
  interface Window {
    /** What the page's policy forbade. */
    forbidden?: string[];
  }
}

/** Opens a file as a reader does, from disk, and waits until it has drawn itself. */
export async function open(
  browser: Browser,
  file: string,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const own = pathToFileURL(file).href;
  const troubles: string[] = [];
  page.on('console', (message) => troubles.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const [url] = request.url().split('#');
    if (url !== own) troubles.push(`request: ${request.url().slice(0, 200)}`);
  });
  await page.addInitScript(() => {
    window.forbidden = [];
    addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
      window.forbidden?.push(`${effectiveDirective} ${blockedURI}`),
    );
  });
  await page.goto(own);
  if (options.javaScriptEnabled !== false)
    await page.waitForFunction(() => document.documentElement.dataset['ready'] !== undefined);
  return { page, troubles };
}

/** What the page's policy has forbidden so far. */
export const forbiddenIn = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => window.forbidden ?? ['nobody listened']);

/** Opens all that is folded away. */
export const openAll = (page: Page): Promise<void> =>
  page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
  });
