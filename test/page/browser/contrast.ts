import type { Page } from 'playwright-core';

/** Text in sight whose contrast with its ground is less than 4.5 (WCAG 2.2, 1.4.3), with the ratio. */
export const faintTexts = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => {
    type Color = readonly [number, number, number, number];
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
    const colorOf = (css: string): Color => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = css;
      canvas.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data;
      return [red, green, blue, alpha / 255];
    };
    const over = (top: Color, below: Color): Color => {
      const mix = (index: 0 | 1 | 2): number => top[index] * top[3] + below[index] * (1 - top[3]);
      return [mix(0), mix(1), mix(2), 1];
    };
    const groundOf = (element: Element | null): Color => {
      if (element === null) return [255, 255, 255, 1];
      const own = colorOf(getComputedStyle(element).backgroundColor);
      return own[3] === 1 ? own : over(own, groundOf(element.parentElement));
    };
    const luminance = (color: Color): number => {
      const part = (index: 0 | 1 | 2): number => {
        const value = color[index] / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      };
      return 0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2);
    };
    const faint = new Set<string>();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent?.trim() ?? '';
      if (element === null || text === '' || !element.checkVisibility({ checkVisibilityCSS: true })) continue;
      const ground = groundOf(element);
      const [one, other] = [
        luminance(over(colorOf(getComputedStyle(element).color), ground)),
        luminance(ground),
      ];
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      if (ratio < 4.5) faint.add(`${ratio.toFixed(2)} ${element.className}: ${text.slice(0, 30)}`);
    }
    return [...faint];
  });
