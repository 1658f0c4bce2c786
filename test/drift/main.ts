import { parseArgs } from 'node:util';
import { checkKernel } from './check.ts';
import { type Checked, jsonOf, textOf } from './report.ts';
import { openKernel } from './sources.ts';

const USAGE = 'usage: npm run check:kernel -- [--json] [--all] FILE…\n';

/** Checks each file's kernel: 0 where all fit, 1 where one does not, 2 where one could not be checked. */
export async function main(args: readonly string[], print: (text: string) => void): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean' }, all: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (positionals.length === 0) {
    print(USAGE);
    return 2;
  }
  const checked: Checked[] = [];
  for (const file of positionals) {
    const one = await checkFile(file);
    checked.push(one);
    if (values.json !== true) print(textOf(one, values.all === true));
  }
  if (values.json === true) print(jsonOf(checked));
  if (checked.some(({ check }) => check === undefined)) return 2;
  return checked.every(({ check }) => check?.ok) ? 0 : 1;
}

async function checkFile(file: string): Promise<Checked> {
  try {
    const source = await openKernel(file);
    return { file, source, check: checkKernel(source.btf, source.symbols) };
  } catch (error) {
    // Also what the host's tools and the file system say: the next file may be a better one.
    if (!(error instanceof Error)) throw error;
    return { file, error: error.message };
  }
}

if (process.argv[1]?.endsWith('drift/main.js')) {
  process.exitCode = await main(process.argv.slice(2), (text) => process.stdout.write(text));
}
