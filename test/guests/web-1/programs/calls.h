/* System calls of x86-64 Linux and a start, for programs without a C library: small, and tcc alone builds them. */
asm(".globl _start\n_start:\n mov %rsp, %rdi\n call begin\n");

enum { READ = 0, WRITE = 1, OPEN = 2, CLOSE = 3, PAUSE = 34, SOCKET = 41, CONNECT = 42, ACCEPT = 43, BIND = 49 };
enum { LISTEN = 50, SETSOCKOPT = 54, FORK = 57, EXECVE = 59, EXIT = 60, SETSID = 112, PRCTL = 157, MEMFD_CREATE = 319 };

static long call(long number, long a, long b, long c, long d, long e) {
  long result;
  asm volatile("mov %5, %%r10\n mov %6, %%r8\n syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "m"(d), "m"(e)
               : "rcx", "r11", "r10", "r8", "memory");
  return result;
}
