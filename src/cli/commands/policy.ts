// `vestige policy`: validates policies, lists their rules, prints their JSON Schema.
// It judges nothing: `check.ts` does.
import type { Command } from 'commander';
import { ForensicError } from '../../base/errors.ts';
import { version } from '../../files/version.ts';
import { policyFrom, problemLines, USUAL_POLICY } from '../../judging/policy-files.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import { BadPolicy, type Problem } from '../../policy/problem.ts';
import { escapeText } from '../../report/escape.ts';
import { EXIT } from '../exit.ts';
import { checkColor, checkVertical, type ShowFlags } from '../flags/settings.ts';
import type { Outcome } from '../outcome.ts';
import { writeData } from '../terminal/output.ts';
import { styleFor } from '../terminal/show.ts';

/** Adds `vestige policy validate|list|schema`. */
export function addPolicyCommand(program: Command, plugins: readonly AnyPlugin[], outcome: Outcome): void {
  const policy = program
    .command('policy')
    .description('Validate or list policies, or print the schema that they are of');
  policy
    .command('validate')
    .description('Check policies as they would be before a snapshot is judged')
    .argument('<policy...>', 'files, or names of policies that ship with the program')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExit code: 0 all can be used, 2 one cannot.\n\nExample:\n  vestige policy validate web.yaml\n',
    )
    .action(async (words: string[], { json }: { json?: true }) => {
      const reports = [];
      for (const word of words) reports.push(await reportOn(word, plugins));
      outcome.code = reports.every(({ problems }) => problems.length === 0) ? EXIT.done : EXIT.failed;
      if (json === true)
        return writeData(await asJson({ policies: reports.map(({ line: _, ...report }) => report) }));
      return writeData(reports.map(({ line }) => line).join(''));
    });
  policy
    .command('list')
    .description('List the rules of policies')
    .argument('[policy...]', 'files, or names of policies that ship with the program')
    .option('--json', 'as JSON')
    .option('--vertical', 'each rule as a record: a line for each column')
    .option('--color <when>', 'auto, always or never', 'auto')
    .addHelpText('after', '\nExample:\n  vestige policy list cloud-linux\n')
    .action(async (words: string[], flags: Pick<ShowFlags, 'json' | 'color' | 'vertical'>) => {
      checkColor(flags);
      checkVertical(flags, flags.json === true ? 'json' : 'table');
      const { name, rules } = await policyFrom(words.length === 0 ? [USUAL_POLICY] : words, plugins);
      const facts = rules.map((rule) => rule.facts);
      if (flags.json === true) return writeData(await asJson({ policy: name, rules: facts }));
      const { showResult } = await import('../terminal/sql-result.ts');
      const rows = facts.map((rule) => [
        rule.id,
        rule.severity,
        questionOf(rule),
        rule.attack.join(' '),
        rule.title,
      ]);
      return showResult(
        { columns: ['id', 'severity', 'plugin', 'attack', 'title'], rows },
        {
          format: 'table',
          header: true,
          vertical: flags.vertical === true,
          box: process.stdout.isTTY === true && flags.vertical !== true,
          style: await styleFor(flags),
          dispensable: ['attack', 'plugin', 'severity'],
        },
      );
    });
  policy
    .command('schema')
    .description('Print the JSON Schema of policies, for editors')
    .action(async () => {
      const { publishedSchema } = await import('../../policy/schema.ts');
      writeData(`${JSON.stringify(publishedSchema(), null, 2)}\n`);
    });
}

/** `sockets`, or `sockets added`. */
const questionOf = ({ plugin, change }: { plugin: string; change: string | null }): string =>
  change === null ? plugin : `${plugin} ${change}`;

const asJson = async (data: Readonly<Record<string, unknown>>): Promise<string> =>
  (await import('../../report/json.ts')).jsonDocument(version(), data);

/** What came of reading one policy. */
interface Report {
  readonly file: string;
  readonly policy: string | null;
  readonly rules: number;
  readonly problems: readonly (Problem['at'] & { readonly message: string })[];
  /** The same for people. */
  readonly line: string;
}

async function reportOn(file: string, plugins: readonly AnyPlugin[]): Promise<Report> {
  try {
    const { name, rules } = await policyFrom([file], plugins);
    const line = `${escapeText(file)}: ${name}, ${rules.length} rule${rules.length === 1 ? '' : 's'}\n`;
    return { file, policy: name, rules: rules.length, problems: [], line };
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
    const flaws =
      error instanceof BadPolicy
        ? error.problems
        : [{ at: { file, line: 0, column: 0 }, message: error.message }];
    const lines = error instanceof BadPolicy ? problemLines(error) : [error.message];
    const problems = flaws.map(({ at, message }) => ({ ...at, message }));
    return {
      file,
      policy: null,
      rules: 0,
      problems,
      line: lines.map((one) => `${escapeText(one)}\n`).join(''),
    };
  }
}
