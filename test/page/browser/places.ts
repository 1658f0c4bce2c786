// Links into the page, what can be taken out of it, and where its list of contents says that the reader is.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { open } from './browser.ts';
import { trials } from './trials.ts';

const current = (page: Page): Promise<string> => page.locator('nav a[aria-current]').innerText();

/** The address once the page has changed it. */
async function fragment(page: Page, part: string): Promise<string> {
  await page.waitForFunction((wanted) => location.hash.includes(wanted), part);
  return page.evaluate(() => location.hash);
}

const clipboard = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());

/** That a reader finds back to what was seen, and can take it along. */
export const placeTrials = trials({
  'opens the process that is worth a look, and has a link to it': async ({ browser, sample }) => {
    const { page, troubles } = await open(browser, sample);
    await page.locator('.notable button', { hasText: '183' }).click();
    equal(await page.locator('dialog h3').innerText(), 'process 183');
    equal(await page.locator('dialog .why').innerText(), 'a shell on a socket');
    equal(await fragment(page, 'pid='), '#processes?pid=183');
    equal(await page.locator('dialog a.link').getAttribute('href'), '#processes?pid=183');
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => location.hash === '#processes');
    deepEqual(troubles, []);
    await page.context().close();
  },
  'is opened at a process, a row or a search by its address': async ({ browser, sample }) => {
    const { page, troubles } = await open(browser, sample);
    const visit = async (hash: string): Promise<void> => {
      await page.goto('about:blank');
      await page.goto(`${pathToFileURL(sample).href}${hash}`);
      await page.waitForFunction(() => document.documentElement.dataset['ready'] !== undefined);
    };
    troubles.length = 0;
    await visit('#processes?pid=201');
    equal(await page.locator('dialog h3').innerText(), 'process 201');
    await visit('#tables/files?search=pid%3A183');
    equal(await page.locator('#tables [role=tabpanel]:not([hidden]) .search').inputValue(), 'pid:183');
    equal(await page.locator('#tables [role=tabpanel]:not([hidden]) tr[data-place]').count(), 4);
    await visit('#tables/modules?row=0');
    equal(await page.locator('dialog h3').innerText(), 'modules');
    await visit('#nothing/of?the=kind&row=99999999999');
    equal(await page.locator('dialog').count(), 0);
    ok(
      troubles.every((trouble) => trouble === 'request: about:blank'),
      troubles.join(),
    );
    await page.context().close();
  },
  'puts what is searched for into its address': async ({ browser, sample }) => {
    const { page } = await open(browser, sample);
    await page.locator('#processes .search').fill('kworker');
    equal(await fragment(page, 'search='), '#processes?search=kworker');
    await page.locator('[role=tab]', { hasText: 'modules' }).click();
    equal(await fragment(page, 'modules'), '#tables/modules');
    await page.context().close();
  },
  'copies the rows that are shown as CSV and as JSON': async ({ browser, sample }) => {
    const { page } = await open(browser, sample, { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.locator('#processes .search').fill('pid:183');
    await page.locator('#processes .copy', { hasText: 'CSV' }).click();
    await page.locator('#processes .copy', { hasText: 'Copied' }).waitFor();
    const [head, ...lines] = (await clipboard(page)).split('\r\n');
    ok(head?.startsWith('pid,ppid,name,threads,'), head);
    // A tree shows what a found process descends from as well.
    deepEqual(
      lines.filter((line) => line !== '').map((line) => line.split(',')[0]),
      ['1', '183'],
    );
    await page.locator('#processes .copy', { hasText: 'JSON' }).click();
    await page.locator('#processes .copy', { hasText: 'Copied' }).last().waitFor();
    const rows = JSON.parse(await clipboard(page)) as { pid: number; args: string; kernel: boolean }[];
    deepEqual(
      rows.map(({ pid, args, kernel }) => [pid, args, kernel]),
      [
        [1, 'init', false],
        [183, 'bash -i', false],
      ],
    );
    await page.context().close();
  },
  'shows commands in whole and the reason below them, at 1280 pixels and on a phone': async ({
    browser,
    sample,
  }) => {
    for (const viewport of [
      { width: 1280, height: 900 },
      { width: 390, height: 844 },
    ]) {
      const { page } = await open(browser, sample, { viewport });
      const row = page.locator('#processes tr[data-place]', { hasText: '/etc/backup.key' });
      const command = row.locator('.command');
      ok((await command.innerText()).endsWith('-out /var/backups/orders.enc'));
      const cut = await command.evaluate((element) => {
        const cell = element.closest('td')!;
        return cell.scrollWidth - cell.clientWidth;
      });
      equal(cut, 0);
      const notable = page.locator('#processes tr.notable', { hasText: 'a shell on a socket' });
      const [text, why] = [notable.locator('.command'), notable.locator('.why')];
      const [above, below] = [await text.boundingBox(), await why.boundingBox()];
      ok(above!.y + above!.height <= below!.y + 1, 'the reason stands below the command');
      ok(below!.x + below!.width <= viewport.width, 'the reason is in sight');
      await page.context().close();
    }
  },
  'scrolls through rows of many heights without a gap, to the last of them': async ({ browser, sample }) => {
    const { page } = await open(browser, sample, { viewport: { width: 390, height: 600 } });
    await page.locator('#processes button', { hasText: 'Open all' }).click();
    const tree = page.locator('#processes table');
    await tree.focus();
    await page.keyboard.press('End');
    const last = page.locator('#processes tr.active');
    await last.waitFor();
    const isInSight = await last.evaluate((row) => {
      const box = row.closest('.scroller')!.getBoundingClientRect();
      const own = row.getBoundingClientRect();
      return own.bottom <= box.bottom + 2 && own.top >= box.top;
    });
    ok(isInSight, 'the last row is in sight');
    const count = Number(await tree.getAttribute('aria-rowcount'));
    equal(await last.getAttribute('aria-rowindex'), String(count));
    await page.context().close();
  },
  'folds findings by severity, the grave ones open': async ({ browser, sample }) => {
    const { page } = await open(browser, sample);
    const groups = page.locator('#findings .severities');
    deepEqual(await groups.locator('> summary .severity').allTextContents(), [
      'critical',
      'high',
      'medium',
      'low',
    ]);
    deepEqual(await groups.evaluateAll((all) => all.map((group) => (group as HTMLDetailsElement).open)), [
      true,
      true,
      false,
      false,
    ]);
    await page.context().close();
  },
  'marks where a link of the contents led, at the end of the page too': async ({ browser, sample }) => {
    const { page } = await open(browser, sample, { reducedMotion: 'reduce' });
    for (const title of ['Timeline', 'Notes', 'Sockets', 'Overview']) {
      await page.locator('nav a', { hasText: title }).click();
      await page.waitForFunction(
        (wanted) => document.querySelector('nav a[aria-current]')?.textContent?.startsWith(wanted) === true,
        title,
      );
      ok((await current(page)).startsWith(title));
    }
    await page.context().close();
  },
  'says once of a connection that both of its ends are here': async ({ browser, sample }) => {
    const { page } = await open(browser, sample);
    const rows = page.locator('#sockets tr[data-place]', { hasText: '127.0.0.1:44830' });
    equal(await rows.count(), 1);
    ok((await rows.innerText()).includes('ordersd (138) → ordersd (135)'));
    await page.context().close();
  },
});
