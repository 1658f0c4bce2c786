/**
 * What a guest says of itself just before its memory is dumped. Every string is bytes read as Latin-1, one
 * character a byte, so nothing is lost: `Buffer.from(text, 'latin1')` gives the bytes back. Files of `/proc` are
 * kept whole, as printed, so that a comparison reads what an analyst would read.
 */
export interface Truth {
  readonly format: 1;
  readonly recorder: RecorderTruth;
  readonly system: SystemTruth;
  /** Every process, kernel threads too, in the order of pids. */
  readonly processes: readonly ProcessTruth[];
  /** Every network namespace that could be found, the initial one first. */
  readonly networks: readonly NetworkTruth[];
  /** `/proc/modules` as printed, then `/sys/module/NAME/…` of each line. */
  readonly modules: { readonly proc: string; readonly sys: readonly ModuleTruth[] };
  /** The records of `/dev/kmsg`, each as read: `prio,seq,usec,flags[,caller=…];text\n[ KEY=value\n…]`. */
  readonly kmsg: readonly string[];
  /** The trees of files that the workload wrote, every name below them; older records have none. */
  readonly tree?: readonly KnownFile[];
  /** What the kernel's own tracing says; older records have none. */
  readonly tracing?: TracingTruth;
  /** What tools printed seconds before the rest was read: for looking at, not for exact comparison. */
  readonly texts: Readonly<Record<string, string>>;
  readonly workload: WorkloadTruth;
}

/** What traces and probes, as files of debugfs and tracefs have it; `null` where this kernel has no such file. */
export interface TracingTruth {
  /** `kprobes/list`. */
  readonly probes: string | null;
  /** `enabled_functions`. */
  readonly functions: string | null;
  /** `set_event`: a line for each event that is on. */
  readonly events: string | null;
  /** The programs that the kernel starts, by the variable that has the name. */
  readonly helpers: Readonly<Record<string, string | null>>;
  /** Addresses of functions for system calls and exceptions, in hex, by their names. */
  readonly code: Readonly<Record<string, readonly string[]>>;
}

export interface RecorderTruth {
  /** The process that wrote this. It lives on, sleeping, when memory is dumped; only it has moved since. */
  readonly pid: number;
  /** Seconds since 1970 and since boot (CLOCK_BOOTTIME), when reading began and ended. */
  readonly began: { readonly realtime: number; readonly boottime: number };
  readonly ended: { readonly realtime: number; readonly boottime: number };
  /** What its dynamic linker has loaded, in its order; older records have none. */
  readonly libraries?: readonly { readonly address: number; readonly name: string }[];
}

export interface SystemTruth {
  /** `/proc/version`. */
  readonly version: string;
  /** `sysname nodename release version machine` as `uname` gives them. */
  readonly uname: readonly string[];
  readonly hostname: string;
  readonly cmdline: string;
  readonly bootId: string;
  /** Seconds since 1970: the `btime` line of `/proc/stat`. */
  readonly btime: number;
  /** Online CPUs. */
  readonly cpus: number;
  readonly clockTicksPerSecond: number;
  readonly pageBytes: number;
  /** `/sys/kernel/notes`, hex: it has the build ID. */
  readonly notes: string;
  readonly buildId: string;
  /** Some symbols of `/proc/kallsyms`, in hex; a kernel that names its functions alone has few of them. */
  readonly symbols: Readonly<Record<string, string>>;
  readonly meminfo: string;
  readonly cpuinfo: string;
  readonly iomem: string;
  /** The text of the note that the kernel would leave to a crash dump; older records have none. */
  readonly vmcoreinfo?: string | null;
  /** `/proc/filesystems`, `/proc/mounts`: for those who wonder what a device number is. */
  readonly mounts: string;
  readonly devices: string;
  /** Files of /proc, whole, and every block device by its name; older records have none of these. */
  readonly locks?: string | null;
  readonly swaps?: string | null;
  readonly partitions?: string | null;
  readonly filesystems?: string | null;
  readonly dentryState?: string | null;
  readonly inodeState?: string | null;
  readonly cgroups?: string | null;
  readonly buddyinfo?: string | null;
  readonly interrupts?: string | null;
  readonly block?: Readonly<Record<string, BlockTruth>>;
}

/** The small files of a folder of /sys, by name; `null` where one could not be read. */
export type SmallFiles = Readonly<Record<string, string | null>>;

/** `/sys/block/NAME`. */
export interface BlockTruth {
  readonly files: SmallFiles;
  readonly queue: SmallFiles;
  /** Empty where it is no device of the device mapper, and no loop device. */
  readonly dm: SmallFiles;
  readonly loop: SmallFiles;
  /** Names of the devices above it and below it. */
  readonly holders: readonly string[];
  readonly slaves: readonly string[];
  /** The target of the link to its device; `null` where it has none. */
  readonly device: string | null;
  readonly partitions: Readonly<Record<string, SmallFiles>>;
}

