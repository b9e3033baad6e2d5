/*
 * A disk and a clock that can fail, between a process and libc (LD_PRELOAD).
 *
 * For every file below MADANG_FAULT_FOLDER it remembers what was written since the file's last sync: old bytes and new.
 * A power loss puts the old bytes back, writes some of the new ones again (none, the first few, or any, the last of
 * them torn at a sector), removes files whose folder was not synced since they were made, and ends the process.
 *
 * MADANG_FAULT_CONTROL names a file of 64-bit integers, shared with the test: see the enum. Not modelled: the order
 * between files, unlinks and renames that come undone, sectors that the disk damages by itself, a disk that says that
 * it has synced and has not. Memory-mapped files (SQLite's -shm) are removed at a power loss, for SQLite makes them anew.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
  CLOCK_MS,     /* added to the wall clock */
  SPACE,        /* bytes by which files may still grow; -1: without bound */
  READ_ONLY,    /* writes fail with EROFS, opening for writing too */
  POWER_LOSS,   /* a seed, not 0: lose power now */
  POINT,        /* where to end: 1 before a write to the WAL, 2 before its sync, 3 after its sync */
  COUNTDOWN,    /* at the how manieth time */
  POINT_POWER,  /* at that point: 0 kill, else lose power with this seed */
  SYNC_LIES,    /* syncs do nothing and are believed; a control of the test itself */
  OUT_DROPPED,  /* bytes that power losses dropped */
  OUT_REFUSED,  /* writes that were refused */
  OUT_SYNCS,    /* syncs of files below the folder */
  IO_ERROR,     /* writes and syncs fail with EIO */
  COPIES,       /* writes over what is there take space too, as on a disk that copies on write (btrfs, ZFS) */
  FIELDS
};

#define SECTOR 512
#define MAX_FDS 65536

struct change {
  off_t offset, size_before, size_after;
  size_t old_length, new_length;
  char *old, *new;
  struct change *before, *after;
};

struct file {
  dev_t dev;
  ino_t ino;
  char *path;
  int is_new, is_wal;
  struct change *first, *last;
  struct file *next;
};

