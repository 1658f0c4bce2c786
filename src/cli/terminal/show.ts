// Asks snapshots questions and prints the answers as they come.
// All commands of questions use it.
import { ForensicError } from '../../base/errors.ts';
import { version } from '../../files/version.ts';
import { type Inquiry, inquiryOf } from '../../inquiry/inquiry.ts';
import type { Answer, Facts, Presenter } from '../../report/answer.ts';
import { escapeText } from '../../report/escape.ts';
import { loadStyle, type Style, wantsColor } from '../../report/style.ts';
import type { drawTable } from '../../report/table.ts';
import { EXIT } from '../exit.ts';
import { withAsking } from '../flags/asking.ts';
import {
  checkColor,
  type FormatName,
  formatFrom,
  type OpenFlags,
  type ShowFlags,
} from '../flags/settings.ts';
import { complain, terminalWidth, writeAside, writeData } from './output.ts';
import { type Question, type SelectedAnswer, selectedAnswer } from './selected-answer.ts';

/** The style for what goes to stdout. */
export const styleFor = (flags: Pick<ShowFlags, 'color'>): Promise<Style> =>
  loadStyle(wantsColor(flags.color, process.stdout.isTTY === true, process.env));

/** What draws the tables of answers with rules around their cells. */
export const boxed = async (): Promise<{ readonly box: typeof drawTable }> => ({
  box: (await import('../../report/box.ts')).drawBoxedTable,
});

/** Asks every snapshot every question and shows the answers as they come. @returns the exit code */
export async function showAnswers(
  paths: readonly string[],
  questions: readonly Question[],
  flags: OpenFlags & ShowFlags,
): Promise<number> {
  checkColor(flags);
  const format = formatFrom(flags);
  const presenter = await presenterFor(format, flags, paths.length > 1, questions.length);
  return withAsking(flags, 'quick', async (asking) => {
    let code: number = EXIT.done;
    writeData(presenter.begin());
    for (const path of paths) {
      let inquiry: Inquiry | undefined;
      try {
        inquiry = await inquiryOf(path, asking);
        code = Math.max(code, await showSnapshot(presenter, inquiry, questions, flags, format));
      } catch (error) {
        if (!(error instanceof ForensicError)) throw error;
        writeData(presenter.failed(path, error));
        complain(naming(path, error));
        code = EXIT.failed;
      } finally {
        inquiry?.close();
      }
    }
    writeData(presenter.end());
    return code;
  });
}

/** The message of an error, with the snapshot it is about where it does not name it itself. */
export const naming = (path: string, { message }: ForensicError): string =>
  message.includes(path) ? message : `${path}: ${message}`;

async function showSnapshot(
  presenter: Presenter,
  inquiry: Inquiry,
  questions: readonly Question[],
  { strict }: ShowFlags,
  format: FormatName,
): Promise<number> {
  const facts = await inquiry.facts();
  const answers: SelectedAnswer[] = [];
  for await (const piece of presenter.snapshot(
    facts,
    asked(inquiry, questions, answers, format, strict === true),
  )) {
    if (typeof piece === 'string') writeData(piece);
    else writeAside(piece.aside);
  }
  const failures = answers.filter(({ failure }) => failure !== undefined);
  for (const { plugin, failure } of failures) complain(`${plugin.name}: ${failure!.message}`);
  if (failures.length > 0) return EXIT.failed;
  return strict === true && lacksEvidence(facts, answers) ? EXIT.findings : EXIT.done;
}

async function* asked(
  inquiry: Inquiry,
  questions: readonly Question[],
  answers: SelectedAnswer[],
  format: FormatName,
  isStrict: boolean,
): AsyncGenerator<Answer> {
  inquiry.expect(questions);
  for (const question of questions) {
    const answer = selectedAnswer(inquiry, question, isStrict);
    answers.push(answer);
    yield answer; // and it is shown by the time we go on
    const { withheld, plugin, remarks } = answer;
    for (const remark of remarks) writeAside(`${plugin.name}: ${escapeText(remark)}\n`);
    if (withheld > 0 && format === 'table')
      writeAside(`${plugin.name}: ${withheld} more row${withheld === 1 ? '' : 's'}, left out by --limit\n`);
  }
}

/** Whether anything could not be read: a note says so, or a cell that is shown. */
const lacksEvidence = ({ snapshot, kernel }: Facts, answers: readonly SelectedAnswer[]): boolean =>
  snapshot.notes.length + kernel.notes.length > 0 ||
  answers.some(({ notes, hasUnread }) => notes.length > 0 || hasUnread);

async function presenterFor(
  format: FormatName,
  flags: ShowFlags,
  several: boolean,
  questions: number,
): Promise<Presenter> {
  switch (format) {
    case 'json':
      return (await import('../../report/json.ts')).jsonPresenter(version(), several);
    case 'jsonl':
      return (await import('../../report/jsonl.ts')).jsonlPresenter();
    case 'csv':
      return (await import('../../report/csv.ts')).csvPresenter({ header: flags.header, several });
    case 'table': {
      const { tablePresenter } = await import('../../report/table-presenter.ts');
      return tablePresenter({
        width: terminalWidth(),
        header: flags.header,
        style: await styleFor(flags),
        vertical: flags.vertical === true,
        ...(flags.style === 'box' ? await boxed() : {}),
        titleSnapshots: several,
        titlePlugins: questions > 1,
      });
    }
  }
}
