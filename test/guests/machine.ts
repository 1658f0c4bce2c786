import { type ChildProcess, spawn } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { chmod, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { OpenOptions } from '../../src/memory/origin.ts';
import type { Architecture, Guest } from './catalog.ts';
import type { Kernel } from './kernel.ts';
import { Qmp } from './qmp.ts';
import type { GuestImages } from './root-image.ts';

/** The formats in which QEMU itself writes a guest's memory, and the file of each. */
export const dumpFiles = {
  raw: 'snapshot.raw',
  elf: 'snapshot.elf',
  kdump: 'snapshot.kdump',
} as const;

export type DumpFormat = keyof typeof dumpFiles;

interface Board {
  readonly program: string;
  readonly machine: string;
  readonly console: string;
  /** Where RAM begins in the machine's physical addresses. */
  readonly ramBase: number;
}

const boards: Readonly<Record<Architecture, Board>> = {
  amd64: { program: 'qemu-system-x86_64', machine: 'q35', console: 'ttyS0', ramBase: 0 },
  i386: { program: 'qemu-system-i386', machine: 'q35', console: 'ttyS0', ramBase: 0 },
  arm64: { program: 'qemu-system-aarch64', machine: 'virt', console: 'ttyAMA0', ramBase: 0x4000_0000 },
};

/** With more than this a PC (`q35`) has RAM on both sides of the hole that it leaves for devices below 4 GiB. */
const RAM_BELOW_HOLE_MIB = 2048;
const belowHoleMiB = ({ shape }: Guest): number => shape.belowHoleMiB ?? RAM_BELOW_HOLE_MIB;
const isSplit = (guest: Guest): boolean =>
  guest.architecture !== 'arm64' && guest.ramMiB > belowHoleMiB(guest);
/** Where RAM goes on behind the hole, and added memory lies: at 4 GiB. */
const BEHIND_HOLE = 2 ** 32;
const MIB = 2 ** 20;

/** The truth is written to a disk of its own, because a serial line takes minutes for what a disk takes at once. */
const TRUTH_DISK_BYTES = 512 * 1024 * 1024;

/** What a guest says that waits for more memory. */
const WAITS = 'GUEST-WAITS';
const READY = 'GUEST-READY';
const FAILED = 'GUEST-FAILED';

/** One network card, behind which there is nothing. */
const NETWORK = ['-netdev', 'user,id=net0,restrict=on', '-device', 'virtio-net-pci,netdev=net0'];

/** A running QEMU. */
export class Machine {
  private readonly process: ChildProcess;
  private readonly qmp: Qmp;
  private readonly guest: Guest;
  private readonly folder: string;
  private complaints = '';

  private constructor(child: ChildProcess, qmp: Qmp, guest: Guest, folder: string) {
    this.process = child;
    this.qmp = qmp;
    this.guest = guest;
    this.folder = folder;
    child.stderr?.on('data', (chunk: Buffer) => {
      this.complaints = (this.complaints + chunk.toString('utf8')).slice(-4000);
    });
    child.on('error', (cause) => {
      this.complaints += cause.message;
    });
  }

  /** `devices` are more arguments of QEMU: network cards, and serial lines after the first. */
  static async start(
    guest: Guest,
    kernel: Kernel,
    images: GuestImages,
    folder: string,
    devices: readonly string[] = NETWORK,
  ): Promise<Machine> {
    const board = boards[guest.architecture];
    const serial = join(folder, 'serial.log');
    const truthDisk = join(folder, 'truth.disk');
    await rm(serial, { force: true });
    await rm(truthDisk, { force: true });
    const disk = await open(truthDisk, 'w');
    await disk.truncate(TRUTH_DISK_BYTES);
    await disk.close();
    const words = [
      `console=${board.console}`,
      'loglevel=4',
      'panic=-1',
      'net.ifnames=0',
      ...guest.kernelArguments,
      ...(guest.shape.addedMiB === undefined ? [] : [`vestige.added=${guest.shape.addedMiB}`]),
      ...(guest.parts.length > 0 ? [`vestige.parts=${guest.parts.join(',')}`] : []),
    ];
    const memory = `memory-backend-file,id=ram,share=on,size=${guest.ramMiB}M,mem-path=${join(folder, dumpFiles.raw)}`;
    const args = [
      ...(isSplit(guest) ? ['-object', memory, '-machine', 'memory-backend=ram'] : []),
      ...['-accel', 'tcg', '-machine', board.machine, '-cpu', guest.cpuModel],
      ...shapeArguments(guest),
      ...['-display', 'none', '-no-reboot', '-nodefaults'],
      ...['-serial', `file:${serial}`, '-qmp', 'stdio'],
      ...['-kernel', kernel.image, '-initrd', images.initramfs, '-append', words.join(' ')],
      ...['-drive', `file=${images.root},if=virtio,format=raw,snapshot=on`],
      ...['-drive', `file=${truthDisk},if=virtio,format=raw,cache=writeback`],
      ...devices,
      ...['-device', 'virtio-rng-pci'],
      ...(guest.vmcoreinfoDevice ? ['-device', 'vmcoreinfo'] : []),
    ];
    const child = spawn(board.program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const machine = new Machine(child, new Qmp(child.stdout, child.stdin), guest, folder);
    await machine.qmp.ask('qmp_capabilities').catch((cause: Error) => {
      child.kill('SIGKILL');
      throw new Error(`QEMU did not start: ${machine.complaints.trim() || cause.message}`);
    });
    return machine;
  }

  private get ended(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /**
   * Waits until the guest says on its serial line that the truth is recorded, and stops its clock at once.
   * A guest that goes on afterwards says it again: `time` is which one is awaited.
   */
  async stopWhenReady(timeoutMs: number, time = 1): Promise<void> {
    const { addedMiB } = this.guest.shape;
    if (addedMiB !== undefined && time === 1) {
      await this.waitFor(WAITS, timeoutMs);
      await this.addMemory(addedMiB);
    }
    await this.waitFor(READY, timeoutMs, time);
    await this.pause();
  }

  /** Plugs in a module of RAM, which the guest finds behind all other. */
  private async addMemory(addedMiB: number): Promise<void> {
    const backend = { 'qom-type': 'memory-backend-ram', id: 'added', size: addedMiB * MIB };
    await this.qmp.ask('object-add', backend);
    await this.qmp.ask('device_add', { driver: 'pc-dimm', id: 'module', memdev: 'added', addr: BEHIND_HOLE });
  }

  /** Stops the guest where it is. */
  async pause(): Promise<void> {
    await this.qmp.ask('stop');
  }

  /** Lets a stopped guest go on. */
  async resume(): Promise<void> {
    await this.qmp.ask('cont');
  }

  /** Waits until the guest has said a word on its serial line so many times. */
  async waitFor(word: string, timeoutMs: number, time = 1): Promise<void> {
    const serial = join(this.folder, 'serial.log');
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const said = existsSync(serial) ? await readFile(serial, 'latin1') : '';
      if (said.split(word).length > time) return;
      if (said.includes(FAILED)) throw new Error(`the workload failed; see ${serial}: ${lastLines(said)}`);
      if (this.ended) throw new Error(`QEMU ended early; ${this.complaints.trim()}; ${lastLines(said)}`);
      if (Date.now() > deadline) {
        throw new Error(
          `the guest was not ready within ${timeoutMs / 1000} s; it said last: ${lastLines(said)}`,
        );
      }
      await delay(50);
    }
  }

  /** Writes the stopped guest's memory in one format. */
  async dump(format: DumpFormat): Promise<string> {
    const file = join(this.folder, dumpFiles[format]);
    const isBackend = format === 'raw' && isSplit(this.guest);
    if (!isBackend) await rm(file, { force: true });
    if (isBackend) {
      // The file is the guest's memory itself, its two parts one after the other.
    } else if (format === 'raw') {
      const val = boards[this.guest.architecture].ramBase;
      await this.qmp.ask('pmemsave', { val, size: this.guest.ramMiB * MIB, filename: file }, 300_000);
      const { addedMiB } = this.guest.shape;
      if (addedMiB !== undefined) await this.appendAdded(file, addedMiB);
    } else {
      const args = {
        paging: false,
        protocol: `file:${file}`,
        format: format === 'elf' ? 'elf' : 'kdump-zlib',
      };
      await this.qmp.ask('dump-guest-memory', args, 600_000);
    }
    await chmod(file, 0o644); // QEMU makes its dumps readable by their owner alone, and not writable
    return file;
  }

  /** Puts what was plugged in behind the rest, as hosts do that write each piece of RAM. */
  private async appendAdded(file: string, addedMiB: number): Promise<void> {
    const piece = `${file}.added`;
    await this.qmp.ask('pmemsave', { val: BEHIND_HOLE, size: addedMiB * MIB, filename: piece }, 300_000);
    await pipeline(createReadStream(piece), createWriteStream(file, { flags: 'a' }));
    await rm(piece);
  }

  /** Ends QEMU, whatever state it is in. */
  async quit(): Promise<void> {
    if (this.ended) return;
    const gone = new Promise((resolve) => this.process.once('close', resolve));
    await this.qmp.ask('quit', {}, 5_000).catch(() => undefined);
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 5_000);
    await gone;
    clearTimeout(timer);
  }
}

/** CPUs and memory, in the guest's own shape. */
function shapeArguments({ cpus, ramMiB, shape }: Guest): string[] {
  const { nodes = 1, belowHoleMiB: below, possibleCpus, addedMiB } = shape;
  const sizes = Array.from({ length: nodes > 1 ? nodes : 0 }, (_, nth) => [
    ...['-object', `memory-backend-ram,id=node${nth},size=${ramMiB / nodes}M`],
    ...['-numa', `node,nodeid=${nth},memdev=node${nth}`],
  ]);
  return [
    ...['-smp', possibleCpus === undefined ? String(cpus) : `${cpus},maxcpus=${possibleCpus}`],
    ...['-m', addedMiB === undefined ? `${ramMiB}M` : `${ramMiB}M,slots=2,maxmem=${ramMiB + 2 * addedMiB}M`],
    ...(below === undefined ? [] : ['-machine', `max-ram-below-4g=${below}M`]),
    ...sizes.flat(),
  ];
}

const lastLines = (text: string): string => text.trim().split('\n').slice(-5).join(' | ');

/** How a guest's raw dump is laid out, which the file does not say. */
export const rawLayoutOf = (guest: Guest): OpenOptions =>
  isSplit(guest)
    ? { hole: BEHIND_HOLE - belowHoleMiB(guest) * MIB }
    : guest.shape.addedMiB === undefined
      ? { base: boards[guest.architecture].ramBase }
      : { hole: BEHIND_HOLE - guest.ramMiB * MIB };

/** What is noted beside the dumps about how they were made. */
export interface GuestNote {
  readonly guest: Guest;
  /** `uname -r`. */
  readonly release: string;
  /** The files of the kernel's packages. */
  readonly packages: readonly string[];
  readonly stoppedAt: string;
  readonly dumps: Readonly<Record<string, { readonly file: string; readonly bytes: number }>>;
}

/** Writes the note beside the dumps. */
export async function writeNote(folder: string, note: GuestNote): Promise<void> {
  await writeFile(join(folder, 'guest.json'), `${JSON.stringify(note, null, 2)}\n`);
}
