// Reads symbols from a System.map, the output of `nm` that distributions ship.
// Of two symbols of one name the global one counts.
import { BadProfile } from '../base/errors.ts';
import type { ImageFile } from './elf-image.ts';
import { type Candidate, offer } from './elf-symbols.ts';

/** A System.map has 3 to 8 MB. */
const MAXIMUM_SYSTEM_MAP_BYTES = 256 << 20;
/** Longest line: 16 digits, a letter, and a name of KSYM_NAME_LEN. */
const MAXIMUM_LINE_LETTERS = 600;

/** `ffffffff82000000 D linux_banner`; undefined symbols have no address. */
const LINE = /^(?:([0-9a-f]{8}|[0-9a-f]{16}) ([A-Za-z?]) (\S+)| {8,17}[Uwv] \S+)$/;

/** What Debian ships in /boot instead of a System.map, to keep the addresses from whoever has no business with them. */
const ELSEWHERE = /The real System\.map is in the (\S+) package/;

/**
 * Link-time addresses of the wanted symbols, from a System.map (`nm`'s output, sorted by address). Of two symbols
 * of one name a global one counts (nm writes its type as a capital), else the first.
 *
 * @throws BadProfile with the number of the line that makes no sense
 */
export function readSystemMap(file: ImageFile, wanted: Iterable<string>): Map<string, bigint> {
  const { path, sizeBytes } = file;
  if (sizeBytes > MAXIMUM_SYSTEM_MAP_BYTES)
    throw new BadProfile(`${path} has ${sizeBytes} bytes, more than any System.map`);
  const bytes = Buffer.allocUnsafe(sizeBytes);
  const text = bytes.toString('latin1', 0, file.read(0, bytes));
  const among = new Set(wanted);
  const best = new Map<string, Candidate>();
  let number = 0; // of the line
  let isAllZero = true;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const next = end < 0 ? text.length : end;
    const line = text.slice(at, Math.min(next, at + MAXIMUM_LINE_LETTERS + 1)).replace(/\r$/, '');
    at = next + 1;
    number++;
    const isLong = line.length > MAXIMUM_LINE_LETTERS;
    const [, digits, type, name] = (isLong ? null : LINE.exec(line)) ?? refuse(line, number, path);
    if (digits === undefined || name === undefined) continue;
    isAllZero &&= /^0+$/.test(digits);
    if (among.has(name))
      offer(best, name, { address: BigInt(`0x${digits}`), isGlobal: type !== type!.toLowerCase() });
  }
  if (number === 0) throw new BadProfile(`${path} has no symbols: it is empty`);
  if (isAllZero)
    throw new BadProfile(
      `${path} has no addresses but 0: it was read from /proc/kallsyms without being root`,
    );
  return new Map([...best].map(([name, { address }]) => [name, address]));
}

function refuse(line: string, number: number, path: string): never {
  const [, elsewhere] = ELSEWHERE.exec(line) ?? [];
  if (elsewhere !== undefined)
    throw new BadProfile(`${path} has no symbols: the real System.map is in the package ${elsewhere}`);
  throw new BadProfile(`${path}: line ${number} is not "address type name"`);
}
