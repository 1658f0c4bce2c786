// `npm run reference`: writes the pages of docs/reference that are made of the program's declarations.
// The tests beside this file fail where one of them is not as the program has it.
import { writeFile } from 'node:fs/promises';
import { commandsText } from './commands-text.ts';

await writeFile('docs/reference/commands.md', commandsText());
