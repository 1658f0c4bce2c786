// `vestige report`: one HTML file about a snapshot, or about a machine over time.
// It gathers answers, differences and verdicts, and writes the page.
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import type { JudgeFlags } from '../../judging/judges.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import { usualQuestions } from '../../plugin/usual-questions.ts';
import type { Facts } from '../../report/answer.ts';
import { EXIT } from '../exit.ts';
import { withAsking } from '../flags/asking.ts';
import { withBudgetFlags } from '../flags/budget.ts';
import { type OpenFlags, withOpenFlags } from '../flags/settings.ts';
import { collected } from '../flags/words.ts';
import type { Outcome } from '../outcome.ts';
import { writeData } from '../terminal/output.ts';

type Flags = OpenFlags &
  JudgeFlags & {
    readonly output?: string;
    readonly title?: string;
    readonly since?: string;
  };

/** Adds `vestige report <snapshot|machine…>`. */
export function addReportCommand(program: Command, plugins: readonly AnyPlugin[], outcome: Outcome): void {
  const command = program
    .command('report')
    .description('Write a page about a machine: one HTML file that asks nothing of any network')
    .argument('<snapshot|machine...>', 'snapshots of one machine, or the name of one that is remembered')
    .option('--output <file>', 'write the page into this file; - for stdout')
    .option('--title <title>', "what stands above the page instead of the machine's name")
    .option('--since <snapshot>', 'compare with this snapshot instead of the one before')
    .option(
      '--policy <policy>',
      'judge by this file, or by one that ships with the program (may be given several times)',
      collected,
    )
    .option('--no-policy', 'judge by none')
    .option('--baseline <file>', 'let pass what was known when this was written')
    .addHelpText(
      'after',
      `
The page is about the newest of the snapshots, or about the newest that is remembered of the machine. It is compared with
the one before, judged by a policy as check does, and all that are named or remembered of the machine are on its timeline.

Examples:
  vestige report monday.kdump tuesday.kdump --output web-1.html
  vestige report web-1
`,
    );
  withBudgetFlags(withOpenFlags(command)).action(async (words: string[], flags: Flags) => {
    const { output } = flags;
    const { checkWritable, replaceFile } = await import('../../files/replace-file.ts');
    if (output === '') throw new UsageError('--output wants the name of a file');
    if (output !== undefined && output !== '-') checkWritable(output);
    const { facts, html } = await page(words, plugins, flags, outcome);
    if (output === '-') return writeData(html);
    const path = output ?? (await usualName(facts));
    replaceFile(path, html);
    return writeData(`${path}\n`);
  });
}

async function page(
  words: readonly string[],
  all: readonly AnyPlugin[],
  flags: Flags,
  outcome: Outcome,
): Promise<{ readonly facts: Facts; readonly html: string }> {
  const { judgeOfOne } = await import('../../judging/judges.ts');
  const judge = await judgeOfOne(flags, all);
  const { gatherReport } = await import('../../inquiry/gather.ts');
  const { subjectOf } = await import('../../inquiry/subject.ts');
  const { examinedOf, pageOf } = await import('./report-page.ts');
  const { judgeBeside } = await import('../../judging/judge.ts');
  const shown = usualQuestions(all);
  const plugins = all.filter((plugin) => shown.includes(plugin) || judge?.questions.includes(plugin));
  const found = await withAsking(flags, 'proof', (asking) =>
    gatherReport(
      { subject: subjectOf(words, asking.recall), plugins, since: flags.since },
      { ...asking, failed: () => void (outcome.code = EXIT.failed) },
    ),
  );
  const before = found.before ?? 'there is no snapshot before it to compare with: --since names one';
  const verdicts = judge === undefined ? [] : [judgeBeside(judge, examinedOf(found), before)];
  const { title } = flags;
  const html = pageOf(found, { shown, verdicts, ...(title === undefined ? {} : { title }) });
  return { facts: found.facts, html };
}

/** `report-web-1-20261123T114044Z.html`: both are the guest's word, so no file that is there already is written over. */
async function usualName({ kernel, snapshot }: Facts): Promise<string> {
  const { fileNameOf, momentOf } = await import('../../acquire/names.ts');
  const time = kernel.time ?? snapshot.takenAt;
  const moment = time === null ? '' : `-${momentOf(new Date(time))}`;
  const name = `report-${fileNameOf(kernel.hostname ?? kernel.machineId ?? '')}${moment}`;
  for (let number = 1; ; number++) {
    const path = number === 1 ? `${name}.html` : `${name}-${number}.html`;
    if (!existsSync(path)) return path;
  }
}