static volatile int64_t *control;
static char folder[4096];
static size_t folder_length;
static struct file *files;
static struct file *by_fd[MAX_FDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static int is_below(const char *path) {
  return control && folder_length && strncmp(path, folder, folder_length) == 0 && path[folder_length] == '/';
}

static int ends(const char *path, const char *tail) {
  size_t a = strlen(path), b = strlen(tail);
  return a >= b && strcmp(path + a - b, tail) == 0;
}

static void forget(struct file *file) {
  struct change *each = file->first;
  while (each) {
    struct change *after = each->after;
    free(each->old);
    free(each->new);
    free(each);
    each = after;
  }
  file->first = file->last = NULL;
}

static uint64_t next_random(uint64_t *state) {
  *state += 0x9e3779b97f4a7c15ull;
  uint64_t z = *state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

static void put(int fd, const char *bytes, size_t length, off_t offset) {
  ssize_t (*write_at)(int, const void *, size_t, off_t) = REAL(pwrite);
  while (length > 0) {
    ssize_t done = write_at(fd, bytes, length, offset);
    if (done <= 0) return;
    bytes += done;
    length -= (size_t)done;
    offset += done;
  }
}

static void lose_power(uint64_t seed) {
  int64_t dropped = 0;
  int (*open_file)(const char *, int, ...) = REAL(open);
  int (*truncate_file)(int, off_t) = REAL(ftruncate);
  for (struct file *file = files; file; file = file->next) {
    if (file->is_new) {
      REAL(unlink)(file->path);
      continue;
    }
    int fd = open_file(file->path, O_RDWR | O_CLOEXEC);
    if (fd < 0) continue;
    int count = 0;
    for (struct change *each = file->last; each; each = each->before) {
      put(fd, each->old, each->old_length, each->offset);
      if (truncate_file(fd, each->size_before) != 0) break;
      count += 1;
    }
    int mode = (int)(next_random(&seed) % 3);
    int keep = count > 0 ? (int)(next_random(&seed) % (uint64_t)(count + 1)) : 0;
    int index = 0;
    for (struct change *each = file->first; each; each = each->after, index += 1) {
      int kept = mode == 0 ? 0 : mode == 1 ? index < keep : (int)(next_random(&seed) % 2);
      if (!kept) {
        dropped += (int64_t)each->new_length;
        continue;
      }
      size_t length = each->new_length;
      if (length == 0) {
        if (truncate_file(fd, each->size_after) != 0) break;
        continue;
      }
      if (index == count - 1 || next_random(&seed) % 8 == 0) length = (next_random(&seed) % (length / SECTOR + 1)) * SECTOR;
      put(fd, each->new, length, each->offset);
    }
    REAL(close)(fd);
  }
  char shm[4200];
  strcpy(shm, folder);
  strcat(shm, "/madang.db-shm");
  REAL(unlink)(shm);
  control[OUT_DROPPED] += dropped;
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static void pass_point(struct file *file, int point) {
  if (!file->is_wal || control[POINT] != point) return;
  if (--control[COUNTDOWN] > 0) return;
  control[POINT] = 0;
  if (control[POINT_POWER]) lose_power((uint64_t)control[POINT_POWER]);
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static void *watch(void *unused) {
  (void)unused;
  for (;;) {
    if (control[POWER_LOSS]) {
      pthread_mutex_lock(&lock);
      uint64_t seed = (uint64_t)control[POWER_LOSS];
      control[POWER_LOSS] = 0;
      lose_power(seed);
    }
    usleep(1000);
  }
  return NULL;
}

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("MADANG_FAULT_CONTROL");
  const char *below = getenv("MADANG_FAULT_FOLDER");
  if (!path || !below || !realpath(below, folder)) return;
  folder_length = strlen(folder);
  int fd = REAL(open)(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *shared = mmap(NULL, FIELDS * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  REAL(close)(fd);
  if (shared == MAP_FAILED) return;
  control = shared;
  /* Signals are the program's: PostgreSQL counts on its one thread to get them. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  pthread_create(&thread, NULL, watch, NULL);
  pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/*
 * The file that a descriptor is open for; NULL if it is another one by now. Node closes files with a system call of its
 * own, unseen here, and the number goes to the next socket: its writes would fail, for as long as the process lives.
 */
static struct file *file_of(int fd) {
  struct file *file = fd >= 0 && fd < MAX_FDS ? by_fd[fd] : NULL;
  struct stat status;
  if (!file || (fstat(fd, &status) == 0 && status.st_dev == file->dev && status.st_ino == file->ino)) return file;
  by_fd[fd] = NULL;
  return NULL;
}

static void opened(int fd, const char *path, int existed) {
  struct stat status;
  if (fd < 0 || fd >= MAX_FDS || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return;
  if (ends(path, "-shm") || ends(path, ".lock") || ends(path, ".lock-journal")) return;
  pthread_mutex_lock(&lock);
  struct file *file = files;
  while (file && !(file->dev == status.st_dev && file->ino == status.st_ino)) file = file->next;
  if (!file) {
    file = calloc(1, sizeof *file);
    file->dev = status.st_dev;
    file->ino = status.st_ino;
    file->path = strdup(path);
    file->is_new = !existed;
    file->is_wal = ends(path, "-wal");
    file->next = files;
    files = file;
  }
  by_fd[fd] = file;
  pthread_mutex_unlock(&lock);
}

static int open_with(const char *name, const char *path, int flags, mode_t mode) {
  int (*open_file)(const char *, int, ...) = real(name);
  char full[4096];
  int tracked = control && path[0] == '/' ? is_below(path) : 0;
  if (!tracked && control && path[0] != '/' && getcwd(full, sizeof full) &&
      strlen(full) + strlen(path) + 2 < sizeof full) {
    strcat(strcat(full, "/"), path);
    tracked = is_below(full);
  } else if (tracked) {
    strncpy(full, path, sizeof full - 1);
    full[sizeof full - 1] = 0;
  }
  if (!tracked) return open_file(path, flags, mode);
  int writes = (flags & O_ACCMODE) != O_RDONLY;
  if (writes && control[READ_ONLY] && !ends(full, ".lock")) {
    errno = EROFS;
    return -1;
  }
  int existed = access(full, F_OK) == 0;
  if (!existed && (flags & O_CREAT) && control[SPACE] == 0) {
    errno = ENOSPC;
    return -1;
  }
  int fd = open_file(path, flags, mode);
  opened(fd, full, existed);
  return fd;
}

static int open_mode(int flags, va_list args) {
  return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, int) : 0;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list args; \
    va_start(args, flags); \
    int mode = open_mode(flags, args); \
    va_end(args); \
    return open_with(#name, path, flags, (mode_t)mode); \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  if (fd >= 0 && fd < MAX_FDS) by_fd[fd] = NULL;
  return REAL(close)(fd);
}

int unlink(const char *path) {
  if (control && is_below(path)) {
    struct stat status;
    pthread_mutex_lock(&lock);
    if (stat(path, &status) == 0) {
      for (struct file **at = &files; *at; at = &(*at)->next) {
        if ((*at)->dev != status.st_dev || (*at)->ino != status.st_ino) continue;
        struct file *gone = *at;
        *at = gone->next;
        forget(gone);
        for (int fd = 0; fd < MAX_FDS; fd += 1) if (by_fd[fd] == gone) by_fd[fd] = NULL;
        break;
      }
    }
    pthread_mutex_unlock(&lock);
  }
  return REAL(unlink)(path);
}

static int refused(int why) {
  control[OUT_REFUSED] += 1;
  errno = why;
  return -1;
}

static void remember(struct file *file, int fd, const void *bytes, size_t length, off_t offset, off_t size_before,
                     off_t size_after) {
  struct change *change = calloc(1, sizeof *change);
  off_t until = size_after < size_before && length == 0 ? size_before : offset + (off_t)length;
  if (until > size_before) until = size_before;
  change->offset = offset;
  change->size_before = size_before;
  change->size_after = size_after;
  change->old_length = until > offset ? (size_t)(until - offset) : 0;
  change->old = malloc(change->old_length + 1);
  if (change->old_length > 0 && pread(fd, change->old, change->old_length, offset) < 0) change->old_length = 0;
  change->new_length = length;
  change->new = malloc(length + 1);
  memcpy(change->new, bytes, length);
  change->before = file->last;
  if (file->last) file->last->after = change;
  else file->first = change;
  file->last = change;
}

static ssize_t write_at(struct file *file, int fd, const void *bytes, size_t length, off_t offset) {
  struct stat status;
  pass_point(file, 1);
  if (control[READ_ONLY]) return refused(EROFS);
  if (control[IO_ERROR]) return refused(EIO);
  if (fstat(fd, &status) != 0) return -1;
  off_t growth = offset + (off_t)length - status.st_size;
  off_t taken = control[COPIES] ? (off_t)length : growth;
  if (taken > 0 && control[SPACE] >= 0) {
    int64_t space = control[SPACE];
    if (taken > space) {
      /* A full disk takes what fits, and says so by a short count; then it takes nothing. */
      control[SPACE] = 0;
      if (taken - space >= (off_t)length) return refused(ENOSPC);
      length -= (size_t)(taken - space);
      growth = offset + (off_t)length - status.st_size;
    } else {
      control[SPACE] = space - taken;
    }
  }
  remember(file, fd, bytes, length, offset, status.st_size, growth > 0 ? status.st_size + growth : status.st_size);
  return REAL(pwrite)(fd, bytes, length, offset);
}

#define PWRITE(name) \
  ssize_t name(int fd, const void *bytes, size_t length, off_t offset) { \
    struct file *file = file_of(fd); \
    if (!file) return ((ssize_t(*)(int, const void *, size_t, off_t))real(#name))(fd, bytes, length, offset); \
    pthread_mutex_lock(&lock); \
    ssize_t done = write_at(file, fd, bytes, length, offset); \
    pthread_mutex_unlock(&lock); \
    return done; \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t write(int fd, const void *bytes, size_t length) {
  struct file *file = file_of(fd);
  if (!file) return REAL(write)(fd, bytes, length);
  pthread_mutex_lock(&lock);
  off_t offset = lseek(fd, 0, SEEK_CUR);
  ssize_t done = write_at(file, fd, bytes, length, offset);
  if (done > 0) lseek(fd, offset + done, SEEK_SET);
  pthread_mutex_unlock(&lock);
  return done;
}

static int truncate_to(const char *name, int fd, off_t size) {
  struct file *file = file_of(fd);
  int (*truncate_file)(int, off_t) = real(name);
  if (!file) return truncate_file(fd, size);
  if (control[READ_ONLY]) return refused(EROFS);
  struct stat status;
  pthread_mutex_lock(&lock);
  if (fstat(fd, &status) == 0) remember(file, fd, "", 0, size < status.st_size ? size : status.st_size, status.st_size, size);
  int result = truncate_file(fd, size);
  pthread_mutex_unlock(&lock);
  return result;
}

int ftruncate(int fd, off_t size) { return truncate_to("ftruncate", fd, size); }
int ftruncate64(int fd, off_t size) { return truncate_to("ftruncate64", fd, size); }

static void folder_synced(int fd) {
  char link[64], path[4096];
  strcpy(link, "/proc/self/fd/");
  char digits[16];
  int at = 15;
  digits[at] = 0;
  do digits[--at] = (char)('0' + fd % 10); while ((fd /= 10) > 0);
  strcat(link, digits + at);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return;
  path[length] = 0;
  if (strcmp(path, folder) != 0) return;
  pthread_mutex_lock(&lock);
  for (struct file *file = files; file; file = file->next) file->is_new = 0;
  pthread_mutex_unlock(&lock);
}

static int sync_with(const char *name, int fd) {
  int (*sync_file)(int) = real(name);
  struct file *file = file_of(fd);
  if (!file) {
    int result = sync_file(fd);
    if (control && result == 0) folder_synced(fd);
    return result;
  }
  pthread_mutex_lock(&lock);
  pass_point(file, 2);
  int result = 0;
  if (control[IO_ERROR]) {
    result = refused(EIO);
  } else if (!control[SYNC_LIES]) {
    result = sync_file(fd);
    if (result == 0) forget(file);
    control[OUT_SYNCS] += 1;
  }
  pass_point(file, 3);
  pthread_mutex_unlock(&lock);
  return result;
}

int fsync(int fd) { return sync_with("fsync", fd); }
int fdatasync(int fd) { return sync_with("fdatasync", fd); }

int clock_gettime(clockid_t clock, struct timespec *time) {
  static int (*get)(clockid_t, struct timespec *);
  if (!get) get = REAL(clock_gettime);
  int result = get(clock, time);
  if (control && result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    int64_t ms = time->tv_sec * 1000 + time->tv_nsec / 1000000 + control[CLOCK_MS];
    time->tv_nsec = time->tv_nsec % 1000000 + (ms % 1000) * 1000000;
    time->tv_sec = ms / 1000;
  }
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
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}
