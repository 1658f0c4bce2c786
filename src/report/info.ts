// The output of `vestige info`: facts about the snapshot, the kernel, and how it was found.
// The page shows the same facts.
import { durationText } from '../base/duration.ts';
import type { BindingStep, KernelCandidate, KernelFacts, SnapshotFacts } from '../plugin/document.ts';
import { kernelSentences } from '../plugin/machine-state.ts';
import type { Facts } from './answer.ts';
import type { drawList } from './box.ts';
import { escapeText } from './escape.ts';
import type { Style } from './style.ts';
import { padEnd, wrap } from './width.ts';

/** Ranges that `info` lists; the rest is counted. */
const SHOWN_RANGES = 6;

/** How much, in the unit that keeps it readable: `512 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`;
}

/** What there is to say of a snapshot or a kernel: lines of a key and a value, the same key once. */
export interface FactSection {
  readonly title: string;
  readonly entries: readonly (readonly [key: string, value: string])[];
}

/** What is known of the file and of the kernel, in words that may quote the evidence: escape them. */
export function factSections({ snapshot, kernel }: Facts): readonly FactSection[] {
  const ranges = snapshot.ranges.slice(0, SHOWN_RANGES).map(({ start, end }) => `${start} – ${end}`);
  const more = snapshot.rangeCount - ranges.length;
  const unknown = 'not known';
  return [
    {
      title: 'Snapshot',
      entries: [
        ['file', snapshot.path],
        [
          'format',
          [snapshot.format, ...Object.entries(snapshot.facts).map(([key, value]) => `${key} ${value}`)].join(
            ', ',
          ),
        ],
        ['size', bytesText(snapshot.sizeBytes)],
        [
          'memory',
          `${bytesText(snapshot.memoryBytes)} in ${snapshot.rangeCount} range${snapshot.rangeCount === 1 ? '' : 's'}`,
        ],
        ['missing', missingText(snapshot)],
        ...ranges.map((range, index) => [index === 0 ? 'ranges' : '', range] as const),
        ...(more > 0 ? [['', `and ${more} more`] as const] : []),
      ],
    },
    {
      title: 'Kernel',
      entries: [
        ['banner', kernel.banner],
        ['release', kernel.release],
        ['build ID', kernel.buildId ?? unknown],
        ['architecture', `${kernel.architecture}, ${kernel.paging}, page tables at ${kernel.pageTableRoot}`],
        ['KASLR', `virtual ${kernel.kaslr.virtual ?? unknown}, physical ${kernel.kaslr.physical ?? unknown}`],
        ['host name', kernel.hostname ?? unknown],
        ['machine ID', kernel.machineId ?? 'none'],
        ['boot ID', kernel.bootId ?? 'none yet'],
        ['CPUs', kernel.cpus === null ? unknown : String(kernel.cpus)],
        ['state', stateText(kernel)],
        ['booted', kernel.bootTime ?? unknown],
        ['taken', kernel.time ?? snapshot.takenAt ?? unknown],
        ['up', kernel.uptimeSeconds === null ? unknown : durationText(kernel.uptimeSeconds)],
      ],
    },
    ...kernelsSection(kernel),
  ];
}

/** What the machine was about: `running`, `the kernel has panicked: Fatal exception`. */
const stateText = (kernel: KernelFacts): string =>
  kernelSentences(kernel).join('; ') || (kernel.state?.phase ?? 'not known');

/** What the snapshot lacks, in words. Facts of an older version do not say how much RAM there is. */
function missingText({ missingBytes, ramBytes }: SnapshotFacts): string {
  if (missingBytes === null) return 'not known: the kernel does not tell how much RAM it has';
  if (missingBytes === 0) return 'nothing';
  return typeof ramBytes === 'number'
    ? `${bytesText(missingBytes)} of the ${bytesText(ramBytes)} of RAM that the kernel knows of`
    : `at least ${bytesText(missingBytes)}: the kernel does not tell of all RAM that it has`;
}

/** Kernels of one snapshot; nothing where there is one, of which all else is said. What older versions remembered has no list. */
function kernelsSection({ kernels = [] }: KernelFacts): FactSection[] {
  if (kernels.length < 2) return [];
  return [
    { title: 'Kernels', entries: kernels.map((kernel) => [`--kernel ${kernel.number}`, kernelText(kernel)]) },
  ];
}

function kernelText({
  isShown,
  isLive,
  why,
  release,
  bootTime,
  time,
  pageTableRoot,
  state,
}: KernelCandidate): string {
  const words = [
    ...(isShown ? ['shown'] : []),
    ...(isLive === true && state?.phase !== 'panicked' ? ['runs'] : []),
    ...(state?.phase === 'panicked' ? ['panicked'] : []),
    ...(state?.isCrashKernel === true ? ['crash kernel'] : []),
  ];
  const marks = words.length === 0 ? '' : ` (${words.join(', ')})`;
  const times = `booted ${bootTime ?? 'at no known time'}, its clock at ${time ?? 'no known time'}`;
  return `Linux ${release}${marks}, ${times}, page tables at ${pageTableRoot}; ${why}`;
}

/** One screen about a snapshot and the kernel inside: no line wider than `width`, ends in a newline. */
export function infoText(facts: Facts, style: Style, width: number): string {
  const { kernel } = facts;
  const lines = factSections(facts).flatMap(({ title, entries }) => [
    style.title(title),
    ...entries.flatMap(([key, value]) => entryLines(style.faint(padEnd(key, 13)), value, width)),
  ]);
  lines.push(bindingTitle(kernel, style));
  for (const step of kernel.steps) lines.push(...stepLines(step, style, width));
  return `${lines.join('\n')}\n`;
}

const bindingTitle = ({ confidence, boundBy }: KernelFacts, style: Style): string => {
  const sure = { verified: style.good, likely: style.warning, uncertain: style.danger }[confidence];
  return `${style.title('Binding')}  by ${boundBy}: ${sure(confidence)}`;
};

/** The same with a box for each section. @param draw draws a list in a box no wider than `width` */
export function infoBoxes(facts: Facts, style: Style, width: number, draw: typeof drawList): string {
  const { kernel } = facts;
  const sections = factSections(facts).map(
    ({ title, entries }) => `${style.title(title)}\n${draw({ rows: entries }, style, width)}`,
  );
  const steps = kernel.steps.map(({ step, outcome, detail }) => [`${MARKS[outcome]} ${step}`, detail]);
  return `${sections.join('')}${bindingTitle(kernel, style)}\n${draw({ rows: steps }, style, width)}`;
}

const MARKS: Readonly<Record<BindingStep['outcome'], string>> = {
  found: '✓',
  verified: '✓',
  failed: '✗',
  skipped: '·',
};

function stepLines({ step, outcome, detail }: BindingStep, style: Style, width: number): string[] {
  const paint = outcome === 'failed' ? style.warning : style.good;
  return entryLines(`${paint(MARKS[outcome])} ${style.faint(padEnd(step, 11))}`, detail, width);
}

/** Columns before every value. */
const INDENT = 16;

/** A value behind its key, on as many lines as it needs: a banner cut short would be half an answer. */
function entryLines(key: string, value: string, width: number): string[] {
  const [first, ...more] = wrap(escapeText(value), Math.max(1, width - INDENT));
  return [`  ${key} ${first}`, ...more.map((line) => ' '.repeat(INDENT) + line)];
}
