// Tabs that work with keyboard and screen readers.
// WAI-ARIA Authoring Practices, pattern "Tabs".
import { make, newId } from './dom.ts';

/** One page of several that lie on each other. */
export interface Tab {
  readonly name: string;
  readonly title: string;
  readonly count: string;
  /** Makes what is shown, when it is first looked at. */
  readonly make: () => HTMLElement;
  /** Called whenever it is shown. */
  readonly shown: () => void;
  /** Called where the reader chooses it. */
  readonly chosen?: () => void;
}

/** Pages of which one is shown: with arrow keys, as everybody has them (WAI-ARIA Authoring Practices, Tabs). */
export class Tabs {
  readonly element: HTMLElement;
  readonly #tabs: readonly Tab[];
  readonly #buttons: readonly HTMLButtonElement[];
  readonly #panels: readonly HTMLElement[];
  #chosen = 0;

  constructor(label: string, tabs: readonly Tab[]) {
    this.#tabs = tabs;
    const ids = tabs.map(({ name }) => newId(`tab-${name}`));
    this.#buttons = tabs.map(({ title, count }, index) =>
      make(
        'button',
        {
          ...{ type: 'button', role: 'tab', id: ids[index]!, aria: { controls: `${ids[index]}-panel` } },
          on: { click: () => this.#take(index), keydown: (event) => this.#onKey(event) },
        },
        title,
        make('small', {}, count),
      ),
    );
    this.#panels = tabs.map(({ title }, index) =>
      make(
        'div',
        { role: 'tabpanel', id: `${ids[index]}-panel`, hidden: true, aria: { labelledby: ids[index]! } },
        make('h3', { class: 'paper' }, title),
      ),
    );
    this.element = make(
      'div',
      { class: 'tabs' },
      make('div', { role: 'tablist', class: 'tablist', aria: { label } }, ...this.#buttons),
      ...this.#panels,
    );
    if (tabs.length > 0) this.choose(0);
  }

  get chosen(): string | undefined {
    return this.#tabs[this.#chosen]?.name;
  }

  /** Shows a page by its place or name. @returns whether there is such a one */
  choose(which: number | string): boolean {
    const index = typeof which === 'number' ? which : this.#tabs.findIndex(({ name }) => name === which);
    if (index < 0 || index >= this.#tabs.length) return false;
    this.#chosen = index;
    this.#fill(index);
    for (const [other, button] of this.#buttons.entries()) {
      button.setAttribute('aria-selected', String(other === index));
      button.tabIndex = other === index ? 0 : -1;
      this.#panels[other]!.hidden = other !== index;
    }
    this.#tabs[index]!.shown();
    return true;
  }

  /** The reader chooses a page. */
  #take(index: number): void {
    this.choose(index);
    this.#tabs[index]!.chosen?.();
  }

  /** Makes all pages, whether somebody has looked at them or not. */
  fillAll(): void {
    for (const index of this.#tabs.keys()) this.#fill(index);
  }

  #fill(index: number): void {
    const panel = this.#panels[index]!;
    if (panel.childElementCount < 2) panel.append(this.#tabs[index]!.make());
  }

  #onKey(event: KeyboardEvent): void {
    const count = this.#tabs.length;
    const next: Readonly<Record<string, number>> = {
      ArrowRight: (this.#chosen + 1) % count,
      ArrowLeft: (this.#chosen + count - 1) % count,
      Home: 0,
      End: count - 1,
    };
    const index = next[event.key];
    if (index === undefined) return;
    event.preventDefault();
    this.#take(index);
    this.#buttons[index]!.focus();
    this.#buttons[index]!.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }
}
