// VMCOREINFO: what a kernel says of itself for dump tools.
// Linux: Documentation/admin-guide/kdump/vmcoreinfo.rst.

/** What a kernel says of itself for dump tools, parsed. Linux: Documentation/admin-guide/kdump/vmcoreinfo.rst. */
export interface Vmcoreinfo {
  /** `6.1.0-50-cloud-amd64`. */
  readonly release: string;
  /** Hex, or null. */
  readonly buildId: string | null;
  /** `SYMBOL(name)=hex` lines, as the running kernel has them: KASLR slide included. */
  readonly symbols: ReadonlyMap<string, bigint>;
  /** `NUMBER(name)=decimal` lines. */
  readonly numbers: ReadonlyMap<string, bigint>;
  /** `KERNELOFFSET`: the virtual KASLR slide; null where the kernel does not tell. */
  readonly kernelOffset: bigint | null;
  /** Names of the `CONFIG_name=y` lines, without `CONFIG_`. */
  readonly configs: ReadonlySet<string>;
  /** `PAGESIZE`, in bytes. */
  readonly pageBytes: number;
}

/** Longest text that counts: the kernel gives it one page. */
const MAXIMUM_VMCOREINFO_BYTES = 4096;

const FIRST_LINE = Buffer.from('OSRELEASE=', 'latin1');
const NOTE_NAME = Buffer.from('VMCOREINFO\0', 'latin1');

/**
 * The VMCOREINFO text that begins in `page`, or null. It begins at the page's first byte (vmcoreinfo_data), or
 * 24 bytes in behind an ELF note header (vmcoreinfo_note): nothing else needs to be looked at.
 */
export function vmcoreinfoIn(page: Uint8Array): string | null {
  const start = startsWith(page, 0, FIRST_LINE)
    ? 0
    : startsWith(page, 12, NOTE_NAME) && startsWith(page, 24, FIRST_LINE)
      ? 24
      : -1;
  if (start < 0) return null;
  const end = page.indexOf(0, start);
  const text = Buffer.from(page.subarray(start, end < 0 ? page.length : end)).toString('latin1');
  return /^OSRELEASE=[\x21-\x7e]+\n/.test(text) && /\nSYMBOL\(/.test(text) ? text : null;
}

function startsWith(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  if (bytes[at] !== wanted[0]) return false;
  for (let i = 1; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

/** Parses the text; lines that make no sense are passed over. Null where there is no release. */
export function parseVmcoreinfo(text: string): Vmcoreinfo | null {
  const symbols = new Map<string, bigint>();
  const numbers = new Map<string, bigint>();
  let release: string | undefined;
  let buildId: string | null = null;
  const configs = new Set<string>();
  let kernelOffset: bigint | null = null;
  let pageBytes = 4096;
  for (const line of text.slice(0, MAXIMUM_VMCOREINFO_BYTES).split('\n')) {
    const [, key, name, value] = /^([A-Z0-9_-]+)(?:\((\w+)\))?=(\S+)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    if (key === 'OSRELEASE') release ??= value;
    else if (key === 'BUILD-ID' && /^[0-9a-f]{16,64}$/.test(value)) buildId = value;
    else if (key === 'KERNELOFFSET' && /^[0-9a-f]{1,16}$/.test(value)) kernelOffset = BigInt(`0x${value}`);
    else if (key === 'PAGESIZE' && /^\d{4,6}$/.test(value)) pageBytes = Number(value);
    else if (key.startsWith('CONFIG_') && value === 'y') configs.add(key.slice('CONFIG_'.length));
    else if (key === 'SYMBOL' && name !== undefined && /^[0-9a-f]{1,16}$/.test(value))
      symbols.set(name, BigInt(`0x${value}`));
    else if (key === 'NUMBER' && name !== undefined && /^(-?\d{1,20}|0x[0-9a-f]{1,16})$/.test(value))
      numbers.set(name, BigInt(value));
  }
  return release === undefined
    ? null
    : { release, buildId, symbols, numbers, kernelOffset, configs, pageBytes };
}
