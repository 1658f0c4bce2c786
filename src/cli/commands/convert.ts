// `vestige convert`: a snapshot in another format, with digests of what was read and of what was written.
// `src/convert` writes; this gathers what headers say of the machine, and tells what became of it.
import type { Command } from 'commander';
import { NoKernel, NoProfile, UsageError } from '../../base/errors.ts';
import type { Converted, Target } from '../../convert/convert.ts';
import type { From } from '../../convert/from.ts';
import { checkWritable } from '../../files/replace-file.ts';
import { refuseTaken } from '../../files/whole-file.ts';
import type { Inquiry } from '../../inquiry/inquiry.ts';
import type { Snapshot } from '../../snapshot/open.ts';
import { EXIT } from '../exit.ts';
import { withInquiry } from '../flags/asking.ts';
import { checkColor } from '../flags/settings.ts';
import { wordOf } from '../flags/words.ts';
import type { Outcome } from '../outcome.ts';
import { clearProgress, complain, showProgress, writeData } from '../terminal/output.ts';
import { asJson, type LookFlags, withLookFlags, withStrictFlag } from './look.ts';

/** What `--to` can be: `TARGETS` of src/convert, which is loaded when it is wanted. */
export const TARGET_WORDS = ['raw', 'elf', 'lime', 'kdump'] as const satisfies readonly Target[];

type Flags = LookFlags & {
  readonly to: Target;
  readonly output?: string;
  readonly digest: boolean;
};

/** A file with its digest; null where none was wanted. */
interface Digested {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string | null;
}

/** Adds `vestige convert <snapshot> [output]`. */
export function addConvertCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('convert')
    .description('Write a snapshot in another format: raw, ELF core, LiME or kdump')
    .argument('<snapshot>')
    .argument('[output]', 'the file to write; it must not be there yet')
    .requiredOption(
      '--to <format>',
      `what to write: ${TARGET_WORDS.join(', ')}`,
      wordOf(TARGET_WORDS, '--to'),
    )
    .option('--output <file>', 'the file to write, in place of the second word')
    .option('--no-digest', 'no SHA-256 of what was read and written: each is read once more for it')
    .addHelpText(
      'after',
      `
The memory map stays: what the snapshot has not is no part of elf, lime and kdump. In a raw file the byte
at physical address N is byte N, and what is missing is a hole, which reads as zeros. elf and kdump take
the CPUs' registers over where the snapshot has them, and have the kernel's VMCOREINFO. kdump is packed
with zlib. The file is its owner's alone (0600), sparse, whole or not there, and nothing is overwritten.

Exit code: 0 it was written, 1 with --strict if memory could not be read, 2 it could not be done.

Example:
  vestige convert memory.raw memory.kdump --to kdump
  vestige convert memory.lime --to elf --output memory.elf
`,
    );
  withStrictFlag(withLookFlags(command)).action(
    async (path: string, operand: string | undefined, flags: Flags) => {
      checkColor(flags);
      const output = outputOf(operand, flags);
      await withInquiry(path, flags, 'quick', async (inquiry) => {
        const { snapshot, from, close } = await openedFor(inquiry, flags);
        try {
          const { convert } = await import('../../convert/convert.ts');
          const began = process.hrtime.bigint();
          const written = await untilEnded(() =>
            convert(from, flags.to, output, (done, total) =>
              showProgress(`writing ${flags.to}`, done, total),
            ),
          );
          const seconds = Number(process.hrtime.bigint() - began) / 1e9;
          const read = await digested(filesOf(snapshot), flags.digest);
          const [made] = await digested([{ path: output, bytes: written.bytes }], flags.digest);
          const notes = [
            ...snapshot.contents.notes,
            ...remarksOn(from, written, flags.to),
            ...snapshot.file.troubles,
          ];
          if (flags.json === true)
            writeData(
              await asJson({
                conversion: { format: flags.to, input: read, output: made, ...written, seconds, notes },
              }),
            );
          else tell(read, made!, notes);
          if (flags.strict === true && (written.lostBytes > 0 || snapshot.contents.cut !== null))
            outcome.code = EXIT.findings;
        } finally {
          clearProgress();
          close();
        }
      });
    },
  );
}

