import type { ForensicError } from '../base/errors.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { JudgedSnapshot } from '../report/verdict/judged.ts';
import type { CheckFlags } from './check-command.ts';
import { pageWidth, writeData } from './output.ts';
import { replaceFile } from './replace-file.ts';
import { styleFor } from './show.ts';
import { version } from './version.ts';

/** A snapshot that could not be read, and why. */
export interface Failed {
  readonly path: string;
  readonly error: ForensicError;
}

/** Prints verdicts, or writes them to the file that a flag names: whole, or not at all. @throws UnreadableFile */
export async function writeVerdicts(
  judged: readonly JudgedSnapshot[],
  failed: readonly Failed[],
  plugins: readonly AnyPlugin[],
  flags: CheckFlags,
): Promise<void> {
  const text = await verdictsAs(flags.json === true ? 'json' : (flags.format ?? 'text'), judged, failed, {
    plugins,
    flags,
  });
  if (flags.output === undefined) writeData(text);
  else replaceFile(flags.output, text);
}

/** The code for each format is loaded where that is wanted. */
async function verdictsAs(
  format: NonNullable<CheckFlags['format']>,
  judged: readonly JudgedSnapshot[],
  failed: readonly Failed[],
  { plugins, flags }: { readonly plugins: readonly AnyPlugin[]; readonly flags: CheckFlags },
): Promise<string> {
  switch (format) {
    case 'json':
      return asJson(judged, failed, plugins);
    case 'sarif':
      return (await import('../report/verdict/sarif.ts')).sarifText(judged, version(), plugins);
    case 'junit':
      return (await import('../report/verdict/junit.ts')).junitXml(judged);
    case 'github':
      return (await import('../report/verdict/github.ts')).githubAnnotations(judged);
    case 'markdown':
      return (await import('../report/verdict/github.ts')).githubSummary(judged);
    case 'text': {
      const { verdictText } = await import('../report/verdict/text.ts');
      const isFile = flags.output !== undefined && flags.color === 'auto';
      const style = await styleFor(isFile ? { color: 'never' } : flags);
      return judged.map((one) => verdictText(one, style, pageWidth())).join('\n');
    }
  }
}

/** One document for one snapshot, an array for several, as of every other command. */
async function asJson(
  judged: readonly JudgedSnapshot[],
  failed: readonly Failed[],
  plugins: readonly AnyPlugin[],
): Promise<string> {
  const { errorJson, jsonDocument, jsonDocuments } = await import('../report/json.ts');
  const { verdictJson } = await import('../report/verdict/json.ts');
  const documents = [
    ...judged.map((one) => verdictJson(one, plugins)),
    ...failed.map(({ path, error }) => ({ snapshot: { path }, error: errorJson(error) })),
  ];
  if (documents.length !== 1) return jsonDocuments(version(), documents);
  return failed.length > 0 ? '' : jsonDocument(version(), documents[0]!);
}