/** A name below a folder that the workload filled, as `lstat` and `mincore` have it. */
export interface KnownFile extends StatTruth {
  readonly path: string;
  readonly gid: number;
  /** Blocks of 512 bytes. */
  readonly blocks: number;
  /** Nanoseconds since 1970, in decimal. */
  readonly atimeNs: string;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  /** Of a symbolic link alone. */
  readonly target: string | null;
  /**
   * The numbers of the pages whose content the kernel holds whole, of regular files. A last page of which only the blocks
   * up to the end were written is not among them, though it is cached.
   */
  readonly cached: readonly number[] | null;
  /** Of the content as it was written; `null` of other files than those. */
  readonly sha256: string | null;
}

export interface ProcessTruth {
  readonly pid: number;
  /** Files of `/proc/PID`, whole; `null` where the file could not be read (of a kernel thread, a zombie). */
  readonly stat: string;
  readonly status: string;
  readonly comm: string;
  readonly cmdline: string | null;
  readonly environ: string | null;
  readonly maps: string | null;
  readonly cgroup: string | null;
  readonly mountinfo: string | null;
  /** Targets of links, `null` where there is none. */
  readonly exe: string | null;
  readonly cwd: string | null;
  readonly root: string | null;
  /** More files of `/proc/PID`, whole; older records have none of them. */
  readonly auxv?: string | null;
  readonly limits?: string | null;
  readonly oom_score_adj?: string | null;
  readonly oom_score?: string | null;
  readonly loginuid?: string | null;
  readonly uid_map?: string | null;
  readonly gid_map?: string | null;
  /** `net` → `net:[4026531840]`, and so on. */
  readonly namespaces: Readonly<Record<string, string>>;
  readonly threads: readonly ThreadTruth[];
  readonly files: readonly FileTruth[];
}

export interface ThreadTruth {
  readonly tid: number;
  readonly comm: string;
  readonly stat: string;
  /** More files of `/proc/PID/task/TID`, whole; older records have none of them. */
  readonly status?: string | null;
  readonly wchan?: string | null;
  readonly stack?: string | null;
  readonly sched?: string | null;
  readonly schedstat?: string | null;
  readonly cgroup?: string | null;
  /** `0 0x3 … 0x7ffe 0x7f12`: number, six arguments, stack pointer, program counter; `-1` and the last two; `running`. */
  readonly syscall?: string | null;
}

export interface FileTruth {
  readonly fd: number;
  /** The target of `/proc/PID/fd/FD`. */
  readonly link: string;
  /** `/proc/PID/fdinfo/FD`, whole: pos, flags (octal), mnt_id, ino and what the kind of file adds. */
  readonly fdinfo: string;
  /** `stat` through the link; `null` where it fails. */
  readonly stat: StatTruth | null;
}

export interface StatTruth {
  readonly dev: number;
  readonly ino: number;
  readonly mode: number;
  readonly rdev: number;
  readonly size: number;
  readonly nlink: number;
  readonly uid: number;
}

export interface NetworkTruth {
  /** The namespace's inode number. */
  readonly inode: number;
  /** Who led there: a pid, or a path under `/run/netns`. */
  readonly by: string;
  /** Files of `/proc/net`, whole, by name (`tcp`, `tcp6`, `udp`, …); `null` where the kernel has none. */
  readonly files: Readonly<Record<string, string | null>>;
}

export interface ModuleTruth {
  readonly name: string;
  readonly initstate: string | null;
  readonly refcnt: string | null;
  readonly coresize: string | null;
  readonly taint: string | null;
  readonly holders: readonly string[];
  /** `notes/.note.gnu.build-id`, hex; null where the module has none. Older records do not tell. */
  readonly buildIdNote?: string | null;
  /** Addresses of sections, by name. */
  readonly sections: Readonly<Record<string, string>>;
}

/** What the workload knows that the kernel does not say. */
export interface WorkloadTruth {
  /** The AES keys in use, each expanded somewhere in memory. */
  readonly keys: readonly KeyTruth[];
  /** Sockets that /proc/net does not list, by who made them; older records have none. */
  readonly sockets?: readonly MadeSocket[];
  /** The pid that plays each part, by the part's name. */
  readonly parts: Readonly<Record<string, number>>;
  /** Parts that this kernel could not play, with the reason. */
  readonly missed: Readonly<Record<string, string>>;
}

/** A socket, or one of its associations, in the words of the answer. */
export interface MadeSocket {
  readonly inode: number;
  readonly cells: Readonly<Record<string, string | number | boolean | null>>;
}

export interface KeyTruth {
  readonly key: string;
  readonly bits: 128 | 192 | 256;
  /** The process in whose memory the expanded key is, `null` when it is in the kernel's. */
  readonly pid: number | null;
  /** Where the schedule begins, when the workload chose the place: hex. */
  readonly address: string | null;
  readonly use: string;
}
