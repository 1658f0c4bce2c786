/*
 * What the intruder leaves running. It harms nothing: one process listens and answers nobody, the other reads
 * packets and throws them away. No C library, so that it is small and needs only tcc.
 */
#include "../programs/calls.h"

static char buffer[2048];

/* The listener, under the name of a kernel thread. */
static void listener(void) {
  static unsigned char address[16] = {2, 0, 31337 >> 8, 31337 & 255};
  long fd;
  call(PRCTL, 15, (long)"kworker/0:3", 0, 0, 0);
  fd = call(SOCKET, 2, 1, 0, 0, 0);
  call(BIND, fd, (long)address, 16, 0, 0);
  call(LISTEN, fd, 1, 0, 0, 0);
  for (;;) call(PAUSE, 0, 0, 0, 0, 0);
}

/* The sniffer: every packet of the second interface (eth0), in promiscuous mode. */
static void sniffer(void) {
  static unsigned char address[20] = {17, 0, 0, 3, 2};
  static unsigned char membership[16] = {2, 0, 0, 0, 1};
  long fd;
  call(PRCTL, 15, (long)"kworker/u3:1", 0, 0, 0);
  fd = call(SOCKET, 17, 3, 0x0300, 0, 0);
  call(BIND, fd, (long)address, 20, 0, 0);
  call(SETSOCKOPT, fd, 263, 1, (long)membership, 16);
  for (;;) call(READ, fd, (long)buffer, sizeof buffer, 0, 0);
}

/* Copies this program into memory that has no file and runs it from there. */
static void from_memory(char **environment) {
  static char *arguments[2] = {"[kworker/u3:1]", 0};
  static char path[] = "/proc/self/fd/0";
  long had, from = call(OPEN, (long)"/proc/self/exe", 0, 0, 0, 0), into = call(MEMFD_CREATE, (long)"libc-cache", 1, 0, 0, 0);
  while ((had = call(READ, from, (long)buffer, sizeof buffer, 0, 0)) > 0) call(WRITE, into, (long)buffer, had, 0, 0);
  call(CLOSE, from, 0, 0, 0, 0);
  path[14] = '0' + into;
  call(EXECVE, (long)path, (long)arguments, (long)environment, 0, 0);
  call(EXIT, 1, 0, 0, 0, 0);
}

void begin(long *stack) {
  long count = stack[0];
  char **arguments = (char **)(stack + 1);
  if (arguments[0][9] == 'u') sniffer();
  call(SETSID, 0, 0, 0, 0, 0);
  if (call(FORK, 0, 0, 0, 0, 0) == 0) from_memory(arguments + count + 1);
  listener();
}
