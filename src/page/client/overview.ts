// The first section of the page: what the machine is, and what deserves a look.
// It counts findings and what could not be read.
import type { PageModel } from '../model.ts';
import { type Child, make } from './dom.ts';
import { folded, type Page, plural, reasonText, type Section, sentences, type Tone } from './section.ts';

/** Lines of a kind that the overview shows before the rest is folded away. */
const MOST_LINES = 12;

const SURENESS: Readonly<Record<PageModel['machine']['confidence'], Tone>> = {
  verified: 'good',
  likely: 'warning',
  uncertain: 'danger',
};

/** What the machine is, what deserves a look, and what could not be read. */
export function overview(page: Page): Section {
  const { machine, unread } = page.model;
  return {
    id: 'overview',
    title: 'Overview',
    count: '',
    element: make(
      'section',
      { id: 'overview', class: 'overview', tabIndex: -1, aria: { label: 'Overview' } },
      make('h1', {}, page.model.title),
      make(
        'p',
        { class: 'lead' },
        page.model.title === machine.name ? null : `${machine.name}, `,
        machine.system,
        make('br'),
        machine.moment,
        make('br'),
        `${machine.binding}: `,
        make('strong', { class: `tone-${SURENESS[machine.confidence]}` }, machine.confidence),
      ),
      unreadPanel(unread),
      tiles(page),
      notable(page),
      folded(
        'The file, the kernel, and how it was found',
        make(
          'div',
          { class: 'facts' },
          ...machine.sections.map(({ title, entries }) =>
            make(
              'div',
              {},
              make('h3', {}, title),
              make(
                'dl',
                { class: 'fields' },
                ...entries.flatMap(([key, value]) => [make('dt', {}, key), make('dd', {}, value)]),
              ),
            ),
          ),
          make(
            'div',
            {},
            make('h3', {}, 'Binding'),
            make(
              'dl',
              { class: 'fields' },
              ...machine.steps.flatMap(({ step, outcome, detail }) => [
                make('dt', { class: `step ${outcome}` }, step),
                make('dd', {}, `${outcome}: ${detail}`),
              ]),
            ),
          ),
        ),
      ),
    ),
  };
}

/** What is missing stands before everything that is there: whoever reads on must know it. */
function unreadPanel(unread: readonly string[]): HTMLElement {
  if (unread.length === 0)
    return make('p', { class: 'panel good' }, 'Everything that was asked of the snapshot could be read.');
  const rest = unread.slice(MOST_LINES);
  return make(
    'div',
    { class: 'panel warning', role: 'note' },
    make('h2', {}, 'Could not be read'),
    sentences(unread.slice(0, MOST_LINES)),
    rest.length === 0 ? null : folded(`${rest.length} more`, sentences(rest)),
  );
}

interface Tile {
  readonly id: string;
  readonly number: string;
  readonly text: string;
  readonly tone: Tone;
}

function tiles({ model }: Page): HTMLElement {
  const { counts, listening, established, changes, notable: worth } = model;
  const rules = model.verdicts.flatMap((verdict) => verdict.rules);
  const open = rules.reduce((sum, rule) => sum + openFindings(rule), 0);
  const unevaluated = rules.filter(({ outcome }) => outcome === 'unevaluated').length;
  const appeared = changes?.events.filter(({ change }) => change === 'appeared').length ?? 0;
  const other = (changes?.events.length ?? 0) - appeared;
  /** Nothing found where not all was looked at is no 0. */
  const counted = (question: string | null, own: Tile): Tile => {
    if (model.reach[question ?? ''] === 'whole') return own;
    return { ...own, number: own.number === '0' ? '?' : `≥ ${own.number}` };
  };
  const list: Tile[] = [
    ...(model.verdicts.length === 0
      ? []
      : [
          tile('findings', open, 'finding', 'findings', open > 0 ? 'danger' : 'good'),
          ...(unevaluated === 0
            ? []
            : [tile('findings', unevaluated, 'rule not evaluated', 'rules not evaluated', 'warning')]),
        ]),
    {
      ...tile('processes', worth.processes.length, 'notable process', 'notable processes', 'danger'),
      tone: worth.processes.length > 0 ? 'danger' : 'plain',
    },
    ...(changes === null
      ? []
      : [
          tile('changes', appeared, 'appeared', 'appeared', appeared > 0 ? 'warning' : 'plain'),
          tile('changes', other, 'vanished or changed', 'vanished or changed', 'plain'),
        ]),
    counted(model.lists.processes, tile('processes', counts.processes, 'process', 'processes', 'plain')),
    counted(model.lists.connections, tile('sockets', listening.length, 'listener', 'listeners', 'plain')),
    counted(
      model.lists.connections,
      tile('sockets', established.length, 'connection', 'connections', 'plain'),
    ),
  ];
  return make(
    'ul',
    { class: 'tiles' },
    ...list.map(({ id, number, text, tone }) =>
      make(
        'li',
        {},
        make(
          'a',
          { href: `#${id}`, class: `tile tone-${tone}` },
          make('strong', {}, number),
          make('span', {}, text),
        ),
      ),
    ),
  );
}

/** How many findings of a rule count. */
export const openFindings = ({
  findings,
  findingCount,
}: PageModel['verdicts'][number]['rules'][number]): number =>
  findingCount - findings.filter(({ suppressed }) => suppressed !== null).length;

const tile = (id: string, count: number, one: string, several: string, tone: Tone): Tile => ({
  id,
  number: count.toLocaleString('en'),
  text: count === 1 ? one : several,
  tone,
});

/** What a triage shows first: facts that deserve a look, whatever policies say. */
function notable({ model, openProcess }: Page): HTMLElement | null {
  const { processes, sections } = model.notable;
  const lines = processes.map(({ pid, command, uid, reasons }): Child => {
    const user = uid === null || uid === 0 ? '' : ` (user ${uid})`;
    return make(
      'li',
      {},
      make(
        'button',
        {
          type: 'button',
          class: 'plain what',
          title: `Open process ${pid}`,
          on: { click: () => openProcess(pid) },
        },
        make('b', {}, String(pid)),
        ` ${command}${user}`,
      ),
      reasonText(reasons),
    );
  });
  const others = sections.flatMap(({ kind, entries }) =>
    entries
      .filter(({ reasons }) => reasons.length > 0)
      .map(({ what, reasons }) =>
        make('li', {}, make('span', { class: 'what' }, make('b', {}, kind), ` ${what}`), reasonText(reasons)),
      ),
  );
  const lists = sections.flatMap(({ kind, total, counted, entries }) => {
    const listed = entries.filter(({ reasons }) => reasons.length === 0).map(({ what }) => what);
    const title = `${plural(total, kind)}${counted === null ? '' : ` ${counted}`}`;
    return listed.length === 0 ? [] : [folded(title, sentences(listed, 'sentences mono'))];
  });
  if (lines.length + others.length + lists.length === 0) return null;
  const all = [...lines, ...others];
  const rest = all.slice(MOST_LINES);
  return make(
    'div',
    { class: 'part' },
    all.length === 0 ? null : make('h2', {}, 'Worth a look'),
    all.length === 0 ? null : make('ul', { class: 'notable' }, ...all.slice(0, MOST_LINES)),
    rest.length === 0 ? null : folded(`${rest.length} more`, make('ul', { class: 'notable' }, ...rest)),
    ...lists,
  );
}
