// Finds `modules`, the list of loaded modules.
// Linux: kernel/module/main.c.
import { offsetIn, type RecoveryInput, textAt, wordAt } from './recovery-input.ts';

/** Functions that walk the list of modules, whatever else they refer to: kernel/module/, before v5.19 kernel/module.c. */
const WALKERS = [
  'find_module_all',
  'print_modules',
  'm_start',
  'modules_open',
  'module_kallsyms_on_each_symbol',
];
/** Two that must both name the head where no module is loaded and the list says nothing. */
const SURE_WALKERS = ['find_module_all', 'print_modules'];
/** Entries that are looked at, in all lists together: what is no list of modules ends at the first. */
const MAXIMUM_ENTRIES = 20_000;
/** MODULE_NAME_LEN is 56 on machines with 64 bits. */
const MAXIMUM_NAME_BYTES = 56;

/** `modules`: the list whose entries are modules with names, forwards and backwards, up to the head again. */
export function moduleList(input: RecoveryInput): bigint | undefined {
  const left = { entries: MAXIMUM_ENTRIES };
  for (const head of input.functions.references(WALKERS)) if (isModuleList(input, head, left)) return head;
  return emptyList(input);
}

function isModuleList(input: RecoveryInput, head: bigint, left: { entries: number }): boolean {
  const list = offsetIn(input, 'module', 'list');
  const name = offsetIn(input, 'module', 'name');
  if (list === undefined || name === undefined) return false;
  let before = head;
  for (;;) {
    const entry = wordAt(input, before);
    if (entry === undefined || wordAt(input, entry + 8n) !== before) return false;
    if (entry === head) return before !== head;
    if (left.entries-- <= 0) return false;
    const text = textAt(input, entry - list + name, MAXIMUM_NAME_BYTES);
    if (text === undefined || !/^[\w.-]+$/.test(text)) return false;
    before = entry;
  }
}

/** The one list that all walkers of modules name and that is empty. */
function emptyList(input: RecoveryInput): bigint | undefined {
  const [first = [], ...others] = SURE_WALKERS.map((name) => [...input.functions.references([name])]);
  const [found, second] = first.filter(
    (head) =>
      others.every((named) => named.includes(head)) &&
      wordAt(input, head) === head &&
      wordAt(input, head + 8n) === head,
  );
  return second === undefined ? found : undefined;
}
