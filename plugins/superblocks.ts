import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'superblocks',
  group: 'files',
  onRequest: true,
  summary: 'List the file systems in use, those that the kernel keeps for itself too',
  example: '--type ext4,xfs,btrfs --columns device,id,uuid',
  version: 1,
  walker: 'superBlocks',
  columns: {
    device: { text: (block) => block.device, help: 'major and minor number, in hex' },
    type: { text: (block) => block.type, help: 'of the file system' },
    id: { text: (block) => block.id, help: 'what kernel messages call it' },
    uuid: { text: (block) => block.uuid, help: 'of the file system; none has null' },
    magic: { int: (block) => block.magic, hex: true, help: 'number of its type, as statfs(2) tells it' },
    blockSize: { int: (block) => block.raw.s_blocksize, unit: 'bytes', help: 'of its blocks' },
    options: { text: (block) => block.options, help: 'those that every type can have' },
    mounts: { int: (block) => block.mountCount, help: "in all namespaces, and the kernel's own" },
    superBlock: { address: (block) => block.address, help: 'where its struct is' },
  },
  identity: ['device'],
  enduring: ({ type, id, uuid }) => [type!, id!, uuid!],
  ofBoot: ['device'],
  restless: ['mounts'],
  filters: ['device', 'type', 'id'],
  uncut: ['device', 'type', 'uuid'],
  dispensable: ['superBlock', 'blockSize', 'magic'],
  wording: {
    noun: ['file system', 'file systems'],
    line: ({ type, id, device }) => `${textOf(type)} ${textOf(id)} (${textOf(device)})`,
  },
  aliases: ['filesystems'],
});
