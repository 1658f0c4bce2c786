// `vestige info`, `explain` and `triage`: commands that look at one snapshot as a whole.
// It also holds the flags that they share.
import type { Command } from 'commander';
import { ForensicError, UsageError } from '../../base/errors.ts';
import { version } from '../../files/version.ts';
import { pathsOfPieces } from '../../inquiry/recall.ts';
import { storePaths } from '../../inquiry/store-paths.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import { type Facts, factNotes } from '../../report/answer.ts';
import type { Asked } from '../../triage/summarize.ts';
import { EXIT } from '../exit.ts';
import { withInquiry } from '../flags/asking.ts';
import { withBudgetFlags } from '../flags/budget.ts';
import { checkColor, type OpenFlags, type ShowFlags, withOpenFlags } from '../flags/settings.ts';
import type { Outcome } from '../outcome.ts';
import { complain, pageWidth, writeAside, writeData } from '../terminal/output.ts';
import { naming, styleFor } from '../terminal/show.ts';

export type LookFlags = OpenFlags & Pick<ShowFlags, 'json' | 'color' | 'strict'>;

export const withLookFlags = (command: Command): Command =>
  withOpenFlags(command)
    .option('--json', 'as JSON')
    .option('--color <when>', 'auto, always or never', 'auto');

export const withStrictFlag = (command: Command): Command =>
  command.option('--strict', 'exit with 1 if anything could not be read');

/** What was lacking before any question was asked, on stderr. */
export async function sayNotes(facts: Facts): Promise<void> {
  const { noteLines } = await import('../../report/table-presenter.ts');
  writeAside(noteLines(factNotes(facts)));
}

export const asJson = async (data: Readonly<Record<string, unknown>>): Promise<string> =>
  (await import('../../report/json.ts')).jsonDocument(version(), data);

/** Adds `vestige info <snapshot>`. */
export function addInfoCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('info')
    .description('Show what a snapshot is, which kernel is inside, and how it was found')
    .argument('<snapshot...>')
    .addHelpText('after', '\nExample:\n  vestige info memory.raw\n');
  withStrictFlag(withLookFlags(command)).action(async (paths: string[], flags: LookFlags) => {
    checkColor(flags);
    const documents: Readonly<Record<string, unknown>>[] = [];
    for (const path of paths) {
      try {
        // The road to the kernel as it is taken now: a remembered one would explain nothing.
        const facts = await withInquiry(
          path,
          flags,
          'whole',
          async (inquiry) => (await inquiry.session()).facts,
        );
        documents.push({ ...facts });
        if (flags.json !== true) {
          writeData((documents.length > 1 ? '\n' : '') + (await factsText(facts, flags)));
          await sayNotes(facts);
          await sayForgotten(path, flags);
        }
        if (flags.strict === true && factNotes(facts).length > 0)
          outcome.code = Math.max(outcome.code, EXIT.findings);
      } catch (error) {
        if (!(error instanceof ForensicError)) throw error;
        documents.push({ snapshot: { path }, error: { code: error.code, message: error.message } });
        complain(naming(path, error));
        outcome.code = EXIT.failed;
      }
    }
    if (flags.json !== true) return;
    const { jsonDocument, jsonDocuments } = await import('../../report/json.ts');
    if (paths.length === 1) writeData(jsonDocument(version(), documents[0]!));
    else writeData(jsonDocuments(version(), documents));
  });
}

/** What a snapshot is: in boxes on a terminal, as lines in a file or pipe. */
async function factsText(facts: Facts, flags: LookFlags): Promise<string> {
  const { infoBoxes, infoText } = await import('../../report/info.ts');
  const style = await styleFor(flags);
  if (process.stdout.isTTY !== true) return infoText(facts, style, pageWidth());
  const { drawList } = await import('../../report/box.ts');
  return infoBoxes(facts, style, pageWidth(), drawList);
}

/** Says where every question will be asked anew, and why: nothing else would tell why that takes so long. */
async function sayForgotten(path: string, flags: LookFlags): Promise<void> {
  if (storePaths(flags) === undefined) return;
  const { whyNotRemembered } = await import('../../store/moving.ts');
  const pieces = await pathsOfPieces(path);
  const why = whyNotRemembered(pieces.length === 0 ? path : pieces);
  if (why !== undefined) complain(`no answer about ${path} is remembered: ${why}`);
}

/** Adds `vestige explain <snapshot> <address|symbol>`. */
export function addExplainCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('explain')
    .description('Show how an address or symbol becomes bytes: every page-table entry on the way')
    .argument('<snapshot>')
    .argument('<address>', 'in hex, or a symbol of the kernel, or symbol+0x10')
    .option('--pid <pid>', "walk this process's page tables instead of the kernel's")
    .addHelpText(
      'after',
      '\nExample:\n  vestige explain memory.raw init_task\n  vestige explain memory.raw 0x7ffd1000 --pid 1\n',
    );
  withLookFlags(command).action(async (path: string, asked: string, flags: LookFlags & { pid?: string }) => {
    if (flags.pid !== undefined && !/^\d{1,9}$/.test(flags.pid))
      throw new UsageError(`--pid wants a number, not ${flags.pid}`);
    checkColor(flags);
    await withInquiry(path, flags, 'quick', async (inquiry) => {
      const { explain } = await import('../../session/explain.ts');
      const explanation = explain(
        await inquiry.session(),
        asked,
        flags.pid === undefined ? undefined : Number(flags.pid),
      );
      outcome.code = explanation.fault === null ? EXIT.done : EXIT.findings;
      if (flags.json === true) return writeData(await asJson({ explanation }));
      const { explanationText } = await import('../../report/explanation.ts');
      return writeData(explanationText(explanation, await styleFor(flags), pageWidth()));
    });
  });
}

/** Adds `vestige triage <snapshot>`. */
export function addTriageCommand(program: Command, plugins: readonly AnyPlugin[], outcome: Outcome): void {
  const command = program
    .command('triage')
    .description('Show on one screen what a machine was doing, and what deserves a look')
    .argument('<snapshot>')
    .option('--all', 'show everything, and nothing cut short')
    .addHelpText('after', '\nExample:\n  vestige triage memory.raw\n');
  withStrictFlag(withBudgetFlags(withLookFlags(command))).action(
    async (path: string, flags: LookFlags & { all?: true }) => {
      checkColor(flags);
      await withInquiry(path, flags, 'whole', async (inquiry) => {
        const facts = await inquiry.facts();
        const { summarize, triageQuestions } = await import('../../triage/summarize.ts');
        const results: Asked[] = [];
        const asked = triageQuestions(plugins);
        const answers = await inquiry.answers(asked);
        for (const plugin of asked) {
          const { rows, notes, failure } = answers.get(plugin.name)!;
          if (failure !== undefined) complain(`${plugin.name}: ${failure.message}`);
          if (failure !== undefined) outcome.code = EXIT.failed;
          results.push({
            ...{ plugin: plugin.name, version: plugin.version, rows },
            ...{ notes: failure === undefined ? notes : [], hasFailed: failure !== undefined },
          });
        }
        const summary = summarize(results, plugins, factNotes(facts));
        if (flags.strict === true && summary.unread.length > 0)
          outcome.code = Math.max(outcome.code, EXIT.findings);
        if (flags.json === true) return writeData(await asJson({ ...facts, triage: summary }));
        const { triageText } = await import('../../report/triage.ts');
        return writeData(triageText(facts, summary, await styleFor(flags), pageWidth(), flags.all === true));
      });
    },
  );
}
