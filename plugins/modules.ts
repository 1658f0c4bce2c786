import { definePlugin } from '../src/plugin/contract.ts';
import { shown } from '../src/plugin/observation.ts';

export default definePlugin({
  name: 'modules',
  summary: 'List loaded kernel modules',
  example: '--name overlay,dm_crypt --columns name,base,usedBy',
  version: 4,
  walker: 'modules',
  columns: {
    name: { text: (module) => module.name },
    base: { address: (module) => module.base },
    size: { int: (module) => module.sizeBytes },
    references: { int: (module) => module.references },
    usedBy: { text: (module) => module.users.join(',') || null },
    state: { text: (module) => module.state },
    taints: { text: (module) => module.taints || null },
    buildId: { text: (module) => module.buildId },
    hidden: { flag: (module) => module.isHidden },
    views: { text: (module) => module.views },
  },
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
});
