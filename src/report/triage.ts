import { stateSentence } from '../plugin/machine-state.ts';
import type { Picture, SocketLine } from '../triage/picture.ts';
import type { Facts } from './answer.ts';
import { escapeText } from './escape.ts';
import { bytesText, durationText } from './info.ts';
import type { Style } from './style.ts';
import { padEnd, truncate, widthOf, wrap } from './width.ts';

/** Lines of each kind that one screen has room for; what is left out is counted. */
const MOST = { processes: 14, sockets: 8, modules: 4, keys: 6, unread: 6 } as const;

/** A one-screen picture of a machine: no line wider than `width`, ends in a newline. */
export function triageText(facts: Facts, picture: Picture, style: Style, width: number): string {
  const lines: string[] = [...machineLines(facts, style, width)];
  const section = (title: string, count: string, rows: readonly string[], more: number): void => {
    lines.push('', `${style.title(title)}  ${style.faint(count)}`);
    lines.push(...rows.map((row) => `  ${row}`));
    if (more > 0) lines.push(style.faint(`  … and ${more} more`));
  };
  const most = (title: string, count: string, rows: readonly string[], limit: number): void =>
    section(title, count, rows.slice(0, limit), rows.length - limit);
  const { processes, listening, established, modules, keys, keysNotInUse, unread } = picture;
  const notable = processes.listed.filter(({ reasons }) => reasons.length > 0).length;
  section(
    'Processes',
    `${processes.total - processes.kernelThreads} in user space, ${processes.kernelThreads} kernel threads; ${notable} notable`,
    processLines(picture, style, width - 2),
    processes.listed.length - MOST.processes,
  );
  most('Listening', `${listening.length}`, socketLines(listening, style, width - 2), MOST.sockets);
  most('Established', `${established.length}`, socketLines(established, style, width - 2), MOST.sockets);
  most(
    'Modules',
    `${modules.total}; ${modules.notable.length} notable`,
    modules.notable.map(({ name, reasons }) =>
      truncate(escapeText(`${name}: ${reasons.join(', ')}`), width - 2),
    ),
    MOST.modules,
  );
  most(
    'AES keys',
    `${keys.reduce((sum, { count }) => sum + count, 0)} in use${keysNotInUse === 0 ? '' : `; ${keysNotInUse} more are constants or states of random generators`}`,
    keys.map(({ bits, count, owner }) =>
      truncate(escapeText(`${count} of ${bits} bits in ${owner}`), width - 2),
    ),
    MOST.keys,
  );
  most(
    'Could not be read',
    unread.length === 0 ? 'nothing' : '',
    unread.map((line) => style.warning(truncate(escapeText(line), width - 2))),
    MOST.unread,
  );
  return `${lines.join('\n')}\n`;
}

/** What a machine is, when it was looked at and how its kernel was found: words that may quote the evidence. */
export function machineTexts({ snapshot, kernel }: Facts): {
  readonly system: string;
  readonly moment: string;
  readonly binding: string;
} {
  const cpus = kernel.cpus === null ? '' : `, ${kernel.cpus} CPU${kernel.cpus === 1 ? '' : 's'}`;
  const time = kernel.time ?? snapshot.takenAt;
  const up = kernel.uptimeSeconds === null ? '' : `, up ${durationText(kernel.uptimeSeconds)}`;
  const missing = snapshot.missingBytes > 0 ? `, ${bytesText(snapshot.missingBytes)} missing` : '';
  return {
    system: `Linux ${kernel.release}, ${kernel.architecture}, ${kernel.paging}${cpus}, ${bytesText(snapshot.memoryBytes)}${missing}`,
    moment: `${time === null ? 'time not known' : `at ${time}`}${up}`,
    binding: `${snapshot.format}, kernel found by ${kernel.boundBy}`,
  };
}

function machineLines(facts: Facts, style: Style, width: number): string[] {
  const { kernel } = facts;
  const { system, moment, binding } = machineTexts(facts);
  const sure = { verified: style.good, likely: style.warning, uncertain: style.danger }[kernel.confidence];
  const cut = (text: string): string => truncate(escapeText(text), width);
  const state = kernel.state ? stateSentence(kernel.state) : null;
  return [
    `${style.title(cut(kernel.hostname ?? 'no host name'))}`,
    ...(state === null ? [] : wrap(escapeText(state), width).map((line) => style.danger(line))),
    cut(system),
    cut(moment),
    `${cut(binding)}: ${sure(kernel.confidence)}`,
  ];
}

/** Room that a command line keeps beside the reasons; with less, the reasons get a line of their own. */
const LEAST_COMMAND = 24;

/** One process a line: number, user, what it runs, and why it is worth a look. */
function processLines({ processes: { listed } }: Picture, style: Style, width: number): string[] {
  const shown = listed.slice(0, MOST.processes);
  const pidWidth = Math.max(3, ...shown.map(({ pid }) => String(pid).length));
  const uidWidth = Math.max(3, ...shown.map(({ uid }) => String(uid ?? '').length));
  const indent = pidWidth + uidWidth + 3;
  const room = Math.max(1, width - indent);
  const lines = shown.flatMap(({ pid, uid, name, args, reasons }) => {
    const head = `${String(pid).padStart(pidWidth)} ${String(uid ?? '–').padStart(uidWidth)}  `;
    const command = escapeText(args === null || args === '' ? name : args);
    const why = escapeText(reasons.join('; '));
    if (why === '') return [head + truncate(command, room)];
    const beside = room - widthOf(why) - 2;
    if (beside >= Math.min(widthOf(command), LEAST_COMMAND))
      return [`${head}${truncate(command, beside)}  ${style.danger(why)}`];
    return [
      head + truncate(command, room),
      ...wrap(why, room).map((line) => ' '.repeat(indent) + style.danger(line)),
    ];
  });
  if (lines.length > 0)
    lines.unshift(style.faint(`${'pid'.padStart(pidWidth)} ${'uid'.padStart(uidWidth)}  command`));
  return lines;
}

function socketLines(sockets: readonly SocketLine[], style: Style, width: number): string[] {
  const ends = sockets.map(({ protocol, local, remote }) =>
    escapeText(`${padEnd(protocol, 4)} ${local}${remote === null ? '' : ` → ${remote}`}`),
  );
  const most = Math.min(Math.max(0, ...ends.map(widthOf)), Math.floor(width * 0.65));
  return sockets.map(({ holders }, index) => {
    const end = padEnd(truncate(ends[index]!, most), most);
    return `${end}  ${holders === null ? style.warning('no process') : truncate(escapeText(holders), width - most - 2)}`;
  });
}