/** How shells report what a signal ended. */
const ENDINGS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Whoever ends the process finds nothing half written: it exits, which discards the file. */
async function untilEnded<T>(work: () => Promise<T>): Promise<T> {
  const ends = Object.entries(ENDINGS).map(([signal, code]) => [signal, () => process.exit(code)] as const);
  for (const [signal, end] of ends) process.on(signal, end);
  try {
    return await work();
  } finally {
    for (const [signal, end] of ends) process.off(signal, end);
  }
}

/** @throws UsageError @throws CannotSave, UnreadableFile where nothing can be written there */
function outputOf(operand: string | undefined, { output }: Flags): string {
  if (operand !== undefined && output !== undefined)
    throw new UsageError(`${operand} and --output ${output} contradict each other`);
  const path = operand ?? output;
  if (path === undefined || path === '') throw new UsageError('convert wants a file to write: --output FILE');
  refuseTaken(path);
  checkWritable(path);
  return path;
}

/** The snapshot in the layout in which its kernel is found; where none is found, as it was opened. */
async function openedFor(
  inquiry: Inquiry,
  flags: Flags,
): Promise<{ readonly snapshot: Snapshot; readonly from: From; close(): void }> {
  const { fromFile, fromSession } = await import('./convert-from.ts');
  try {
    const session = await inquiry.session();
    return { snapshot: session.snapshot, from: fromSession(session), close: () => undefined };
  } catch (error) {
    if (!(error instanceof NoKernel || error instanceof NoProfile)) throw error;
    complain(`${error.message}; its memory is written as the file has it`);
    const { openSnapshot } = await import('../../snapshot/open.ts');
    const { openSettings } = await import('../flags/settings.ts');
    const { base, map } = await openSettings(flags, 'quick');
    const snapshot = openSnapshot(inquiry.path, {
      ...(base === undefined ? {} : { base }),
      ...(map === undefined ? {} : { map }),
    });
    return { snapshot, from: fromFile(snapshot), close: () => snapshot.file.close() };
  }
}

const filesOf = ({ file }: Snapshot): { readonly path: string; readonly bytes: number }[] =>
  file.pieces.length === 0
    ? [{ path: file.path, bytes: file.sizeBytes }]
    : file.pieces.flatMap(({ path, sizeBytes, state }) =>
        state === null ? [] : [{ path, bytes: sizeBytes }],
      );

async function digested(
  files: readonly { readonly path: string; readonly bytes: number }[],
  isWanted: boolean,
): Promise<Digested[]> {
  const { digestOf } = await import('../../convert/digest.ts');
  const all: Digested[] = [];
  for (const file of files) {
    const sha256 = isWanted
      ? await digestOf(file.path, (done, total) => showProgress('SHA-256', done, total))
      : null;
    all.push({ ...file, sha256 });
  }
  return all;
}

/** What whoever reads the file must know. */
function remarksOn(
  { vmcoreinfo, notes }: From,
  { paddedBytes, lostBytes }: Converted,
  target: Target,
): string[] {
  const hasHeaders = target === 'elf' || target === 'kdump';
  return [
    ...(paddedBytes > 0
      ? [`${paddedBytes} bytes that the snapshot has not are holes, and read as zeros`]
      : []),
    ...(lostBytes > 0 ? [`${lostBytes} bytes of memory could not be read, and are left out`] : []),
    ...(hasHeaders && notes.length === 0 ? ['the snapshot has no registers of its CPUs'] : []),
    ...(hasHeaders && vmcoreinfo === null ? ['its kernel tells nothing for dump tools (VMCOREINFO)'] : []),
    ...(!hasHeaders && notes.length > 0 ? [`${target} has no room for the registers of the CPUs`] : []),
  ];
}

function tell(read: readonly Digested[], made: Digested, notes: readonly string[]): void {
  const line = ({ path, bytes, sha256 }: Digested): string =>
    `${sha256 ?? '-'.repeat(64)}  ${path}  ${bytes} bytes\n`;
  for (const file of [...read, made]) writeData(line(file));
  for (const note of notes) complain(note);
}
