/* Preloaded into a process, it makes a disk fail: calls on files whose path has a given part and
 * ending return an error, from the n-th on or once, or from so many written bytes on. What is to
 * fail is in a page that a test shares through the file in DISK_FAULTS, all zero as long as nothing
 * is. What has failed has not taken place: a failed fsync has synced nothing.
 *
 * Paths of open files are asked of /proc, so that any way to open one is covered. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { WRITES = 1, SYNCS = 2, NAMES = 4 };

/* The page, as `disk_faults.py` writes it. */
struct page {
  int32_t error;   /* errno; 0: nothing fails. Written last. */
  int32_t calls;   /* which: WRITES, SYNCS, NAMES (open for writing, rename, unlink, mkdir) */
  int32_t lasting; /* whether all that come after the one that fails first fail as well */
  int32_t process; /* the process that was struck first */
  int64_t passes;  /* calls that are left until one fails; with `bytes`: unused */
  int64_t bytes;   /* bytes that may still be written; negative: any number */
  int64_t struck;  /* how many calls have failed */
  int64_t at_ns;   /* when the first of them did, by CLOCK_MONOTONIC */
  char part[256];
  char ending[64];
};

static struct page *page;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("DISK_FAULTS");
  if (path == NULL) return;
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) abort();
  void *mapped = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) abort();
  close(file);
  page = mapped;
}

static int matches(const char *path) {
  size_t length = strlen(path), ending = strlen(page->ending);
  return strstr(path, page->part) != NULL && length >= ending &&
         strcmp(path + length - ending, page->ending) == 0;
}

static int armed(int call) {
  return page != NULL && __atomic_load_n(&page->error, __ATOMIC_ACQUIRE) != 0 &&
         (page->calls & call) != 0;
}

static int aimed_at(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return matches(path);
}

static int fail(void) {
  struct timespec now;
  if (__atomic_fetch_add(&page->struck, 1, __ATOMIC_ACQ_REL) == 0) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    page->process = getpid();
    __atomic_store_n(&page->at_ns, now.tv_sec * 1000000000LL + now.tv_nsec, __ATOMIC_RELEASE);
  }
  errno = page->error;
  return -1;
}

/* Whether this call, which is aimed at, is to fail. */
static int strikes(void) {
  int64_t left = __atomic_sub_fetch(&page->passes, 1, __ATOMIC_ACQ_REL);
  return page->lasting ? left <= 0 : left == 0;
}

/* How many of `wanted` bytes may be written; -1: the call fails. */
static ssize_t room(int fd, size_t wanted) {
  if (!armed(WRITES) || !aimed_at(fd)) return (ssize_t)wanted;
  if (page->bytes < 0) return strikes() ? fail() : (ssize_t)wanted;
  int64_t left = __atomic_load_n(&page->bytes, __ATOMIC_ACQUIRE), taken;
  do {
    if (left == 0) return fail();
    taken = left < (int64_t)wanted ? left : (int64_t)wanted;
  } while (!__atomic_compare_exchange_n(&page->bytes, &left, left - taken, 0, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE));
  return (ssize_t)taken;
}

#define REAL(type, name, ...) type (*real)(__VA_ARGS__) = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *data, size_t count) {
  REAL(ssize_t, "write", int, const void *, size_t);
  ssize_t may = count ? room(fd, count) : 0;
  return may < 0 ? may : real(fd, data, (size_t)may);
}

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t offset) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  ssize_t may = count ? room(fd, count) : 0;
  return may < 0 ? may : real(fd, data, (size_t)may, offset);
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t offset) {
  return pwrite64(fd, data, count, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(ssize_t, "writev", int, const struct iovec *, int);
  return armed(WRITES) && aimed_at(fd) && strikes() ? fail() : real(fd, parts, count);
}

int fsync(int fd) {
  REAL(int, "fsync", int);
  return armed(SYNCS) && aimed_at(fd) && strikes() ? fail() : real(fd);
}

int fdatasync(int fd) {
  REAL(int, "fdatasync", int);
  return armed(SYNCS) && aimed_at(fd) && strikes() ? fail() : real(fd);
}

static int name_fails(const char *path) { return armed(NAMES) && matches(path) && strikes(); }

int open64(const char *path, int flags, ...) {
  REAL(int, "open64", const char *, int, ...);
  mode_t mode = 0;
  if (flags & (O_CREAT | O_TMPFILE)) {
    __builtin_va_list rest;
    __builtin_va_start(rest, flags);
    mode = __builtin_va_arg(rest, mode_t);
    __builtin_va_end(rest);
  }
  if ((flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) && name_fails(path)) return fail();
  return real(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  mode_t mode = 0;
  if (flags & (O_CREAT | O_TMPFILE)) {
    __builtin_va_list rest;
    __builtin_va_start(rest, flags);
    mode = __builtin_va_arg(rest, mode_t);
    __builtin_va_end(rest);
  }
  return open64(path, flags, mode);
}

int rename(const char *from, const char *to) {
  REAL(int, "rename", const char *, const char *);
  return name_fails(to) ? fail() : real(from, to);
}

int unlink(const char *path) {
  REAL(int, "unlink", const char *);
  return name_fails(path) ? fail() : real(path);
}

int mkdir(const char *path, mode_t mode) {
  REAL(int, "mkdir", const char *, mode_t);
  return name_fails(path) ? fail() : real(path, mode);
}
