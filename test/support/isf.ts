/** A symbol table as tests draw it, in Volatility 3's ISF: mirrors src/profile/isf.ts. */
export interface DrawnIsf {
  readonly metadata?: unknown;
  readonly base_types?: unknown;
  readonly user_types?: unknown;
  readonly enums?: unknown;
  readonly symbols?: unknown;
}

const base = (size: number, kind = 'int', signed = false) => ({ size, signed, kind, endian: 'little' });

/** The banner of the drawn kernel. */
export const BANNER = 'Linux version 6.1.0-drawn (who@where) #1 SMP';

/** The `constant_data` of a text, as C keeps it. */
export const constant = (text: string): string => Buffer.from(`${text}\n\0`).toString('base64');

/** A kernel with a struct of every kind of member. */
export const drawnIsf = {
  metadata: {
    format: '6.2.0',
    producer: { name: 'drawn', version: '1.0.0' },
    linux: { symbols: [{ kind: 'dwarf', name: 'vmlinux' }] },
  },
  base_types: {
    pointer: base(8),
    int: base(4, 'int', true),
    char: base(1, 'char', true),
    'unsigned long': base(8),
    void: base(0, 'void'),
  },
  user_types: {
    task_struct: {
      kind: 'struct',
      size: 96,
      fields: {
        pid: { offset: 4, type: { kind: 'base', name: 'int' } },
        comm: { offset: 8, type: { kind: 'array', count: 16, subtype: { kind: 'base', name: 'char' } } },
        next: { offset: 24, type: { kind: 'pointer', subtype: { kind: 'struct', name: 'task_struct' } } },
        uid: { offset: 32, type: { kind: 'struct', name: 'kuid_t' } },
        unnamed_field_0: {
          offset: 40,
          anonymous: true,
          type: { kind: 'union', name: 'unnamed_12ab' },
        },
        grid: {
          offset: 64,
          type: {
            kind: 'array',
            count: 2,
            subtype: { kind: 'array', count: 3, subtype: { kind: 'enum', name: 'pid_type' } },
          },
        },
        tail: { offset: 92, type: { kind: 'array', count: 0, subtype: { kind: 'function' } } },
        late: {
          offset: 88,
          type: { kind: 'bitfield', bit_position: 9, bit_length: 3, type: { kind: 'base', name: 'int' } },
        },
        one: {
          offset: 88,
          type: { kind: 'bitfield', bit_position: 3, bit_length: 1, type: { kind: 'base', name: 'int' } },
        },
      },
    },
    unnamed_12ab: {
      kind: 'union',
      size: 16,
      fields: {
        first: { offset: 0, type: { kind: 'base', name: 'unsigned long' } },
        unnamed_field_8: { offset: 8, anonymous: true, type: { kind: 'struct', name: 'unnamed_34cd' } },
      },
    },
    unnamed_34cd: {
      kind: 'struct',
      size: 8,
      fields: { second: { offset: 4, type: { kind: 'base', name: 'int' } } },
    },
    kuid_t: { kind: 'struct', size: 4, fields: { val: { offset: 0, type: { kind: 'base', name: 'int' } } } },
    pt_regs: {
      kind: 'struct',
      size: 168,
      fields: { orig_ax: { offset: 120, type: { kind: 'base', name: 'unsigned long' } } },
    },
  },
  enums: {
    pid_type: { size: 4, base: 'int', constants: { PIDTYPE_PID: 0, PIDTYPE_TGID: 1, MINUS: -1 } },
  },
  symbols: {
    linux_banner: { address: 1, constant_data: constant(BANNER) },
    nowhere: { address: 0 },
  },
};

/** What the drawn kernel's symbols are, past what a number of JavaScript holds. */
export const INIT_TASK = 0xffff_ffff_82a1_ac41n;

/** Its text, with sections put in the place of drawn ones. `undefined` takes one away. */
export function isfText(changes: DrawnIsf = {}): string {
  const text = JSON.stringify({ ...drawnIsf, ...changes });
  return text.replace(/"symbols":{(?!})/, `"symbols":{"init_task":{"address":${INIT_TASK}},`);
}
