// Makes the nth system call on a file fail, in any program that is started with this library before all others.
// FAULT_PATH: a part of the file's name. FAULT_CALLS: `read` or `write`. FAULT_AT: the number of the call, from 1 on;
// 0 only counts. FAULT_KIND: EIO, ENOSPC or short. FAULT_COUNT: the file that the number of calls is written to.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static long calls;

__attribute__((destructor)) static void report(void) {
  const char *path = getenv("FAULT_COUNT");
  FILE *file = path == NULL ? NULL : fopen(path, "w");
  if (file == NULL) return;
  fprintf(file, "%ld", calls);
  fclose(file);
}

/* Whether this call is the one that fails. */
static int is_due(int descriptor, const char *kind) {
  const char *part = getenv("FAULT_PATH"), *wanted = getenv("FAULT_CALLS"), *at = getenv("FAULT_AT");
  char link[64], path[4096];
  if (part == NULL || wanted == NULL || strcmp(wanted, kind) != 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (strstr(path, part) == NULL) return 0;
  long due = at == NULL ? 0 : atol(at), number = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
  return due != 0 && number == due;
}

/* What the call does instead: fails, or handles less than it was asked to. */
static int fails(size_t *length) {
  const char *kind = getenv("FAULT_KIND");
  if (kind != NULL && strcmp(kind, "short") == 0) {
    *length = *length / 2;
    return 0;
  }
  errno = kind != NULL && strcmp(kind, "ENOSPC") == 0 ? ENOSPC : EIO;
  return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define POSITIONED(name, kind, buffer, offset)                                     \
  ssize_t name(int descriptor, buffer bytes, size_t length, offset place) {        \
    if (is_due(descriptor, kind) && fails(&length)) return -1;                     \
    return REAL(name)(descriptor, bytes, length, place);                           \
  }

#define PLAIN(name, kind, buffer)                                                  \
  ssize_t name(int descriptor, buffer bytes, size_t length) {                      \
    if (is_due(descriptor, kind) && fails(&length)) return -1;                     \
    return REAL(name)(descriptor, bytes, length);                                  \
  }

POSITIONED(pread, "read", void *, off_t)
POSITIONED(pread64, "read", void *, off64_t)
POSITIONED(pwrite, "write", const void *, off_t)
POSITIONED(pwrite64, "write", const void *, off64_t)
PLAIN(read, "read", void *)
PLAIN(write, "write", const void *)

#define WHOLE(name, parameters, arguments)                                         \
  int name parameters {                                                            \
    size_t length = 0;                                                             \
    if (is_due(descriptor, "write") && fails(&length)) return -1;                  \
    return REAL(name) arguments;                                                   \
  }

WHOLE(fsync, (int descriptor), (descriptor))
WHOLE(fdatasync, (int descriptor), (descriptor))
WHOLE(ftruncate, (int descriptor, off_t size), (descriptor, size))
WHOLE(ftruncate64, (int descriptor, off64_t size), (descriptor, size))
