// `vestige type`: how a type of the kernel is laid out, and with an address what stands there.
// The output has the form of pahole.
import type { Command } from 'commander';
import { hex } from '../../base/address.ts';
import { NotInKernel, UsageError } from '../../base/errors.ts';
import type { Layout } from '../../library/layout.ts';
import { factNotes } from '../../report/answer.ts';
import { EXIT } from '../exit.ts';
import { withInquiry } from '../flags/asking.ts';
import { checkColor } from '../flags/settings.ts';
import type { Outcome } from '../outcome.ts';
import { complain, writeData } from '../terminal/output.ts';
import { styleFor } from '../terminal/show.ts';
import { asJson, type LookFlags, sayNotes, withLookFlags, withStrictFlag } from './look.ts';
import { virtualView } from './read.ts';

type Flags = LookFlags & { readonly pid?: string };

/** Types of one name that are shown: drivers choose the same, and few do. */
const MAXIMUM_NAMESAKES = 16;

/** Adds `vestige type <snapshot> <name> [address]`. */
export function addTypeCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('type')
    .description('Show how a type of the kernel is laid out, or with an address its values there')
    .argument('<snapshot>')
    .argument('<name>', "a struct, union, enum or typedef of the kernel's or of a module's")
    .argument('[address]', '0x… or decimal, or a symbol, or symbol+0x10')
    .option('--pid <pid>', "read this process's memory instead of the kernel's")
    .addHelpText(
      'after',
      '\nExample:\n  vestige type memory.raw list_head\n  vestige type memory.raw task_struct init_task\n',
    );
  withStrictFlag(withLookFlags(command)).action(
    async (path: string, name: string, at: string | undefined, flags: Flags) => {
      checkColor(flags);
      if (flags.pid !== undefined && at === undefined)
        throw new UsageError('--pid says whose memory is read: it wants an address too');
      await withInquiry(path, flags, 'quick', async (inquiry) => {
        const { LibrarySession } = await import('../../library/library-session.ts');
        const session = new LibrarySession(await inquiry.session());
        await sayNotes(session.facts);
        try {
          const isWhole =
            at === undefined
              ? await showLayouts(session, name, flags)
              : await showValue(session, name, at, flags);
          const notes = session.drainNotes();
          for (const note of notes) complain(note);
          if (flags.strict === true && (!isWhole || notes.length + factNotes(session.facts).length > 0))
            outcome.code = EXIT.findings;
        } catch (error) {
          if (!(error instanceof NotInKernel)) throw error;
          for (const note of session.drainNotes()) complain(note);
          throw new UsageError(error.message); // what was asked for does not exist
        }
      });
    },
  );
}

type Opened = InstanceType<typeof import('../../library/library-session.ts')['LibrarySession']>;

/** @returns true: nothing of a layout is read where somebody could have damaged it alone @throws NotInKernel */
async function showLayouts({ types }: Opened, name: string, flags: Flags): Promise<boolean> {
  const found = types.all(name);
  if (found.length === 0) types.find(name); // throws, saying what is near
  const { layoutOf } = await import('../../library/layout.ts');
  const layouts = found.slice(0, MAXIMUM_NAMESAKES).map(({ type, module }) => layoutOf(type, module));
  if (found.length > layouts.length)
    complain(`${found.length - layouts.length} further types are called ${name}`);
  if (flags.json === true) writeData(await asJson({ types: layouts.map(layoutJson) }));
  else {
    const { layoutText } = await import('../../report/struct-layout.ts');
    const style = await styleFor(flags);
    writeData(layouts.map((layout) => layoutText(layout, style)).join('\n'));
  }
  return true;
}

const layoutJson = (layout: Layout): unknown => ({
  ...layout,
  enumerators: layout.enumerators.map(({ name, value }) => ({ name, value: String(value) })),
});

/** @returns whether all of it could be read @throws NotInKernel */
async function showValue(session: Opened, name: string, at: string, flags: Flags): Promise<boolean> {
  const { isWhole, settledJson } = await import('../../report/settled-json.ts');
  const view = virtualView(session, flags.pid);
  const address = session.symbols.resolve(at);
  const type = session.types.find(name);
  const value = session.settle(name, address, view);
  if (flags.json === true)
    writeData(
      await asJson({
        value: { type: type.name, address: hex(address), space: view.name, is: settledJson(value) },
      }),
    );
  else {
    const { valueText } = await import('../../report/struct-values.ts');
    writeData(valueText({ name: type.name, address, value }, await styleFor(flags)));
  }
  return isWhole(value);
}
