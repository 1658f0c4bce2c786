// The reference of commands is as the program has it.
// `npm run reference` writes it anew.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { commandsReference } from '../../build/commands-reference.ts';

it('docs/reference/commands.md has every command and flag as the program declares them', () => {
  expect(readFileSync('docs/reference/commands.md', 'utf8')).toBe(commandsReference());
});

it('the reference names commands below others, and flags that many have once', () => {
  const text = commandsReference();
  expect(text).toContain('\n## profile export\n');
  expect(text).toContain('\n## scan\n');
  expect(text.match(/^\| `--strict` \|/gm)).toHaveLength(1);
});
