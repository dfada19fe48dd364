/*
 * clam holds libclamav still for measuring. It loads a directory of databases,
 * then reads commands from standard input, one a line, and answers each with
 * one line, or as told:
 *
 *   compile            nanoseconds one more loading of the databases takes
 *   load SIZE          followed by SIZE bytes: keeps them as the next file
 *   scan FIRST COUNT FLAGS
 *                      for each file, scanned in order, a line: nanoseconds,
 *                      number of signatures found, sum of the FNV-1a hashes of
 *                      their names
 *   peak               the most memory the process held so far, in bytes
 *
 * Nothing is unpacked and no heuristic runs: only signatures are compared. Pages
 * in HTML are normalised, as vitrine does.
 * Build: cc -O2 -o clam clam.c -lclamav
 */
#include <clamav.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_FILES 100000

#define MAX_NAMES 4096

struct verdict {
  uint64_t count;
  uint64_t sum;
  uint64_t names[MAX_NAMES]; /* hashes */
};

static struct {
  uint8_t *data;
  size_t size;
} files[MAX_FILES];
static size_t file_count;

static void die(const char *what)
{
  fprintf(stderr, "clam: %s\n", what);
  exit(1);
}

static uint64_t now(void)
{
  struct timespec t;
  if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
    die("no monotonic clock");
  return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

/* What this thread has used of the processor: a busy machine spoils less of it. */
static uint64_t used(void)
{
  struct timespec t;
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0)
    die("no clock of the thread");
  return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

/* The .UNOFFICIAL that libclamav appends is dropped. */
static uint64_t fnv1a(const char *s)
{
  const char *end = strstr(s, ".UNOFFICIAL");
  uint64_t h = 14695981039346656037u;
  for (; *s != 0 && s != end; s++)
    h = (h ^ (uint8_t) *s) * 1099511628211u;
  return h;
}

/* A name counts once: libclamav reports it for the file and for its normalised
 * forms. */
static void on_found(int fd, const char *name, void *context)
{
  struct verdict *v = context;
  uint64_t h = fnv1a(name);
  (void) fd;
  for (uint64_t i = 0; i < v->count; i++)
    if (v->names[i] == h)
      return;
  if (v->count == MAX_NAMES)
    die("too many names");
  v->names[v->count++] = h;
  v->sum += h;
}

static struct cl_engine *engine_of(const char *dir)
{
  struct cl_engine *engine = cl_engine_new();
  unsigned int signatures = 0;

  if (engine == NULL || cl_load(dir, engine, &signatures, CL_DB_STDOPT) != CL_SUCCESS)
    die("the databases do not load");
  /* It would remember clean files by their digests and not look again. */
  cl_engine_set_num(engine, CL_ENGINE_DISABLE_CACHE, 1);
  if (cl_engine_compile(engine) != CL_SUCCESS)
    die("the databases do not compile");
  cl_engine_set_clcb_virus_found(engine, on_found);
  return engine;
}

static void do_compile(const char *dir)
{
  uint64_t begin = now();
  struct cl_engine *engine = engine_of(dir);
  uint64_t taken = now() - begin;

  cl_engine_free(engine);
  printf("%llu\n", (unsigned long long) taken);
}

static void do_load(size_t size)
{
  if (file_count == MAX_FILES)
    die("too many files");
  uint8_t *data = malloc(size + 1);
  if (data == NULL || fread(data, 1, size, stdin) != size)
    die("cannot load");
  files[file_count].data = data;
  files[file_count].size = size;
  printf("%zu\n", file_count++);
}

static void do_scan(struct cl_engine *engine, size_t index)
{
  struct cl_scan_options options = {
      .general = CL_SCAN_GENERAL_ALLMATCHES, .parse = CL_SCAN_PARSE_HTML};
  static struct verdict v;
  const char *name = NULL;
  unsigned long scanned = 0;

  if (index >= file_count)
    die("no such file");
  v.count = v.sum = 0;
  uint64_t begin = used();
  cl_fmap_t *map = cl_fmap_open_memory(files[index].data, files[index].size);
  if (map == NULL)
    die("no map");
  cl_error_t result = cl_scanmap_callback(map, NULL, &name, &scanned, engine, &options, &v);
  cl_fmap_close(map);
  uint64_t taken = used() - begin;

  if (result != CL_CLEAN && result != CL_VIRUS)
    die(cl_strerror(result));
  printf(
      "%llu %llu %llu\n",
      (unsigned long long) taken,
      (unsigned long long) v.count,
      (unsigned long long) v.sum);
}

/* getrusage would count what the process that started this one held. */
static void do_peak(void)
{
  char line[256];
  long long kilobytes = -1;
  FILE *f = fopen("/proc/self/status", "r");

  while (f != NULL && fgets(line, sizeof line, f) != NULL)
    if (sscanf(line, "VmHWM: %lld", &kilobytes) == 1)
      break;
  if (kilobytes < 0)
    die("cannot tell the memory");
  fclose(f);
  printf("%lld\n", kilobytes * 1024);
}

int main(int argc, char **argv)
{
  char line[128];

  if (argc != 2)
    die("usage: clam DIRECTORY");
  if (cl_init(CL_INIT_DEFAULT) != CL_SUCCESS)
    die("libclamav does not start");
  struct cl_engine *engine = engine_of(argv[1]);
  while (fgets(line, sizeof line, stdin) != NULL)
  {
    size_t number, count;
    int flags;
    if (strcmp(line, "compile\n") == 0)
      do_compile(argv[1]);
    else if (strcmp(line, "peak\n") == 0)
      do_peak();
    else if (sscanf(line, "load %zu", &number) == 1)
      do_load(number);
    else if (sscanf(line, "scan %zu %zu %d", &number, &count, &flags) == 3)
      for (size_t i = 0; i < count; i++)
        do_scan(engine, number + i);
    else
      die("unknown command");
    fflush(stdout);
  }
  return 0;
}
