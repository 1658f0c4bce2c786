import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import type { PageColumn, PageModel } from '../../../src/page/model.ts';
import { LONG } from '../drawn.ts';
import { open } from './browser.ts';
import { trials } from './trials.ts';

const panel = (page: Page): Locator => page.locator('#tables [role=tabpanel]:not([hidden])');

async function openTable(page: Page, name: string): Promise<Locator> {
  await page.locator('[role=tab]', { hasText: name }).click();
  return panel(page);
}

const columnOf = ({ tables }: PageModel, table: string, column: string): PageColumn =>
  tables.find(({ name }) => name === table)!.columns.find(({ name }) => name === column)!;

/** The cells of a column of the rows that are drawn. */
async function drawnCells(table: Locator, column: string): Promise<string[]> {
  const heads = await table.locator('th').allInnerTexts();
  const index = heads.findIndex((head) => head.trim().split(/\s/)[0] === column) + 1;
  return table.locator(`tr[data-place] td:nth-child(${index})`).allTextContents();
}

/** An offset as tables show it. */
const hexOf = (offset: number): string => `0x${offset.toString(16)}`;

const sortBy = (table: Locator, column: string): Promise<void> =>
  table.locator('th button', { hasText: new RegExp(`^${column}$`) }).click();

/** That tables do what they say, and bear what machines have. */
export const tableTrials = trials({
  'sorts by numbers, upwards, downwards and not at all': async ({ browser, drawn }) => {
    const { page } = await open(browser, drawn.file);
    const table = await openTable(page, 'maps');
    const { cells } = columnOf(drawn.model, 'maps', 'pid');
    const rows = [...cells.keys()];
    const up = rows.toSorted((a, b) => Number(cells[a]) - Number(cells[b]) || a - b);
    const down = rows.toSorted((a, b) => Number(cells[b]) - Number(cells[a]) || a - b);
    const offsets = (order: readonly number[]): string[] => order.slice(0, 20).map(hexOf);
    const first = async (): Promise<string[]> => (await drawnCells(table, 'offset')).slice(0, 20);
    const head = table.locator('th').first();
    await sortBy(table, 'pid');
    deepEqual(await first(), offsets(up));
    equal(await head.getAttribute('aria-sort'), 'ascending');
    await sortBy(table, 'pid');
    deepEqual(await first(), offsets(down));
    equal(await head.getAttribute('aria-sort'), 'descending');
    await sortBy(table, 'pid');
    deepEqual(await first(), offsets(rows));
    equal(await head.getAttribute('aria-sort'), null);
    await page.context().close();
  },
  'sorts by texts and addresses, with what could not be read at the end': async ({ browser, drawn }) => {
    const { page } = await open(browser, drawn.file);
    const table = await openTable(page, 'maps');
    const paths = columnOf(drawn.model, 'maps', 'path').cells;
    const starts = columnOf(drawn.model, 'maps', 'start').cells;
    await sortBy(table, 'path');
    const least = paths.filter((path) => path !== null).toSorted()[0];
    equal((await drawnCells(table, 'path'))[0], least);
    await table.locator('table').press('End');
    deepEqual(new Set((await drawnCells(table, 'path')).slice(-10)), new Set(['–']));
    await sortBy(table, 'start');
    await table.locator('table').press('Home');
    const numbers = starts.map((start) => BigInt(String(start))).toSorted((a, b) => (a < b ? -1 : 1));
    deepEqual(
      (await drawnCells(table, 'start')).slice(0, 15),
      numbers.slice(0, 15).map((number) => `0x${number.toString(16)}`),
    );
    await page.context().close();
  },
  'searches all columns, one column, and several words': async ({ browser, drawn }) => {
    const { page } = await open(browser, drawn.file);
    const table = await openTable(page, 'maps');
    const paths = columnOf(drawn.model, 'maps', 'path').cells;
    const pids = columnOf(drawn.model, 'maps', 'pid').cells;
    const countOf = (isWanted: (row: number) => boolean): number => [...paths.keys()].filter(isWanted).length;
    const status = table.locator('.status');
    const search = table.locator('input[type=search]');
    await search.fill('LIB77.so');
    equal(await status.innerText(), `${countOf((row) => paths[row] === '/usr/lib/lib77.so')} of 50,000 rows`);
    ok((await drawnCells(table, 'path')).every((path) => path === '/usr/lib/lib77.so'));
    await search.fill('pid:7 lib77');
    const both = countOf((row) => pids[row] === 7 && String(paths[row]).includes('lib77'));
    equal(await status.innerText(), `${both.toLocaleString('en')} of 50,000 rows`);
    await search.fill('nothing is called so');
    equal(await status.innerText(), '0 of 50,000 rows');
    equal(await table.locator('.nothing').innerText(), 'Nothing is like that.');
    await search.press('Escape');
    equal(await status.innerText(), '50,000 rows');
    await page.context().close();
  },
  'keeps few rows of fifty thousand in the page, and shows the last': async ({ browser, drawn }) => {
    const { page } = await open(browser, drawn.file);
    const table = await openTable(page, 'maps');
    const rows = table.locator('tr[data-place]');
    for (const part of [0, 0.25, 0.5, 0.99, 1]) {
      await table.locator('.scroller').evaluate((scroller, at) => {
        scroller.scrollTop = at * scroller.scrollHeight;
      }, part);
      await table.locator(`tr[data-place="${Math.floor(part * (LONG - 1))}"]`).waitFor();
      ok((await rows.count()) < 90, `${await rows.count()} rows`);
      ok((await rows.count()) > 20, `${await rows.count()} rows`);
    }
    equal((await drawnCells(table, 'offset')).at(-1), hexOf(LONG - 1));
    ok(
      await rows.last().evaluate((row) => {
        const box = row.closest('.scroller')!.getBoundingClientRect();
        const own = row.getBoundingClientRect();
        return own.bottom <= box.bottom + 1 && own.top > box.top;
      }),
      'the last row is in sight',
    );
    await page.context().close();
  },
  'tells why a cell could not be read, and leaves what does not apply empty': async ({ browser, drawn }) => {
    const { page } = await open(browser, drawn.file);
    const table = await openTable(page, 'modules');
    const cell = table.locator('td.absent');
    deepEqual(
      [await cell.innerText(), await cell.getAttribute('title')],
      ['–', 'could not be read: not-present'],
    );
    equal((await drawnCells(table, 'usedBy'))[0], '');
    await cell.click();
    equal(await page.locator('dialog dd.absent').innerText(), '– could not be read: not-present');
    await page.context().close();
  },
});
