// Whether the names of a process agree: the kernel's (comm), the first of its arguments, and the file that it runs. exec sets
// all three (fs/exec.c, begin_new_exec); the first two a process may change itself, by prctl and by writing over its arguments.

/** The names of a process. */
export interface Names {
  /** comm: 15 bytes. */
  readonly name: string;
  /** The first arguments; none where it has none, undefined where they cannot be read. */
  readonly args: readonly string[] | undefined;
  /** As `readlink /proc/PID/exe` has it; undefined where it cannot be read. */
  readonly exe: string | undefined;
}

/** What an honest process that has several names is. */
export type Explanation = 'script' | 'multi-call' | 'login-shell' | 'title' | 'loader' | 'renamed';

/** Which names disagree, and what explains it. */
export interface NameVerdict {
  /** `name` and `argv0` where they name another program than the file does, `exe` where the file is deleted or in memory only. */
  readonly disagree: readonly ('name' | 'argv0' | 'exe')[];
  readonly isLikeKernels: boolean;
  readonly explanation: Explanation | null;
  readonly isSpoofed: boolean;
}

/** Bytes of comm without the last NUL: TASK_COMM_LEN of include/linux/sched.h. */
const NAME_BYTES = 15;
/** Names that threads of the kernel have. */
const KERNEL_LIKE =
  /^\[.+\]$|^(?:kworker|ksoftirqd|migration|cpuhp|idle_inject|irq|jbd2|scsi_eh_\d+)\/|^(?:kthreadd|kswapd\d+|kcompactd\d+|khugepaged|rcu_\w+|kdevtmpfs|kauditd|khungtaskd|oom_reaper)$/;
/** One file for many programs: those that it may be called, or any. */
const MULTI_CALL: ReadonlyMap<string, readonly string[] | 'any'> = new Map<string, readonly string[] | 'any'>(
  [
    ...(['busybox', 'toybox', 'coreutils', 'dropbearmulti'] as const).map((name) => [name, 'any'] as const),
    ...(['xtables-nft-multi', 'xtables-legacy-multi', 'git', 'mksh', 'box'] as const).map(
      (name) => [name, 'any'] as const,
    ),
    ['dash', ['sh']],
    ['bash', ['sh', 'rbash']],
    ['zsh', ['sh']],
    ['kmod', ['modprobe', 'insmod', 'rmmod', 'lsmod', 'modinfo', 'depmod']],
    ['mawk', ['awk', 'nawk']],
    ['gawk', ['awk', 'nawk']],
    ['systemd', ['init']],
    ['systemctl', ['init', 'halt', 'poweroff', 'reboot', 'shutdown', 'runlevel', 'telinit']],
    ['udevadm', ['systemd-udevd', 'udevd']],
    ['vim.basic', ['vi', 'vim', 'view', 'ex', 'editor']],
    ['vim.tiny', ['vi', 'vim', 'view', 'ex', 'editor']],
    ['agetty', ['getty']],
  ],
);
/** The dynamic linker of glibc or musl: what it runs is in its arguments. */
const LOADER = /^ld(?:-linux[\w.-]*|-musl[\w.-]*|-[\d.]+|64)?\.so(?:\.\d+)*$/;

/** Programs that others run in, which call themselves as those. */
const INTERPRETER = /^(?:python|perl|ruby|node|php|java)[\d.]*$/;

/** Judges the names of one process. */
export function judgeNames({ name, args, exe }: Names): NameVerdict {
  const program = exe === undefined ? undefined : basename(exe.replace(/ \(deleted\)$/, ''));
  const first = args?.[0];
  const called = first === undefined ? undefined : basename(first.replace(/^-/, ''));
  const isGone = exe !== undefined && (exe.endsWith(' (deleted)') || exe.startsWith('/memfd:'));
  const isLikeKernels = [name, first].some((text) => text !== undefined && KERNEL_LIKE.test(text));
  const isFiles = (word: string): boolean => program === undefined || isSame(word, program);
  const disagree = [
    ...(isFiles(name) ? [] : (['name'] as const)),
    ...(called === undefined || called === '' || (isFiles(called) && !first!.startsWith('-'))
      ? []
      : (['argv0'] as const)),
    ...(isGone ? (['exe'] as const) : []),
  ];
  const explanation =
    isLikeKernels || program === undefined
      ? null
      : explanationOf({ name, args: args ?? [], program, called, isFiles, disagree });
  const names = disagree.filter((word) => word !== 'exe');
  const isSpoofed = isLikeKernels || isGone || (names.length > 0 && explanation === null);
  return { disagree, isLikeKernels, explanation, isSpoofed };
}

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly program: string;
  readonly called: string | undefined;
  readonly isFiles: (word: string) => boolean;
  readonly disagree: NameVerdict['disagree'];
}

function explanationOf({ name, args, program, called, isFiles, disagree }: Case): Explanation | null {
  const isNamed = disagree.includes('name');
  const isCalled = disagree.includes('argv0');
  if (!isNamed && !isCalled) return null;
  const others = MULTI_CALL.get(program);
  const isOwn = (word: string): boolean =>
    isFiles(word) || others === 'any' || others?.includes(word) === true;
  const first = args[0] ?? '';
  if (LOADER.test(program) || (args.slice(1).length > 0 && LOADER.test(basename(first)))) return 'loader';
  if (isNamed && called !== undefined && isOwn(called)) {
    // The interpreter's options may stand before the script.
    const isScript = args.slice(1).some((word) => basename(word).slice(0, NAME_BYTES) === name);
    if (isScript) return 'script';
  }
  if (isOwn(name) && called !== undefined && isOwn(called))
    return first.startsWith('-') ? 'login-shell' : 'multi-call';
  // `nginx: worker process`, `postgres: checkpointer`, `(sd-pam)` of systemd.
  const title = /^([^\s:]+):(?: |$)/.exec(first)?.[1];
  const isTitle =
    title !== undefined && (isFiles(basename(title)) || basename(title).slice(0, NAME_BYTES) === name);
  if (isTitle && (isOwn(name) || INTERPRETER.test(program))) return 'title';
  if (program === 'systemd' && /^\([\w.-]+\)$/.test(first) && first.slice(0, NAME_BYTES) === name)
    return 'title';
  return isNamed && !isCalled ? 'renamed' : null;
}

/** Whether a name is that of a file: whole, cut to what comm holds, or without the version (`python3` of `python3.11`). */
function isSame(word: string, program: string): boolean {
  if (word === program || word === program.slice(0, NAME_BYTES)) return true;
  return word !== '' && program.startsWith(word) && /^[-.]?\d[\d.]*$/.test(program.slice(word.length));
}

const basename = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
