// A question's rows as a grid that sorts and searches.
// It draws only the rows that are on the screen.
import type { PageTable } from '../model.ts';
import { Column } from './column.ts';
import { Grid, type GridParts } from './grid.ts';
import type { GridColumn } from './grid-column.ts';

/** The columns of a table as a grid has them: the widest text takes the room that is left. */
function gridColumns(columns: readonly Column[]): GridColumn[] {
  const widths = columns.map((column) => column.width());
  const texts = widths.map((width, index) => (columns[index]!.kind === 'text' ? width : 0));
  const growing = texts.lastIndexOf(Math.max(...texts));
  return columns.map((column, index) => ({
    name: column.name,
    title: column.name,
    isRight: column.isRight,
    isExact: column.kind === 'int' || column.kind === 'flag',
    width: widths[index]!,
    isGrowing: index === growing,
    text: (row) => column.text(row),
    keys: () => column.keys(),
    absence: (row) => column.absence(row),
  }));
}

/** A question's rows as a grid. */
export function tableGrid(
  { name, columns, rowCount, dispensable }: PageTable,
  more: Partial<GridParts> & { readonly openRow?: (columns: readonly Column[], row: number) => void } = {},
): Grid {
  const read = columns.map((column) => new Column(column));
  const held = read[0]?.length ?? 0;
  const { openRow, ...parts } = more;
  return new Grid({
    label: name,
    columns: gridColumns(read),
    rowCount: held,
    heldBack: rowCount - held,
    empty: 'The answer has no rows.',
    dispensable,
    copied: read,
    ...(openRow === undefined ? {} : { open: (row: number) => openRow(read, row) }),
    ...parts,
  });
}
