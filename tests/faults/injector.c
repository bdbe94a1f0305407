/* Stands in for a device that fails: preloaded into the program, it lets calls that read, write or sync files
 * below FAULTS_BELOW fail with EIO, FAULTS_COUNT of them, beginning with the one of number FAULTS_FROM. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static long setting(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

static int fails(int fd) {
    const char *below = getenv("FAULTS_BELOW");
    char link[64], path[PATH_MAX];
    if (!below) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    if (strncmp(path, below, strlen(below)) != 0) return 0;
    long number = atomic_fetch_add(&calls, 1), from = setting("FAULTS_FROM");
    return number >= from && number < from + setting("FAULTS_COUNT");
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name)
#define FAIL(fd) if (fails(fd)) { errno = EIO; return -1; }

ssize_t read(int fd, void *to, size_t size) { REAL(read); FAIL(fd) return real(fd, to, size); }
ssize_t write(int fd, const void *from, size_t size) { REAL(write); FAIL(fd) return real(fd, from, size); }
ssize_t pread64(int fd, void *to, size_t size, off64_t at) { REAL(pread64); FAIL(fd) return real(fd, to, size, at); }
ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) { REAL(pwrite64); FAIL(fd) return real(fd, from, size, at); }
ssize_t pread(int fd, void *to, size_t size, off_t at) { REAL(pread); FAIL(fd) return real(fd, to, size, at); }
ssize_t pwrite(int fd, const void *from, size_t size, off_t at) { REAL(pwrite); FAIL(fd) return real(fd, from, size, at); }
int fsync(int fd) { REAL(fsync); FAIL(fd) return real(fd); }
int fdatasync(int fd) { REAL(fdatasync); FAIL(fd) return real(fd); }
