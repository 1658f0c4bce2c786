import { deepEqual, equal, ok } from 'node:assert/strict';
import { forbiddenIn, open, openAll } from './browser.ts';
import { trials } from './trials.ts';

/** That the page shows itself and does nothing else, whatever is in it. */
export const quietTrials = trials({
  'opens from disk without an error, a message or a request': async ({ browser, drawn, sample }) => {
    for (const file of [drawn.file, sample]) {
      const { page, troubles } = await open(browser, file);
      deepEqual(troubles, []);
      deepEqual(await forbiddenIn(page), []);
      await page.context().close();
    }
  },
  'stays quiet while every table, row and branch is looked at': async ({ browser, drawn }) => {
    const { page, troubles } = await open(browser, drawn.file);
    for (const tab of await page.locator('[role=tab]').all()) await tab.click();
    await openAll(page);
    await page.locator('[role=tab]', { hasText: 'env' }).click();
    const rows = page.locator('#tables [role=tabpanel]:not([hidden]) tr[data-place]');
    for (let row = 0; row < (await rows.count()); row++) {
      await rows.nth(row).click();
      await page.keyboard.press('Escape');
    }
    deepEqual([troubles, await forbiddenIn(page)], [[], []]);
    await page.context().close();
  },
  'shows hostile texts as texts': async ({ browser, drawn }) => {
    const { page } = await open(browser, drawn.file);
    await page.locator('[role=tab]', { hasText: 'env' }).click();
    const cells = await page
      .locator('#tables [role=tabpanel]:not([hidden]) tr[data-place] td:nth-child(3)')
      .allTextContents();
    equal(cells[0], '</script><script>document.title="moved"</script>');
    equal(cells[4], '\\u202egnp.exe\\u202c');
    equal(cells[5], '\\x1b]0;moved\\x07\\x1b[2J');
    equal(cells[7], '\\u2028\\u2029\\ud800');
    ok(cells[9]!.length < 400, 'a huge text is cut in its cell');
    equal(await page.title(), 'web-1 · Vestige');
    const made = await page.evaluate(() => ({
      foreign: document.querySelectorAll('img, iframe, object, embed, form, base, svg [onload]').length,
      scripts: document.scripts.length,
      handlers: [...document.querySelectorAll('*')].filter((element) =>
        [...element.attributes].some(
          ({ name }) => name.startsWith('on') || (name === 'style' && element.closest('main') === null),
        ),
      ).length,
      links: [...document.querySelectorAll('a[href]')]
        .map((link) => link.getAttribute('href') ?? '')
        .filter((href) => !/^(#|https:)/.test(href)),
    }));
    deepEqual(made, { foreign: 0, scripts: 1, handlers: 0, links: [] });
    await page.context().close();
  },
  'has a policy that forbids what a text could try': async ({ browser, drawn }) => {
    const { page } = await open(browser, drawn.file);
    const outcome = await page.evaluate(async () => {
      const tried: Record<string, string> = {};
      // Not in the debugger's own turn, which may do what the page may not.
      const attempt = (name: string, action: () => unknown): Promise<void> =>
        new Promise((resolve) =>
          setTimeout(async () => {
            try {
              await action();
              tried[name] = 'done';
            } catch {
              tried[name] = 'refused';
            }
            resolve();
          }),
        );
      await attempt('markup', () => {
        document.body.innerHTML += '<b>moved</b>';
      });
      await attempt('script', () => {
        const script = document.createElement('script');
        script.append('document.title = "moved"');
        document.body.append(script);
      });
      await attempt('fetch', () => fetch('https://example.org/'));
      await attempt('eval', () => new Function('document.title = "moved"')());
      const image = new Image();
      image.src = 'https://example.org/pixel.png';
      const styled = document.createElement('p');
      styled.setAttribute('style', 'position: fixed');
      document.body.append(styled);
      return { tried, position: getComputedStyle(styled).position };
    });
    equal(outcome.tried['markup'], 'refused');
    equal(outcome.tried['fetch'], 'refused');
    equal(outcome.tried['eval'], 'refused');
    equal(outcome.position, 'static');
    equal(await page.title(), 'web-1 · Vestige');
    for (const directive of ['connect-src', 'img-src', 'style-src-attr'])
      await page.waitForFunction(
        (name) => window.forbidden?.some((violation) => violation.startsWith(`${name} `)),
        directive,
      );
    await page.context().close();
  },
  'runs no script that somebody wrote into the file': async ({ browser, drawn }) => {
    const { readFileSync, writeFileSync } = await import('node:fs');
    const file = `${drawn.file}.injected.html`;
    const text = readFileSync(drawn.file, 'utf8');
    writeFileSync(file, text.replace('<body>', '<body><script>document.title = "moved"</script>'));
    const { page, troubles } = await open(browser, file);
    equal(await page.title(), 'web-1 · Vestige');
    deepEqual(await forbiddenIn(page), ['script-src-elem inline']);
    ok(troubles.some((trouble) => /Content Security Policy/.test(trouble)));
    await page.context().close();
  },
  'tells the essence where no script runs': async ({ browser, drawn }) => {
    const { page } = await open(browser, drawn.file, { javaScriptEnabled: false });
    const text = await page.locator('body').innerText();
    for (const part of ['web-1', 'bash (101) has a socket', 'appeared: process 101 bash -i (user 33)'])
      ok(text.includes(part), part);
    await page.context().close();
  },
});
