import { type Ground, offsetIn, textAt, wordAt } from './ground.ts';

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
export function moduleList(ground: Ground): bigint | undefined {
  const left = { entries: MAXIMUM_ENTRIES };
  for (const head of ground.functions.references(WALKERS)) if (isModuleList(ground, head, left)) return head;
  return emptyList(ground);
}

function isModuleList(ground: Ground, head: bigint, left: { entries: number }): boolean {
  const list = offsetIn(ground, 'module', 'list');
  const name = offsetIn(ground, 'module', 'name');
  if (list === undefined || name === undefined) return false;
  let before = head;
  for (;;) {
    const entry = wordAt(ground, before);
    if (entry === undefined || wordAt(ground, entry + 8n) !== before) return false;
    if (entry === head) return before !== head;
    if (left.entries-- <= 0) return false;
    const text = textAt(ground, entry - list + name, MAXIMUM_NAME_BYTES);
    if (text === undefined || !/^[\w.-]+$/.test(text)) return false;
    before = entry;
  }
}

/** The one list that all walkers of modules name and that is empty. */
function emptyList(ground: Ground): bigint | undefined {
  const [first = [], ...others] = SURE_WALKERS.map((name) => [...ground.functions.references([name])]);
  const [found, second] = first.filter(
    (head) =>
      others.every((named) => named.includes(head)) &&
      wordAt(ground, head) === head &&
      wordAt(ground, head + 8n) === head,
  );
  return second === undefined ? found : undefined;
}
