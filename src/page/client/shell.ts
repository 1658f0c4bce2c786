// Puts the sections into the page, with the list of contents beside them.
// It handles the keyboard, the colour scheme and printing.
import type { PageModel } from '../model.ts';
import { make } from './dom.ts';
import { whenPrinted } from './printing.ts';
import type { Section } from './section.ts';

/** Puts sections into the page, with the list of contents beside them. */
export function buildShell(model: PageModel, sections: readonly Section[]): void {
  const links = sections.map(({ id, title, count, tone }) =>
    make(
      'a',
      { href: `#${id}` },
      make('span', {}, title),
      count === '' ? null : make('small', { class: `tone-${tone ?? 'plain'}` }, count),
    ),
  );
  document.body.append(
    make('a', { href: '#main', class: 'skip' }, 'To the content'),
    make(
      'header',
      { class: 'side' },
      make('p', { class: 'brand' }, make('b', {}, model.machine.name), make('span', {}, model.machine.time)),
      make('nav', { aria: { label: 'contents' } }, ...links),
      themeButton(),
      make('p', { class: 'maker faint' }, `vestige ${model.vestige}`),
    ),
    make('main', { id: 'main', tabIndex: -1 }, ...sections.map(({ element }) => element)),
  );
  const current = watchSections(sections, links);
  addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    const wanted = [current(), ...sections].map((section) => section?.search?.());
    const search = wanted.find((input) => input?.checkVisibility() === true);
    if (search === undefined) return;
    event.preventDefault();
    search.focus();
    search.scrollIntoView({ block: 'nearest' });
  });
  unfoldOnPaper();
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement || (target instanceof Element && target.closest('dialog') !== null);

/** Marks the section that is read in the list of contents. @returns it */
function watchSections(
  sections: readonly Section[],
  links: readonly HTMLElement[],
): () => Section | undefined {
  let current: Section | undefined;
  /** Where the last link led: the sections at the end of the page never come up to the upper third. */
  let led: Section | undefined;
  const mark = (): void => {
    const isAtEnd = scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    if (!isAtEnd) led = undefined;
    const now = isAtEnd && led !== undefined && isInSight(led) ? led : sectionRead(sections, isAtEnd);
    if (now === current) return;
    current = now;
    for (const [index, link] of links.entries()) {
      if (sections[index] !== now) link.removeAttribute('aria-current');
      else {
        link.setAttribute('aria-current', 'true');
        showInRow(link);
      }
    }
  };
  const follow = (): void => {
    const id = /^#([a-z]+)/.exec(location.hash)?.[1];
    led = sections.find((section) => section.id === id);
    soon();
  };
  let isAwaited = false;
  const soon = (): void => {
    if (isAwaited) return;
    isAwaited = true;
    requestAnimationFrame(() => {
      isAwaited = false;
      mark();
    });
  };
  addEventListener('scroll', soon, { passive: true });
  addEventListener('resize', soon);
  addEventListener('hashchange', follow);
  for (const link of links) link.addEventListener('click', () => requestAnimationFrame(follow));
  mark();
  return () => current;
}

/** The last that begins above the upper third of the window; at the very end the last. */
function sectionRead(sections: readonly Section[], isAtEnd: boolean): Section | undefined {
  const begun = sections.filter(({ element }) => element.getBoundingClientRect().top <= innerHeight / 3);
  return isAtEnd ? sections.at(-1) : (begun.at(-1) ?? sections[0]);
}

const isInSight = ({ element }: Section): boolean => element.getBoundingClientRect().top < innerHeight;

/** On a narrow screen the contents are a row that scrolls sideways: what is marked is to be seen. */
function showInRow(link: HTMLElement): void {
  const row = link.parentElement;
  if (row === null || row.scrollWidth <= row.clientWidth) return;
  row.scrollLeft = link.offsetLeft - row.offsetLeft - (row.clientWidth - link.offsetWidth) / 2;
}

/** Light or dark: as the system has it, until somebody chooses. The choice is kept nowhere. */
function themeButton(): HTMLElement {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const root = document.documentElement;
  const isDark = (): boolean => (root.dataset['theme'] ?? (system.matches ? 'dark' : 'light')) === 'dark';
  const name = (): void => button.replaceChildren(isDark() ? 'Light colours' : 'Dark colours');
  const button = make('button', {
    type: 'button',
    class: 'theme',
    on: {
      click: () => {
        root.dataset['theme'] = isDark() ? 'light' : 'dark';
        name();
      },
    },
  });
  system.addEventListener('change', name);
  name();
  return button;
}

/** Paper shows what is folded away, and folds it again afterwards. */
function unfoldOnPaper(): void {
  let opened: HTMLDetailsElement[] = [];
  whenPrinted(
    () => {
      opened = [...document.querySelectorAll<HTMLDetailsElement>('details:not([open])')];
      for (const details of opened) details.open = true;
    },
    () => {
      for (const details of opened) details.open = false;
    },
  );
}
