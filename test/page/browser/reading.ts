import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { forbiddenIn, open, openAll } from './browser.ts';
import { faintTexts } from './contrast.ts';
import { trials } from './trials.ts';

const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute('aria-label') ?? element?.textContent ?? '';
  });

const activeRow = (page: Page, section: string): Promise<string> =>
  page.locator(`${section} tr.active`).first().innerText();

const sidewaysRoom = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** That it can be read by anybody, anywhere. */
export const readingTrials = trials({
  'leads past the contents with the first tabulator': async ({ browser, drawn }) => {
    const { page } = await open(browser, drawn.file);
    await page.keyboard.press('Tab');
    equal(await focused(page), 'To the content');
    await page.keyboard.press('Enter');
    equal(await page.evaluate(() => document.activeElement?.id), 'main');
    await page.context().close();
  },
  'can be searched and walked through with keys alone': async ({ browser, drawn }) => {
    const { page } = await open(browser, drawn.file);
    await page.locator('#tables').scrollIntoViewIfNeeded();
    await page.evaluate(() => document.getElementById('tables')?.scrollIntoView({ behavior: 'instant' }));
    await page.locator('nav a[aria-current][href="#tables"]').waitFor();
    await page.keyboard.press('/');
    ok((await focused(page)).startsWith('Search '), await focused(page));
    await page.locator('[role=tab]').first().focus();
    await page.keyboard.press('End');
    equal(await focused(page), 'maps50,000');
    await page.keyboard.press('/');
    equal(await focused(page), 'Search maps');
    await page.keyboard.type('lib5.so');
    await page.keyboard.press('Enter');
    equal(await focused(page), 'maps');
    const first = await activeRow(page, '#tables');
    await page.keyboard.press('ArrowDown');
    ok((await activeRow(page, '#tables')) !== first);
    const active = await page.evaluate(
      () => document.activeElement?.getAttribute('aria-activedescendant') ?? '',
    );
    equal(await page.locator(`[id="${active}"]`).getAttribute('aria-selected'), 'true');
    await page.keyboard.press('Enter');
    equal(await page.locator('dialog h3').innerText(), 'maps');
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    equal(await focused(page), 'maps');
    await page.context().close();
  },
  'opens and shuts branches of the process tree with arrow keys': async ({ browser, drawn }) => {
    const { page } = await open(browser, drawn.file);
    const tree = page.locator('#processes table');
    const commands = (): Promise<string[]> => page.locator('#processes .command').allInnerTexts();
    const whole = [...['init', 'sshd -D', 'newbash -i', 'cron', 'job 10', 'job 11', 'job 12', 'kthreadd']];
    deepEqual(await commands(), whole);
    await tree.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowLeft');
    deepEqual(await commands(), ['init', 'kthreadd']);
    equal(await page.locator('#processes tr.active').getAttribute('aria-expanded'), 'false');
    await page.keyboard.press('ArrowRight');
    deepEqual(await commands(), whole);
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowRight');
    deepEqual(await commands(), [...whole, 'kworker/0:0']);
    await page.locator('#processes input').fill('bash');
    deepEqual(await commands(), ['init', 'sshd -D', 'newbash -i']);
    await page.context().close();
  },
  'leads from a process to its rows in other tables': async ({ browser, drawn }) => {
    const { page } = await open(browser, drawn.file);
    await page.locator('#processes .command', { hasText: 'sshd' }).click();
    await page.locator('dialog button', { hasText: 'sockets of 100 (1)' }).click();
    equal(await page.locator('#tables [role=tab][aria-selected=true]').innerText(), 'sockets2');
    equal(await page.locator('#tables [role=tabpanel]:not([hidden]) .status').innerText(), '1 of 2 rows');
    await page.context().close();
  },
  'needs no room sideways on a phone': async ({ browser, drawn, sample }) => {
    for (const file of [drawn.file, sample]) {
      const { page } = await open(browser, file, {
        viewport: { width: 360, height: 740 },
        isMobile: true,
        hasTouch: true,
      });
      equal(await sidewaysRoom(page), 0);
      await openAll(page);
      equal(await sidewaysRoom(page), 0);
      await page.context().close();
    }
  },
  'is dark where the system is, and can be turned without keeping anything': async ({ browser, drawn }) => {
    const { page, troubles } = await open(browser, drawn.file, { colorScheme: 'dark' });
    const isDark = (): Promise<boolean> =>
      page.evaluate(() => {
        const [red = 255] = getComputedStyle(document.documentElement).backgroundColor.match(/\d+/g) ?? [];
        return Number(red) < 64;
      });
    equal(await isDark(), true);
    await page.locator('button.theme').click();
    equal(await isDark(), false);
    await page.locator('button.theme').click();
    equal(await isDark(), true);
    deepEqual([troubles, await forbiddenIn(page)], [[], []]);
    await page.context().close();
  },
  'has enough contrast in both schemes': async ({ browser, drawn }) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await open(browser, drawn.file, { colorScheme });
      await openAll(page);
      await page.locator('#processes table').press('Home');
      deepEqual(await faintTexts(page), []);
      await page.context().close();
    }
  },
  'moves nothing for those who want no motion': async ({ browser, drawn }) => {
    const { page } = await open(browser, drawn.file, { reducedMotion: 'reduce' });
    const motion = await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior);
    equal(motion, 'auto');
    await page.context().close();
  },
  'puts all findings, changes and processes on paper, and as much of tables as is sensible': async ({
    browser,
    drawn,
  }) => {
    const { page } = await open(browser, drawn.file);
    const onScreen = await page.locator('#tables tr').count();
    const unfolded = await page.locator('details[open]').count();
    await page.emulateMedia({ media: 'print' });
    await page.locator('.on-paper').first().waitFor();
    const text = await page.locator('main').innerText();
    for (let number = 1; number <= 60; number++)
      ok(text.includes(`finding number ${number}`), `finding number ${number}`);
    for (const part of [
      'T1059.004',
      'kthreadd',
      'kworker/0:0',
      'args of 3 rows could not be read',
      '203.0.113.66',
    ])
      ok(text.includes(part), part);
    ok(text.includes('… and 49,800 rows more, in the page itself'));
    equal(await page.locator('.side').isVisible(), false);
    equal(await page.locator('.spacer').count(), 0);
    const paper = await page.pdf({ preferCSSPageSize: true });
    ok(paper.length > 10_000);
    await page.emulateMedia({ media: 'screen' });
    await page.locator('.on-paper').first().waitFor({ state: 'detached' });
    equal(await page.locator('details[open]').count(), unfolded);
    equal(await page.locator('#tables [role=tabpanel]:not([hidden]) tr').count(), onScreen);
    await page.context().close();
  },
  'draws every snapshot on the timeline, and each thing where it was': async ({ browser, drawn }) => {
    const { page } = await open(browser, drawn.file);
    equal(await page.locator('#timeline .scale line').count(), 4);
    equal(await page.locator('#timeline .scale .reboot').count(), 1);
    const rows = page.locator('#timeline tr[data-place]');
    const shell = rows.filter({ hasText: 'bash -i' });
    equal(
      await shell.locator('.life').getAttribute('title'),
      'in 1 snapshot, first in 2026-01-02 06:00 and is there now',
    );
    const [left, right] = await shell.locator('.life').evaluate((life) => {
      const [box, bar] = [life, life.firstElementChild!].map((part) => part.getBoundingClientRect()) as [
        DOMRect,
        DOMRect,
      ];
      return [(bar.left - box.left) / box.width, (bar.right - box.left) / box.width];
    });
    ok(left! > 0.9 && right! < 1.1, `${left} to ${right}`);
    await page.locator('#timeline button', { hasText: /^all$/ }).click();
    ok((await rows.count()) > 4);
    await page.context().close();
  },
});
