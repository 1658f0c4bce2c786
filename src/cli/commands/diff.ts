// `vestige diff` and `vestige timeline`: what changed between snapshots of a machine.
// Both take snapshots, or the name of a machine of which some are remembered.
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import { hint } from '../../base/nearest.ts';
import { version } from '../../files/version.ts';
import { type Asked, askAll } from '../../inquiry/ask-all.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import { usualQuestions } from '../../plugin/usual-questions.ts';
import { EXIT } from '../exit.ts';
import { withAsking } from '../flags/asking.ts';
import { withBudgetFlags } from '../flags/budget.ts';
import {
  checkColor,
  checkVertical,
  type OpenFlags,
  type ShowFlags,
  withOpenFlags,
} from '../flags/settings.ts';
import type { Outcome } from '../outcome.ts';
import { pageWidth, terminalWidth, writeData } from '../terminal/output.ts';
import { styleFor } from '../terminal/show.ts';

type Flags = OpenFlags &
  Pick<ShowFlags, 'json' | 'color'> & {
    readonly plugins?: string;
    readonly all?: true;
    readonly vertical?: true;
  };
type DiffFlags = Flags & { readonly rows: boolean };

const withFlags = (command: Command): Command =>
  withBudgetFlags(withOpenFlags(command))
    .option('--plugins <list>', 'compare the answers to these questions only')
    .option('--json', 'as JSON')
    .option('--vertical', 'each row as a record: a line for each column')
    .option('--color <when>', 'auto, always or never', 'auto');

/** Adds `vestige diff <before> <after>`. */
export function addDiffCommand(program: Command, plugins: readonly AnyPlugin[], outcome: Outcome): void {
  const command = program
    .command('diff')
    .description('Tell what happened between two snapshots: what appeared, vanished and changed')
    .argument('<before>', 'a snapshot; the name of a machine alone stands for its last two')
    .argument('[after]')
    .option('--all', 'also list counters, churn, and rows of processes that came or went')
    .option('--no-rows', 'the summary only')
    .addHelpText(
      'after',
      '\nExit code: 0 nothing differs, 1 something does, 2 it could not be done.\n\nExample:\n  vestige diff before.kdump after.kdump --plugins pslist,sockets,modules\n',
    );
  withFlags(command).action(async (before: string, after: string | undefined, flags: DiffFlags) => {
    checkColor(flags);
    checkVertical(flags, flags.json === true ? 'json' : 'table');
    const chosen = chosenFrom(plugins, flags.plugins);
    const words = after === undefined ? [before] : [before, after];
    const [one, other] = await asked(words, chosen, flags, after === undefined ? 2 : 1);
    if (other === undefined)
      throw new UsageError(
        `diff wants two snapshots, or a machine of which two are remembered: ${before} is one snapshot`,
      );
    const { compare, differs } = await import('../../diff/comparison.ts');
    const comparison = compare(one!.known, other.known, chosen, { all: flags.all === true });
    const sides = { before: one!.facts, after: other.facts };
    outcome.code = differs(comparison) ? EXIT.findings : EXIT.done;
    const { diffJson, diffTable, diffText } = await import('../../report/diff.ts');
    if (flags.json === true) {
      const { jsonDocument } = await import('../../report/json.ts');
      return writeData(jsonDocument(version(), diffJson(sides, comparison, chosen)));
    }
    const style = await styleFor(flags);
    writeData(diffText(sides, comparison, style, pageWidth()));
    if (!flags.rows) return;
    const drawn = { style, width: terminalWidth(), header: true, vertical: flags.vertical === true };
    for (const diff of comparison.tables) {
      const count = diff.added.length + diff.removed.length + diff.changed.length + diff.unsure.length;
      if (count === 0) continue;
      const plugin = chosen.find(({ name }) => name === diff.plugin)!;
      writeData(`\n${style.title(`${diff.plugin} (${count})`)}\n`);
      writeData(`${diffTable(plugin, diff, drawn).join('\n')}\n`);
    }
  });
}

/** Adds `vestige timeline <snapshot…>`. */
export function addTimelineCommand(program: Command, plugins: readonly AnyPlugin[], outcome: Outcome): void {
  const command = program
    .command('timeline')
    .description('Show when each thing was first and last seen in snapshots of one machine')
    .argument('<snapshot...>', 'snapshots, or a machine for all that are remembered of it')
    .option('--all', 'show what is in every snapshot and what comes and goes by itself too')
    .addHelpText(
      'after',
      '\nExample:\n  vestige timeline monday.kdump tuesday.kdump wednesday.kdump --plugins pslist\n',
    );
  withFlags(command).action(async (paths: string[], flags: Flags) => {
    checkColor(flags);
    checkVertical(flags, flags.json === true ? 'json' : 'table');
    const chosen =
      flags.plugins === undefined
        ? plugins.filter(({ followed }) => followed === true)
        : chosenFrom(plugins, flags.plugins);
    const snapshots = await asked(paths, chosen, flags, Number.POSITIVE_INFINITY);
    if (snapshots.length < 2)
      throw new UsageError(
        'a timeline wants two snapshots or more, or a machine of which so many are remembered',
      );
    const { timelineJson, timelineText } = await import('../../report/timeline.ts');
    const { inOrderOfTime, lifetimesOf } = await import('../../diff/timeline.ts');
    const ordered = inOrderOfTime(snapshots, ({ known }) => known);
    const lives = chosen.map((plugin) => ({
      plugin,
      ...lifetimesOf(
        plugin,
        ordered.snapshots.map(({ known }) => known),
        chosen,
      ),
    }));
    const facts = ordered.snapshots.map(({ facts: own }) => own);
    outcome.code = EXIT.done;
    if (flags.json === true) {
      const { jsonDocument } = await import('../../report/json.ts');
      return writeData(jsonDocument(version(), timelineJson(facts, lives, ordered.remarks)));
    }
    const options = {
      style: await styleFor(flags),
      width: terminalWidth(),
      all: flags.all === true,
      vertical: flags.vertical === true,
    };
    return writeData(timelineText(facts, lives, ordered.remarks, options));
  });
}

/** Whole answers of all snapshots. @param most how many of a machine's latest snapshots its name stands for */
const asked = (
  words: readonly string[],
  chosen: readonly AnyPlugin[],
  flags: Flags,
  most: number,
): Promise<Asked[]> => withAsking(flags, 'proof', (asking) => askAll(words, chosen, asking, { most }));

/** The questions that `--plugins` names, or all that do not repeat others. @throws UsageError */
function chosenFrom(plugins: readonly AnyPlugin[], words: string | undefined): readonly AnyPlugin[] {
  if (words === undefined) return usualQuestions(plugins);
  return words.split(',').map((word) => {
    const found = plugins.find(({ name }) => name === word);
    const names = plugins.map(({ name }) => name);
    if (found === undefined) throw new UsageError(`there is no plugin ${word}${hint(word, names)}`);
    return found;
  });
}
