// The section of the page that says what the evidence lacked.
// It also says what made the page.
import { make } from './dom.ts';
import { type Page, type Section, sectionOf, sentences } from './section.ts';

/** What the evidence lacked, question by question, and what the page itself is. */
export function notes({ model }: Page): Section {
  const told = model.tables.filter((table) => table.notes.length > 0);
  const count = told.reduce((sum, table) => sum + table.notes.length, 0);
  return {
    id: 'notes',
    title: 'Notes',
    count: count === 0 ? '' : String(count),
    element: sectionOf(
      'notes',
      'Notes',
      '',
      ...told.flatMap((table) => [make('h3', {}, table.name), sentences(table.notes)]),
      sentences([
        `A cell that could not be read is – and tells why; an empty cell does not apply.`,
        'Times are by the guest’s own clock, in UTC.',
        'Environment variables, command lines and the kernel’s log are shown as they were in memory: whatever secrets stood there stand here. Keys are shown by their fingerprints only.',
        `Made by vestige ${model.vestige} of ${model.machine.path}. This page asks nothing of any network and keeps nothing.`,
      ]),
    ),
  };
}
