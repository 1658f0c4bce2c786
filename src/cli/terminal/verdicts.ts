// Prints verdicts in the chosen format, or writes them to a file.
// The formats themselves are in `src/report/verdict`.
import { replaceFile } from '../../files/replace-file.ts';
import { version } from '../../files/version.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import type { Judgement } from '../../report/verdict/judged.ts';
import type { CheckFlags } from '../flags/check.ts';
import { pageWidth, writeData } from './output.ts';
import { styleFor } from './show.ts';

/** Prints verdicts, or writes them to the file that a flag names: whole, or not at all. @throws UnreadableFile */
export async function writeVerdicts(
  judgement: Judgement,
  plugins: readonly AnyPlugin[],
  flags: CheckFlags,
): Promise<void> {
  const text = await verdictsAs(flags.json === true ? 'json' : (flags.format ?? 'text'), judgement, {
    plugins,
    flags,
  });
  if (flags.output === undefined) writeData(text);
  else replaceFile(flags.output, text);
}

/** The code for each format is loaded where that is wanted. */
async function verdictsAs(
  format: NonNullable<CheckFlags['format']>,
  judgement: Judgement,
  { plugins, flags }: { readonly plugins: readonly AnyPlugin[]; readonly flags: CheckFlags },
): Promise<string> {
  switch (format) {
    case 'json':
      return asJson(judgement, plugins);
    case 'sarif':
      return (await import('../../report/verdict/sarif.ts')).sarifText(judgement, version(), plugins);
    case 'junit':
      return (await import('../../report/verdict/junit.ts')).junitXml(judgement);
    case 'github':
      return (await import('../../report/verdict/github.ts')).githubAnnotations(judgement);
    case 'markdown':
      return (await import('../../report/verdict/github.ts')).githubSummary(judgement);
    case 'text': {
      const { unreadSnapshotText, verdictText } = await import('../../report/verdict/text.ts');
      const isFile = flags.output !== undefined && flags.color === 'auto';
      const style = await styleFor(isFile ? { color: 'never' } : flags);
      return [
        ...judgement.judged.map((one) => verdictText(one, style, pageWidth())),
        ...judgement.unread.map((one) => unreadSnapshotText(one, style, pageWidth())),
      ].join('\n');
    }
  }
}

/** One document for one snapshot, an array for several, as of every other command. */
async function asJson({ judged, unread }: Judgement, plugins: readonly AnyPlugin[]): Promise<string> {
  const { errorJson, jsonDocument, jsonDocuments } = await import('../../report/json.ts');
  const { verdictJson } = await import('../../report/verdict/json.ts');
  const documents = [
    ...judged.map((one) => verdictJson(one, plugins)),
    ...unread.map(({ path, error }) => ({ snapshot: { path }, error: errorJson(error) })),
  ];
  if (documents.length !== 1) return jsonDocuments(version(), documents);
  return jsonDocument(version(), documents[0]!);
}
