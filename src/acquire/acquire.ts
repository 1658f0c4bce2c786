// Takes a snapshot of a running machine, through QEMU's protocol or libvirt.
// The file gets its name when it is complete; a machine that ran before runs again afterwards.
import type { Note } from '../base/errors.ts';
import { FormatRefused, NotAcquired } from './errors.ts';
import type { Format, Guest, Order, Progress, Written } from './guest.ts';
import { LibvirtGuest } from './libvirt-guest.ts';
import { fileNameOf, momentOf } from './names.ts';
import { abandonedIn, folderAt, freeBytes, PartFile } from './part-file.ts';
import { QmpGuest } from './qmp-guest.ts';

/** Who has the machine: QEMU behind a socket of its protocol (a path, or host:port), or libvirt. */
export type Source =
  | { readonly qmp: string }
  | {
      /** Name, UUID or number of a domain. */
      readonly libvirt: string;
      /** libvirt's URI, where it is not the usual one. */
      readonly connect?: string;
    };

/** What is to be taken, and how. */
export interface AcquireOptions {
  readonly source: Source;
  /** The folder for the snapshot; it must be there. */
  readonly folder: string;
  /** What the machine is called in the name of the file, instead of what it calls itself. */
  readonly name?: string;
  /** Without one it is kdump, or elf where the machine cannot be written as kdump. */
  readonly format?: Format;
  /** Do not pause the machine. */
  readonly live?: boolean;
  /** Give up after so long: an hour, unless told otherwise. */
  readonly timeoutMs?: number;
  /** Give up when this says so. The machine runs again when `acquire` has ended, not at once. */
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  /** Told what must be known about the snapshot beside its path. */
  readonly note?: Note;
}

/** A snapshot that was taken. */
export interface Acquired {
  /** Where it is: absolute, `NAME-20261123T231500Z.kdump`. */
  readonly path: string;
  readonly bytes: number;
  readonly format: Format;
  /** What the machine calls itself, or was said to be called. From the machine's own words: escape it. */
  readonly machine: string;
  /** When it was begun. */
  readonly takenAt: Date;
  /** How long it took, from the first word to the finished file. */
  readonly seconds: number;
  /** Whether the machine stood still while its memory was read. */
  readonly paused: boolean;
  /** Physical address of the first byte of a raw snapshot that does not begin at 0: `openSession` wants it. */
  readonly base?: number;
}

const USUAL_TIMEOUT_MS = 3_600_000;

/** A timer that is set for longer goes off at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What a dump has beside the memory: tables, and the memory of graphics cards and firmware. */
const MORE_THAN_MEMORY = 64 * 2 ** 20;

/**
 * Takes a snapshot of a running machine. The file has its name when it is whole, and there is none where anything
 * failed. A machine that ran before runs afterwards: if it had to be left paused, the error says so.
 *
 * @throws NotAcquired
 */
export async function acquire(options: AcquireOptions): Promise<Acquired> {
  const { source, timeoutMs = USUAL_TIMEOUT_MS } = options;
  const where = 'qmp' in source ? source.qmp : `domain ${source.libvirt}`;
  const ending = new AbortController();
  const interrupt = (): void => ending.abort(new NotAcquired(`${where}: interrupted, nothing was kept`));
  const timer = setTimeout(
    () => {
      const words = `not done after ${timeoutMs / 1000} s, nothing was kept; allow it more with --timeout`;
      ending.abort(new NotAcquired(`${where}: ${words}`));
    },
    Math.min(timeoutMs, LONGEST_TIMER_MS),
  );
  options.signal?.addEventListener('abort', interrupt);
  if (options.signal?.aborted === true) interrupt();
  try {
    const folder = folderAt(options.folder);
    const started = Date.now();
    const guest = await open(source, ending.signal);
    try {
      const taken = await take(guest, folder, options, ending.signal);
      return { ...taken, seconds: (Date.now() - started) / 1000 };
    } finally {
      guest.close();
    }
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', interrupt);
  }
}

const open = async (source: Source, signal: AbortSignal): Promise<Guest> =>
  'qmp' in source ? QmpGuest.connect(source.qmp, signal) : new LibvirtGuest(source.libvirt, source.connect);

async function take(
  guest: Guest,
  folder: string,
  options: AcquireOptions,
  signal: AbortSignal,
): Promise<Omit<Acquired, 'seconds'>> {
  const { name, memoryBytes } = await guest.about(signal);
  const machine = options.name ?? name;
  checkRoom(folder, memoryBytes);
  const { live = false, progress = () => undefined, note = () => undefined } = options;
  for (const path of abandonedIn(folder))
    note(`${path} was begun more than a day ago and never finished: it is no snapshot, and takes room`);
  const takenAt = new Date();
  const as = async (format: Format): Promise<Omit<Acquired, 'seconds'>> => {
    const file = PartFile.begin(
      folder,
      `${fileNameOf(machine)}-${momentOf(takenAt)}.${format}`,
      guest.wantsFile,
    );
    const { stuck, bytes, ...written } = await write(guest, {
      file,
      format,
      live,
      signal,
      progress,
      note,
    });
    if (stuck !== undefined) throw new NotAcquired(`${file.finished} is whole, but ${stuck}`);
    return { path: file.finished, bytes, format, machine, takenAt, ...written };
  };
  if (options.format !== undefined) return as(options.format);
  try {
    return await as('kdump');
  } catch (error) {
    if (!(error instanceof FormatRefused)) throw error;
    return as('elf');
  }
}

/** Carries out an order, and leaves a whole file or none. */
async function write(guest: Guest, order: Order): Promise<Written & { readonly bytes: number }> {
  const { file, note } = order;
  try {
    const written = await guest.write(order);
    return { ...written, bytes: file.finish(note) };
  } finally {
    file.discard();
  }
}

/** Nobody knows how far memory can be compressed, and a full disk is worse for the host than no snapshot. */
function checkRoom(folder: string, memoryBytes: number | undefined): void {
  if (memoryBytes === undefined) return;
  const wanted = memoryBytes + MORE_THAN_MEMORY;
  const free = freeBytes(folder);
  if (free >= wanted) return;
  const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  throw new NotAcquired(
    `${folder} has room for ${mebibytes(free)}, and the snapshot may need ${mebibytes(wanted)}; choose another folder`,
  );
}
