import { EvidenceFault } from '../../src/base/errors.ts';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import type { Cell, Row } from '../../src/plugin/cell.ts';
import { type AnyPlugin, type Column, type ColumnKind, definePlugin } from '../../src/plugin/contract.ts';
import type { KernelFacts, SnapshotFacts } from '../../src/plugin/document.ts';

/** A fault with a code of the test's choice. */
class DrawnFault extends EvidenceFault {
  readonly code: string;
  constructor(code: string, message = code) {
    super(message);
    this.code = code;
  }
}

/** A column that gives the cell of its name; an absent cell is thrown, as reading the evidence would. */
function drawnColumn(name: string, kind: ColumnKind): Column<Row> {
  const read = (row: Row): Cell => {
    const cell = row[name]!;
    if (typeof cell === 'object' && cell !== null && 'absent' in cell) throw new DrawnFault(cell.absent);
    return cell;
  };
  return { [kind]: read } as unknown as Column<Row>;
}

/** A plugin whose rows are drawn: `columns` tells name → kind. Notes are said as the rows end. */
export function drawnPlugin(
  columns: Readonly<Record<string, ColumnKind>>,
  rows: readonly Row[],
  more: Partial<AnyPlugin> & { readonly notes?: readonly string[] } = {},
): AnyPlugin {
  const { notes = [], ...rest } = more;
  return {
    ...definePlugin({
      name: 'drawn',
      summary: 'List what a test has drawn',
      example: '--limit 1',
      version: 1,
      *subjects(kernel: Linux) {
        yield* rows;
        for (const note of notes) kernel.note(note);
      },
      columns: Object.fromEntries(
        Object.entries(columns).map(([name, kind]) => [name, drawnColumn(name, kind)]),
      ),
      identity: [],
    }),
    ...rest,
  };
}

/** What is known of a snapshot that is not there. */
export const fakeFacts = (path = 'memory.raw'): { snapshot: SnapshotFacts; kernel: KernelFacts } => ({
  snapshot: {
    path,
    sizeBytes: 1 << 29,
    format: 'raw',
    facts: {},
    ranges: [{ start: '0x0', end: '0x20000000' }],
    rangeCount: 1,
    pieces: [],
    pieceCount: 0,
    memoryBytes: 1 << 29,
    missingBytes: 0,
    ramBytes: 1 << 29,
    takenAt: '2026-01-02T03:04:05.000Z',
    cut: null,
    notes: [],
  },
  kernel: {
    banner: 'Linux version 6.1.0-50-cloud-amd64 (debian-kernel@lists.debian.org) #1 SMP',
    release: '6.1.0-50-cloud-amd64',
    buildId: 'c0ffee',
    architecture: 'x86-64',
    paging: '4 levels',
    pageTableRoot: '0x2a10000',
    vmcoreinfoAt: '0x1f7f0000',
    kaslr: { virtual: '0x1f000000', physical: '0x2000000' },
    bootTime: '2026-01-02T03:00:00.000Z',
    time: '2026-01-02T03:04:05.000Z',
    uptimeSeconds: 245,
    hostname: 'guest',
    bootId: null,
    machineId: null,
    cpus: 2,
    state: { phase: 'running', panic: null, isCrashKernel: false },
    kernels: [
      {
        ...{
          number: 1,
          isShown: true,
          isLive: null,
          why: 'no other was found',
          release: '6.1.0-50-cloud-amd64',
        },
        ...{ pageTableRoot: '0x2a10000', vmcoreinfoAt: '0x1f7f0000', bootId: null, confidence: 'verified' },
        ...{ bootTime: '2026-01-02T03:00:00.000Z', time: '2026-01-02T03:04:05.000Z' },
        state: { phase: 'running', panic: null, isCrashKernel: false },
      },
    ],
    search: 'whole',
    boundBy: 'vmcoreinfo + kallsyms + btf',
    confidence: 'verified',
    steps: [{ step: 'vmcoreinfo', outcome: 'found', detail: 'at 0x1234000' }],
    notes: [],
  },
});
