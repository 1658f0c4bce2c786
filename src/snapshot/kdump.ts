// The format kdump-compressed (diskdump), as makedumpfile and QEMU write it.
// It has a bitmap of page frames, a descriptor for each stored one, and compressed pages.
import { physical } from '../base/address.ts';
import { PAGE_BYTES, type PhysicalRange, type PhysicalSource } from '../memory/source.ts';
import { MAXIMUM_NOTE_BYTES, readNotes, textOf } from './elf-notes.ts';
import type { SnapshotBytes } from './file.ts';
import type { SnapshotFormat } from './format.ts';
import { countBits, type Frames, readBitmap } from './frames.ts';
import { type Extent, KDUMP_MAGIC, type KdumpHeader, readKdumpHeader } from './kdump-header.ts';
import { KdumpPages, type PageStore } from './kdump-pages.ts';
import { SharedPages } from './shared-pages.ts';

/**
 * kdump-compressed, also called diskdump: a header, a sub header, a bitmap of the machine's page frames and one
 * of those that are stored, a descriptor for each stored page, then the pages, compressed one by one
 * (makedumpfile, IMPLEMENTATION and diskdump_mod.h; QEMU, dump/dump.c, create_kdump_vmcore).
 */
export const kdump: SnapshotFormat = {
  name: 'kdump',
  summary: 'kdump-compressed pages, zlib or none (dump-guest-memory -z, makedumpfile -c)',
  recognises: (head) => head.subarray(0, 8).equals(KDUMP_MAGIC),
  open(file) {
    const header = readKdumpHeader(file);
    const notes: string[] = [];
    const stored = readBitmap(file, header.storedBitmap, header.frames);
    const pages =
      header.share === null
        ? new KdumpPages(file, header, stored)
        : new SharedPages(file, header, stored, notes);
    const held = pages.isCut() ? pages.present() : stored;
    if (held.count !== stored.count && notes.length === 0) {
      notes.push(
        `the file is cut or damaged: ${stored.count - held.count} of ${stored.count} stored pages are missing`,
      );
    }
    if (header.isIncomplete) notes.push('the dumper could not finish: the file says that it is incomplete');
    const [cut = null] = notes;
    const leftOut =
      header.memoryBitmap === null ? 0 : countBits(file, header.memoryBitmap, header.frames) - stored.count;
    if (leftOut > 0)
      notes.push(`the dumper left out ${leftOut} pages of memory (dump level ${header.dumpLevel})`);
    const elfNotes = readNotes(pieceOf(file, header.notes));
    if (elfNotes.damage !== null) notes.push(elfNotes.damage);
    return {
      source: sourceOf(header, pages, held),
      vmcoreinfo: textOf(pieceOf(file, header.vmcoreinfo)) ?? elfNotes.vmcoreinfo,
      cpus: elfNotes.cpus,
      rawNotes: () => pieceOf(file, header.notes),
      takenAt: header.timestamp > 0 ? new Date(header.timestamp * 1000) : null,
      facts: {
        dumper: elfNotes.hasQemu ? 'QEMU' : 'makedumpfile',
        compression: header.compression,
        ...(header.machine === '' ? {} : { machine: header.machine.replace('_', '-') }),
        ...(header.release === '' ? {} : { release: header.release }),
      },
      cut,
      isShared: header.share !== null,
      storedEnd: () => pages.storedEnd(),
      notes,
    };
  },
};

/** A source over compressed pages. The block read last is kept: with 64 KiB blocks its other pages are asked for next. */
function sourceOf(header: KdumpHeader, pages: PageStore, held: Frames): PhysicalSource {
  const { blockBytes } = header;
  const block = new Uint8Array(blockBytes);
  let blockFrame = -1;
  const load = (frame: number): boolean => {
    if (frame === blockFrame) return true;
    blockFrame = -1;
    if (!pages.read(frame, block)) return false;
    blockFrame = frame;
    return true;
  };
  return {
    ranges: rangesOf(held, blockBytes),
    costlyPages: true,
    stored: {
      form: `kdump ${blockBytes}`,
      grainBytes: blockBytes,
      mostBytes: blockBytes + KdumpPages.toldBytes,
      firstByte: (at) => pages.firstByte(at / blockBytes),
      gather: (at, end, into, offset) => pages.gather(at / blockBytes, end / blockBytes, into, offset),
    },
    read(at, into) {
      let done = 0;
      while (done < into.length) {
        const frame = Math.floor((at + done) / blockBytes);
        if (!load(frame)) break;
        const within = at + done - frame * blockBytes;
        const length = Math.min(into.length - done, blockBytes - within);
        into.set(block.subarray(within, within + length), done);
        done += length;
      }
      return Math.floor(done / PAGE_BYTES) * PAGE_BYTES;
    },
    fileOffset(at) {
      const frame = Math.floor(at / blockBytes);
      return held.rankOf(frame) < 0 ? null : pages.position(frame, at - frame * blockBytes);
    },
  };
}

function rangesOf({ starts, ends }: Frames, blockBytes: number): PhysicalRange[] {
  return starts.map((start, run) => ({
    start: physical(start * blockBytes),
    end: physical(ends[run]! * blockBytes),
  }));
}

/** A piece of the file that a header names, as much of it as is there and is believed. */
function pieceOf(file: SnapshotBytes, piece: Extent | null): Buffer {
  const there = piece === null ? 0 : Math.max(0, file.sizeBytes - piece.offset);
  const bytes = Buffer.alloc(Math.min(piece?.length ?? 0, there, MAXIMUM_NOTE_BYTES));
  return bytes.subarray(0, file.read(piece?.offset ?? 0, bytes));
}
