import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Guest, guestsNamed } from './catalog.ts';
import type { Recipe } from './root-image.ts';

/** A small guest that starts in seconds: what is tested with it is how its memory is taken, not what is in it. */
export const acquireGuest: Guest = {
  ...guestsNamed(['amd64-6.1-cloud'])[0]!,
  name: 'acquire',
  ramMiB: 256,
  parts: [],
};

/** Its first process does what its second serial line says, line by line. */
const INIT = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t tmpfs tmpfs /run
echo acquired >/proc/sys/kernel/hostname
/bin/busybox sleep 100001 &
/bin/busybox tail -f /dev/null &
# In the shell alone: whoever lists must not be in the list.
list() {
  echo "LIST-$1"
  for stat in /proc/[0-9]*/stat; do read -r line <$stat && echo "STAT $line"; done
  echo "LISTED-$1"
}
# A copy, because a process is called what its file is called; one that begins so plays any applet.
begin() { /bin/busybox cp /bin/busybox /run/busybox-$1; /run/busybox-$1 sleep 100002 & }
# What comes before the line is open is lost.
exec 3</dev/ttyS1
echo GUEST-READY >/dev/console
while read -r line <&3; do eval "$line" >/dev/console 2>&1; done
`;

/** The root of the guest: busybox and nothing else. */
export const acquireRecipe: Recipe = {
  packages: ['busybox-static'],
  notNeeded: /^$/,
  modules: [],
  init: '/init-acquire',
  async fill(tree) {
    await writeFile(join(tree, 'init-acquire'), INIT);
    await chmod(join(tree, 'init-acquire'), 0o755);
  },
};

/** Two more serial lines of the machine's: the one that tells the guest what to do, and the protocol for `acquire`. */
export const acquireDevices = (consolePath: string, qmpPath: string): string[] => [
  ...['-chardev', `socket,id=console1,path=${consolePath},server=on,wait=off`, '-serial', 'chardev:console1'],
  ...['-qmp', `unix:${qmpPath},server=on,wait=off`, '-name', 'acquire test/1'],
];

/** The processes in user space that the guest listed under this name, each as `pid ppid name`. */
export async function listed(folder: string, name: string): Promise<string[]> {
  const said = await readFile(join(folder, 'serial.log'), 'latin1');
  const list = said.split(`LIST-${name}`)[1]?.split(`LISTED-${name}`)[0] ?? '';
  return [...list.matchAll(/STAT (\d+) \((.*)\) \S (\d+) /g)]
    .filter(([, pid, , parent]) => pid !== '2' && parent !== '2')
    .map(([, pid, comm, parent]) => `${pid} ${parent} ${comm}`)
    .sort();
}
