// Cells as texts and numbers, for sentences about rows. Tables and documents have their own forms.
// What does not apply and what could not be read are empty here.
import { type Cell, isAbsent } from './cell.ts';

/** A cell's text; empty for null and for what could not be read. */
export const textOf = (cell: Cell | undefined): string =>
  cell === null || cell === undefined || isAbsent(cell)
    ? ''
    : cell instanceof Date
      ? cell.toISOString()
      : String(cell);

/** A cell's number; null for null and for what could not be read. */
export const numberOf = (cell: Cell | undefined): number | null =>
  typeof cell === 'number' ? cell : typeof cell === 'bigint' ? Number(cell) : null;

/** Folders that anyone can write to and that nothing is installed in. */
const SCRATCH = /^\/(?:tmp|var\/tmp|dev\/shm|run\/shm)\//;

/** Whether a path is in a folder that anyone can write to: code that runs from there was hardly installed. */
export const isInScratchFolder = (path: string): boolean => SCRATCH.test(path);

/**
 * An address and a port as one word: `[::1]:22`, `*` where there is neither. With the interface that the socket is bound
 * to, as ss has it: `0.0.0.0%lo:22`; addresses that mean nothing on another link name it already.
 */
export function endpoint(address: Cell | undefined, port: Cell | undefined, device?: Cell): string {
  const [bare, link] = [textOf(address), textOf(device)];
  const host = link === '' || bare.includes('%') || bare === link ? bare : `${bare || '*'}%${link}`;
  const number = numberOf(port);
  if (host === '' && number === null) return '*';
  return `${host.includes(':') ? `[${host}]` : host || '*'}:${number ?? '*'}`;
}
