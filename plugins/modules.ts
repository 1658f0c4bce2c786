import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';
import { shown } from '../src/plugin/observation.ts';

/** Letters of kernel taint that say that code came from elsewhere (Documentation/admin-guide/tainted-kernels.rst). */
const TAINTS: Readonly<Record<string, string>> = {
  ...{ P: 'proprietary', O: 'out of tree', F: 'loaded by force', E: 'unsigned' },
};

export default definePlugin({
  name: 'modules',
  group: 'kernel',
  lists: 'modules',
  summary: 'List loaded kernel modules',
  example: '--name overlay,dm_crypt --columns name,base,usedBy',
  version: 4,
  walker: 'modules',
  columns: {
    name: { text: (module) => module.name, help: 'its name' },
    base: { address: (module) => module.base, help: 'where its code begins' },
    size: { int: (module) => module.sizeBytes, unit: 'bytes', help: 'all its memory' },
    references: { int: (module) => module.references, help: 'how often it is in use' },
    usedBy: { text: (module) => module.users.join(',') || null, help: 'modules that use it' },
    state: { text: (module) => module.state, help: 'Live, Loading, Unloading or Unformed' },
    taints: {
      text: (module) => module.taints || null,
      help: 'why it taints the kernel: letters of /proc/modules',
    },
    buildId: { text: (module) => module.buildId, help: 'build ID of the file that it was loaded from' },
    hidden: {
      flag: (module) => module.isHidden,
      help: 'whether a view of the kernel that has all modules lacks it',
    },
    views: { text: (module) => module.views, help: 'the views of the kernel that have it' },
  },
  artefact: (module) => ({
    name: `${module.name}.${module.base.toString(16)}.mod`,
    size: module.sizeBytes,
    pieces: () => module.pieces(),
  }),
  identity: ['name', 'buildId'],
  enduring: ({ name, buildId }) => [name!, buildId!],
  restless: ['references', 'usedBy', 'views'],
  observations: [
    {
      of: ({ name, views, hidden }) => (hidden === true ? `${shown(name)} (${shown(views)})` : null),
      sentence: (things, count) =>
        `${count === 1 ? '1 module is' : `${count} modules are`} hidden, and not in all structures that the kernel keeps modules in: ${things}`,
    },
  ],
  filters: ['name', 'state', 'taints', 'hidden'],
  words: { state: ['Live', 'Loading', 'Unloading', 'Unformed'] },
  uncut: ['state', 'taints'],
  dispensable: ['views', 'hidden', 'buildId', 'state', 'base', 'references', 'size'],
  wording: { noun: ['module', 'modules'], line: ({ name }) => textOf(name) },
  followed: true,
  triage: { title: 'Modules' },
  why: ({ taints, state, hidden }) => [
    ...(hidden === true ? ['hidden from the kernel’s own lists'] : []),
    ...[...textOf(taints)].flatMap((letter) => TAINTS[letter] ?? []),
    ...(textOf(state) !== '' && state !== 'Live' ? [`state ${textOf(state)}`] : []),
  ],
  told: {
    line: ({ name, usedBy }) => textOf(name) + (textOf(usedBy) === '' ? '' : `, used by ${textOf(usedBy)}`),
  },
  aliases: ['lsmod'],
  nearTo: {
    hiddenmodules: 'memory is not searched for what is on no list',
    checkmodules: 'it walks the list of modules',
    modxview: 'it walks the list of modules',
  },
});
