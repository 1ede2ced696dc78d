/* Preloaded into a process, it records what the process has made durable: for each fsync or
 * fdatasync that succeeds, a line with the file's device and inode, its size before the call, and,
 * for files of at most 8 KiB (the high-water mark among them), their bytes before the call in
 * hexadecimal. A file that is removed or replaced is noted with size -1, because its inode may be
 * another file's next. The journal's path is in SYNCED_BYTES_JOURNAL. What is not in the journal is
 * what a power cut may take. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMALL 8192

static void note(const char *line, size_t length) {
  const char *journal = getenv("SYNCED_BYTES_JOURNAL");
  if (journal == NULL) return;
  int out = open(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0) return;
  /* One write: lines of several threads and processes do not mix. SIGKILL may cut a long one short,
   * so each begins a line of its own and ends with a full stop: without it, it is none. */
  if (write(out, line, length) != (ssize_t)length) abort();
  close(out);
}

static void note_gone(const struct stat *file) {
  char line[96];
  int length = snprintf(line, sizeof line, "\n%llu %llu -1 .", (unsigned long long)file->st_dev,
                        (unsigned long long)file->st_ino);
  note(line, length);
}

static int record_and_sync(int fd, int (*real)(int)) {
  struct stat before;
  unsigned char content[SMALL];
  char line[2 * SMALL + 128];
  ssize_t bytes = 0;
  if (fstat(fd, &before) != 0 || !S_ISREG(before.st_mode)) return real(fd);
  if (before.st_size <= SMALL) {
    /* Through /proc, because the descriptor itself may be open for writing only. */
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int reading = open(path, O_RDONLY | O_CLOEXEC);
    if (reading >= 0) {
      bytes = pread(reading, content, SMALL, 0);
      close(reading);
    }
  }
  int result = real(fd);
  if (result != 0) return result;
  int length = snprintf(line, sizeof line, "\n%llu %llu %lld ", (unsigned long long)before.st_dev,
                        (unsigned long long)before.st_ino, (long long)before.st_size);
  for (ssize_t i = 0; i < bytes; i++)
    length += snprintf(line + length, sizeof line - length, "%02x", content[i]);
  line[length++] = '.';
  note(line, length);
  return result;
}

int fsync(int fd) { return record_and_sync(fd, (int (*)(int))dlsym(RTLD_NEXT, "fsync")); }

int fdatasync(int fd) { return record_and_sync(fd, (int (*)(int))dlsym(RTLD_NEXT, "fdatasync")); }

int unlink(const char *path) {
  int (*real)(const char *) = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
  struct stat file;
  /* Noted before: afterwards another thread's file may have the inode, and be synced, already. */
  if (stat(path, &file) == 0) note_gone(&file);
  return real(path);
}

int rename(const char *from, const char *to) {
  int (*real)(const char *, const char *) =
      (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
  struct stat replaced;
  if (stat(to, &replaced) == 0) note_gone(&replaced);
  return real(from, to);
}
