// Makes the HTML page of `vestige report` from gathered answers.
// `report.ts` and the reports of a scan use it.
import { compare } from '../../diff/comparison.ts';
import { version } from '../../files/version.ts';
import type { Gathered } from '../../inquiry/gather.ts';
import type { Examined } from '../../judging/judge.ts';
import { buildPageModel } from '../../page/build-model.ts';
import { pageHtml } from '../../page/html.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import type { Verdict } from '../../policy/verdict.ts';
import { pageAssets } from './page-assets.ts';

/** What a page tells beside what was gathered. */
interface PageParts {
  /** The questions that it shows. */
  readonly shown: readonly AnyPlugin[];
  readonly verdicts: readonly Verdict[];
  /** What stands above it instead of the machine's name. */
  readonly title?: string;
}

/** The snapshot that a report is about, for who judges it. */
export const examinedOf = ({ facts, subject, answers }: Gathered): Examined => ({
  facts,
  known: { ...subject, answers },
});

/** The page about what was gathered, as one HTML file. */
export function pageOf(gathered: Gathered, parts: PageParts): string {
  const { facts, answers, before, timeline } = gathered;
  const { shown, verdicts, title } = parts;
  const { known } = examinedOf(gathered);
  const model = buildPageModel({
    vestige: version(),
    ...(title === undefined ? {} : { title }),
    ...{ facts, timeline, verdicts },
    answers: shown.flatMap((plugin) => {
      const answer = answers.get(plugin.name);
      return answer === undefined ? [] : [{ plugin, ...answer }];
    }),
    unasked: shown.filter(({ name }) => !answers.has(name)),
    changes:
      before === null ? null : { before: before.facts, comparison: compare(before.known, known, shown) },
  });
  return pageHtml(model, pageAssets());
}
