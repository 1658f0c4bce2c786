// Makes a profile from a `vmlinux` and perhaps a System.map.
// The command `profile build` uses it.
import { ElfImage } from '../../debuginfo/elf-image.ts';
import { profileOfImage } from '../../debuginfo/kernel-profile.ts';
import { readSystemMap } from '../../debuginfo/system-map.ts';
import type { Profile } from '../../profile/profile.ts';
import { required } from '../../session/linux/required-members.ts';
import { SnapshotFile } from '../../snapshot/file.ts';
import { scratchOnDisk } from './scratch-file.ts';

/** Makes the profile of the kernel in a vmlinux, perhaps with the symbols of a System.map. @throws BadProfile, UnreadableFile */
export const buildProfile = (vmlinux: string, systemMap: string | undefined): Promise<Profile> =>
  withFile(vmlinux, async (file) => {
    const image = new ElfImage(file);
    const sources = { required, scratch: scratchOnDisk };
    if (systemMap === undefined) return await profileOfImage(image, sources);
    const symbols = await withFile(systemMap, (map) => readSystemMap(map, required.symbols));
    return await profileOfImage(image, { ...sources, systemMap: { path: systemMap, symbols } });
  });

/** Snapshot files are opened with care for pipes, folders and bad sectors: these want no less. */
async function withFile<T>(path: string, use: (file: SnapshotFile) => T | Promise<T>): Promise<T> {
  const file = new SnapshotFile(path);
  try {
    return await use(file);
  } finally {
    file.close();
  }
}
