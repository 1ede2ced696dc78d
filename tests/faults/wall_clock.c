/* Preloaded into a process, it moves the wall clock of all that the process runs, as libfaketime
 * does: CLOCK_REALTIME is ahead of the machine's by the milliseconds (eight bytes, signed) in the
 * file that WALL_CLOCK_AHEAD names, at any moment; the other clocks are left alone. Who waits until
 * a time on that clock (pthread_cond_timedwait, sem_timedwait, a futex with FUTEX_CLOCK_REALTIME)
 * waits until the machine's clock is there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS 1000000000LL
/* Times after 2001 are on the wall clock: the monotonic one counts from the boot. */
#define WALL_CLOCK_SECONDS 1000000000LL

static int64_t ahead_ms(void) {
  static const volatile int64_t *mapped;
  if (mapped == NULL) {
    const char *path = getenv("WALL_CLOCK_AHEAD");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    void *found = mmap(NULL, sizeof *mapped, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (found == MAP_FAILED) abort();
    mapped = found;
  }
  return *mapped;
}

static struct timespec moved(const struct timespec *time, int64_t by_ms) {
  int64_t total = time->tv_sec * NANOSECONDS + time->tv_nsec + by_ms * 1000000;
  struct timespec result = {total / NANOSECONDS, total % NANOSECONDS};
  return result;
}

/* The moment on the machine's clock that a time on the moved one means. */
static struct timespec real(const struct timespec *until) {
  return moved(until, until->tv_sec > WALL_CLOCK_SECONDS ? -ahead_ms() : 0);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  static int (*next)(clockid_t, struct timespec *);
  if (next == NULL) next = dlsym(RTLD_NEXT, "clock_gettime");
  int result = next(clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    *time = moved(time, ahead_ms());
  return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  struct timespec now;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != NULL) *result = now.tv_sec;
  return now.tv_sec;
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
  static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  /* The first version of this symbol is for programs of 2002 and knows other conditions. */
  if (next == NULL) next = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
  if (next == NULL) next = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  struct timespec then = real(until);
  return next(condition, mutex, &then);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
  static int (*next)(sem_t *, const struct timespec *);
  if (next == NULL) next = dlsym(RTLD_NEXT, "sem_timedwait");
  struct timespec then = real(until);
  return next(semaphore, &then);
}

long syscall(long number, ...) {
  static long (*next)(long, ...);
  long argument[6];
  va_list arguments;
  va_start(arguments, number);
  for (int i = 0; i < 6; i++) argument[i] = va_arg(arguments, long);
  va_end(arguments);
  if (next == NULL) next = dlsym(RTLD_NEXT, "syscall");
  struct timespec then;
  if (number == SYS_futex && (argument[1] & FUTEX_CLOCK_REALTIME) && argument[3] != 0) {
    then = real((const struct timespec *)argument[3]);
    argument[3] = (long)&then;
  }
  return next(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}
