// Makes elements of the page.
// Text becomes text and never markup: this is the only way in.
import { escapeText } from '../../report/escape.ts';

/** What an element is besides its name and its children. */
export interface About {
  readonly class?: string;
  readonly id?: string;
  readonly title?: string;
  readonly role?: string;
  readonly href?: string;
  readonly type?: string;
  readonly tabIndex?: number;
  readonly hidden?: boolean;
  readonly open?: boolean;
  /** `expanded` stands for `aria-expanded`. */
  readonly aria?: Readonly<Record<string, string>>;
  readonly on?: { readonly [E in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[E]) => void };
}

/** What stands in an element. Nothing is left out by `null`. */
export type Child = Node | string | null;

/**
 * Makes an element. This is the only way in which a text comes into the page: as text, never as markup, and escaped as
 * everywhere in the program, so that nothing in it can act or hide.
 */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  about: About = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  const { aria = {}, on = {}, class: classes, tabIndex, hidden, open, href, ...plain } = about;
  if (classes !== undefined) element.className = classes;
  if (tabIndex !== undefined) element.tabIndex = tabIndex;
  if (hidden !== undefined) element.hidden = hidden;
  if (open === true) element.setAttribute('open', '');
  for (const [key, value] of Object.entries(plain)) element.setAttribute(key, escapeText(value));
  for (const [key, value] of Object.entries(aria)) element.setAttribute(`aria-${key}`, escapeText(value));
  if (href !== undefined && isAddress(href)) element.setAttribute('href', href);
  for (const [event, listener] of Object.entries(on))
    element.addEventListener(event, listener as EventListener);
  put(element, ...children);
  return element;
}

/** Puts children behind those that are there. */
export function put(parent: Node, ...children: readonly Child[]): void {
  for (const child of children) {
    if (child === null) continue;
    parent.appendChild(typeof child === 'string' ? document.createTextNode(escapeText(child)) : child);
  }
}

/** Puts children in the place of those that are there. */
export function replace(parent: Element, ...children: readonly Child[]): void {
  parent.replaceChildren();
  put(parent, ...children);
}

/** Places in the page, and on the web: a policy may name any address, and `javascript:` is one. */
const isAddress = (href: string): boolean => /^(?:#|https?:\/\/)/i.test(href);

/** A link that leaves the page when it is clicked, and tells nobody from where. An address that is none is a text. */
export const linkOut = (text: string, href: string): HTMLElement =>
  isAddress(href)
    ? withAttributes(make('a', { href, class: 'out' }, text), {
        target: '_blank',
        rel: 'noopener noreferrer',
      })
    : make('span', {}, text);

function withAttributes(element: HTMLElement, attributes: Readonly<Record<string, string>>): HTMLElement {
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** Makes a part of a drawing. Attributes are the page's own, never the evidence's. */
export function draw(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly Node[]
): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

let made = 0;

/** An ID that nothing else in the page has. */
export const newId = (word: string): string => `${word}-${++made}`;
