import { ok } from 'node:assert/strict';
import { open } from './browser.ts';
import { trials } from './trials.ts';

/** What the shipped samples tell, in words that a reader meets on the page. */
const STORY = [
  'web-1',
  'verified',
  'A program runs from memory only',
  'kworker/u3:1 (201), of user 0, runs /memfd:libc-cache (deleted)',
  'T1059.004',
  '199 [kworker/0:3]',
  'its executable is deleted; runs from /dev/shm/.cache; looks like a kernel thread',
  'runs from memory only (memfd); looks like a kernel thread; sees raw packets',
  '183 bash -i (user 33)',
  'a shell on a socket',
  'tcp 0.0.0.0:31337 kworker/0:3 (199)',
  'tcp 203.0.113.10:58126 → 203.0.113.66:4444 bash (183)',
  'LD_PRELOAD is /usr/lib/x86_64-linux-gnu/libkeyutils.so.2',
  '128 auditd',
  'dummy',
];

export const sampleTrials = trials({
  'tells the story of the shipped samples with no option': async ({ browser, sample }) => {
    const { page } = await open(browser, sample);
    const text = await page.locator('main').innerText();
    for (const part of STORY) ok(text.includes(part), part);
    await page.context().close();
  },
});
