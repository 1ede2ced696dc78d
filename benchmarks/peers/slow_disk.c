/* Preloaded into a process, it makes each flush to the disk take so much longer, as many microseconds
 * as SLOW_DISK_US says: a cloud's disk, on which a flush is a way over a network.
 *
 * The flush itself takes place first, so that nothing is weaker. Flushes of several threads wait
 * beside each other, as they do on such disks. Of sync_file_range only what waits for the disk is
 * delayed: without its WAIT flags it merely asks for writing to begin. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static long delay_us;

__attribute__((constructor)) static void begin(void) {
  const char *asked = getenv("SLOW_DISK_US");
  if (asked != NULL) delay_us = atol(asked);
}

/* Signals come often to some servers; they make it no shorter. */
static void wait_for_the_disk(void) {
  struct timespec until;
  int before = errno;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += delay_us % 1000000 * 1000;
  until.tv_sec += delay_us / 1000000 + until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) continue;
  errno = before;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int fd) {
  int result = REAL(fsync)(fd);
  wait_for_the_disk();
  return result;
}

int fdatasync(int fd) {
  int result = REAL(fdatasync)(fd);
  wait_for_the_disk();
  return result;
}

int syncfs(int fd) {
  int result = REAL(syncfs)(fd);
  wait_for_the_disk();
  return result;
}

int sync_file_range(int fd, off64_t offset, off64_t bytes, unsigned int flags) {
  int result = REAL(sync_file_range)(fd, offset, bytes, flags);
  if (flags & (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER)) wait_for_the_disk();
  return result;
}

int msync(void *start, size_t bytes, int flags) {
  int result = REAL(msync)(start, bytes, flags);
  if (flags & MS_SYNC) wait_for_the_disk();
  return result;
}
