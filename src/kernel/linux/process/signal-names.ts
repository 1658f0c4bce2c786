// Signals by their names.
// Linux: include/uapi/asm-generic/signal.h; x86 and arm64 have the same numbers.

/** SIGRTMIN of the kernel; the C library begins two later and calls those that follow `SIGRTMIN+1` and so on. */
const FIRST_REAL_TIME = 34;
const LAST = 64;

/** By number, from 1. */
const NAMES = [
  ...[
    'HUP',
    'INT',
    'QUIT',
    'ILL',
    'TRAP',
    'ABRT',
    'BUS',
    'FPE',
    'KILL',
    'USR1',
    'SEGV',
    'USR2',
    'PIPE',
    'ALRM',
  ],
  ...[
    'TERM',
    'STKFLT',
    'CHLD',
    'CONT',
    'STOP',
    'TSTP',
    'TTIN',
    'TTOU',
    'URG',
    'XCPU',
    'XFSZ',
    'VTALRM',
    'PROF',
  ],
  ...['WINCH', 'IO', 'PWR', 'SYS'],
];

/** How many signals there are: _NSIG. */
export const SIGNALS = LAST;

/** The name of a signal as kill(1) has it: `SIGHUP`, `SIGRTMIN+3`, `SIGRTMAX`; the number where it has none. */
export function signalName(number: number): string {
  const name = NAMES[number - 1];
  if (name !== undefined) return `SIG${name}`;
  if (number === LAST) return 'SIGRTMAX';
  if (number >= FIRST_REAL_TIME && number < LAST)
    return number === FIRST_REAL_TIME ? 'SIGRTMIN' : `SIGRTMIN+${number - FIRST_REAL_TIME}`;
  return String(number);
}

/** Whether the signal is in a set of 64 bits, of which the first is signal 1. */
export const isInSet = (set: bigint, number: number): boolean => ((set >> BigInt(number - 1)) & 1n) !== 0n;
