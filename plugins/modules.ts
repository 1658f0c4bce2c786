import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'modules',
  summary: 'List loaded kernel modules',
  example: '--name overlay,dm_crypt --columns name,base,usedBy',
  version: 4,
  subjects: (kernel) => kernel.modules(),
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
  filters: ['name', 'state', 'taints', 'hidden'],
  words: { state: ['Live', 'Loading', 'Unloading', 'Unformed'] },
  uncut: ['state', 'taints'],
  dispensable: ['views', 'hidden', 'buildId', 'state', 'base', 'references', 'size'],
});
