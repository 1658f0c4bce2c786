// `vestige profile build`: makes a profile from a kernel's debug image.
// BTF or DWARF tells the layouts, the image or a System.map the symbols.
import type { Command } from 'commander';
import { PUBLIC_MODE, replaceFile } from '../../files/replace-file.ts';
import { writeProfile } from '../../profile/profile.ts';
import { EXIT } from '../exit.ts';
import type { Outcome } from '../outcome.ts';
import { writeData } from '../terminal/output.ts';

interface BuildFlags {
  readonly systemMap?: string;
  readonly output?: string;
}

/** Adds `vestige profile build`. */
export function addProfileBuildCommand(profile: Command, outcome: Outcome): void {
  profile
    .command('build')
    .description(
      'Make a profile from a kernel image with BTF or DWARF, for kernels that cannot describe themselves',
    )
    .argument('<vmlinux>', 'the uncompressed image; debug packages have it')
    .option('--system-map <file>', 'take the symbols from this System.map: for an image that was stripped')
    .option('--output <file>', 'write to this file instead of stdout')
    .addHelpText(
      'after',
      '\nExample (Debian, with linux-image-5.10.0-32-686-pae-dbg installed or unpacked):\n' +
        '  vestige profile build /usr/lib/debug/boot/vmlinux-5.10.0-32-686-pae --output i386.json\n' +
        '  vestige pslist memory.raw --profile i386.json\n',
    )
    .action(async (vmlinux: string, { systemMap, output }: BuildFlags) => {
      const { buildProfile } = await import('./build-profile.ts');
      const text = writeProfile(await buildProfile(vmlinux, systemMap));
      if (output === undefined) writeData(text);
      else replaceFile(output, text, PUBLIC_MODE);
      outcome.code = EXIT.done;
    });
}
