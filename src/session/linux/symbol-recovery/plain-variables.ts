// Finds single variables: command line, end of memory, boot ID, firmware texts.
// Each has a check of its own.
import { offsetIn, only, type RecoveryInput, textAt, wordAt } from './recovery-input.ts';

/** COMMAND_LINE_SIZE is 2048 at most. */
const MAXIMUM_COMMAND_LINE = 4096;
/** Physical addresses have 52 bits at most. */
const MAXIMUM_PHYSICAL = 1n << 52n;

/** `saved_command_line`: the one pointer to a text that the function behind /proc/cmdline names. */
export function savedCommandLine(input: RecoveryInput): bigint | undefined {
  const named = [...input.functions.references(['cmdline_proc_show'])];
  return only(
    named.filter((place) => {
      const text = wordAt(input, place);
      return text !== undefined && textAt(input, text, MAXIMUM_COMMAND_LINE) !== undefined;
    }),
  );
}

/** Functions that stop at the end of memory: those behind /proc/kpagecount and /proc/kpageflags, and what they share. */
const STOPPING = ['kpagecount_read', 'kpageflags_read', 'kpage_read'];

/** `max_pfn`: the one number that all of these name and that can be the end of memory which holds the image. */
export function maxPfn(input: RecoveryInput): bigint | undefined {
  const { functions, space, image } = input;
  const pageBytes = BigInt(space.paging.pageBytes);
  const lowest = BigInt(space.translate(image.base));
  const isEnd = (place: bigint): boolean => {
    const frames = wordAt(input, place) ?? 0n;
    return frames * pageBytes > lowest && frames * pageBytes < MAXIMUM_PHYSICAL;
  };
  const named = STOPPING.map((name) => [...functions.references([name])]);
  const [first = [], ...others] = named.filter(({ length }) => length > 0);
  return only(first.filter((place) => isEnd(place) && others.every((same) => same.includes(place))));
}

/** More of one name there are not; what is looked at past them is somebody's attack. */
const MAXIMUM_PLACES = 64;

/** `sysctl_bootid`: what the entry `boot_id` of a table for /proc/sys holds, whose handler prints UUIDs. */
export function bootId(input: RecoveryInput): bigint | undefined {
  const { image, functions } = input;
  const [name, data, handler] = ['procname', 'data', 'proc_handler'].map((member) =>
    offsetIn(input, 'ctl_table', member),
  );
  if (name === undefined || data === undefined || handler === undefined) return undefined;
  const printers = functions.named('proc_do_uuid');
  const found: bigint[] = [];
  for (const text of image.placesOf(Buffer.from('boot_id\0', 'latin1'), MAXIMUM_PLACES)) {
    for (const place of image.pointersTo(text, MAXIMUM_PLACES)) {
      const entry = place - name;
      const printer = image.wordAt(entry + handler);
      const value = image.wordAt(entry + data);
      if (printer !== undefined && printers.includes(printer) && value !== undefined) found.push(value);
    }
  }
  return only(found);
}

const UUID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/** `dmi_ident`: the texts of the firmware, of which one is a UUID. Without firmware that has one it says nothing. */
export function firmwareTexts(input: RecoveryInput): bigint | undefined {
  const number = input.enumerators['DMI_PRODUCT_UUID'];
  if (number === undefined) return undefined;
  return only(
    [...input.functions.references(['dmi_get_system_info'])].filter((texts) => {
      const uuid = wordAt(input, texts + BigInt(8 * number));
      return uuid !== undefined && UUID.test(textAt(input, uuid, MAXIMUM_COMMAND_LINE) ?? '');
    }),
  );
}
