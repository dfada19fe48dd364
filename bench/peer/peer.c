/*
 * peer holds the C implementation of YARA still for measuring. It compiles one
 * file of rules, or with -c loads a file of compiled ones, then reads commands
 * from standard input, one a line, and answers each with one line, or as told:
 *
 *   compile            nanoseconds one compilation of the rules takes
 *   load SIZE          followed by SIZE bytes: keeps them as the next file
 *   scan FIRST COUNT FLAGS
 *                      for each file, scanned in order, a line: nanoseconds,
 *                      number of matching rules, sum of the FNV-1a hashes of
 *                      their names
 *   all FIRST COUNT N  nanoseconds until N threads, a scanner each, have
 *                      scanned COUNT files
 *   save PATH          size of the compiled rules, written to the file
 *   reload PATH        nanoseconds loading them takes
 *   peak               the most memory the process held so far, in bytes
 *
 * One scanner is used for all files, as the yara command does per thread.
 * Build: cc -O2 -pthread -o peer peer.c -lyara
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yara.h>

#define MAX_FILES 100000

struct file {
  uint8_t *data;
  size_t size;
};

struct verdict {
  uint64_t count;
  uint64_t sum;
};

static struct file files[MAX_FILES];
static size_t file_count;

static void die(const char *what)
{
  fprintf(stderr, "peer: %s\n", what);
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

static uint64_t fnv1a(const char *s)
{
  uint64_t h = 14695981039346656037u;
  for (; *s != 0; s++)
    h = (h ^ (uint8_t) *s) * 1099511628211u;
  return h;
}

static int on_message(
    YR_SCAN_CONTEXT *context, int message, void *data, void *user)
{
  (void) context;
  if (message == CALLBACK_MSG_RULE_MATCHING)
  {
    struct verdict *v = user;
    v->count++;
    v->sum += fnv1a(((YR_RULE *) data)->identifier);
  }
  return CALLBACK_CONTINUE;
}

static void on_diagnostic(
    int level,
    const char *file,
    int line,
    const YR_RULE *rule,
    const char *message,
    void *user)
{
  (void) rule;
  (void) user;
  if (level == YARA_ERROR_LEVEL_ERROR)
    fprintf(stderr, "%s(%d): %s\n", file == NULL ? "rules" : file, line, message);
}

static YR_RULES *compile(const char *path)
{
  YR_COMPILER *compiler;
  YR_RULES *rules;
  FILE *f = fopen(path, "r");

  if (f == NULL || yr_compiler_create(&compiler) != ERROR_SUCCESS)
    die("cannot begin to compile");
  yr_compiler_set_callback(compiler, on_diagnostic, NULL);
  if (yr_compiler_add_file(compiler, f, NULL, path) != 0)
    die("the rules do not compile");
  if (yr_compiler_get_rules(compiler, &rules) != ERROR_SUCCESS)
    die("no rules");
  yr_compiler_destroy(compiler);
  fclose(f);
  return rules;
}

static void do_compile(const char *path)
{
  uint64_t begin = now();
  YR_RULES *rules = compile(path);
  uint64_t taken = now() - begin;

  yr_rules_destroy(rules);
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

static void do_scan(YR_SCANNER *scanner, size_t first, size_t count, int flags)
{
  if (first + count > file_count)
    die("no such files");
  for (size_t i = first; i < first + count; i++)
  {
    struct verdict v = {0, 0};
    yr_scanner_set_callback(scanner, on_message, &v);
    yr_scanner_set_flags(scanner, flags);

    uint64_t begin = used();
    int result = yr_scanner_scan_mem(scanner, files[i].data, files[i].size);
    uint64_t taken = used() - begin;

    if (result != ERROR_SUCCESS)
      die("a scan failed");
    printf(
        "%llu %llu %llu\n",
        (unsigned long long) taken,
        (unsigned long long) v.count,
        (unsigned long long) v.sum);
  }
}

struct share {
  YR_SCANNER *scanner;
  size_t end;
  atomic_size_t *next;
};

/* scan_share takes one file after the other until none is left. */
static void *scan_share(void *arg)
{
  struct share *share = arg;
  struct verdict v = {0, 0};
  size_t i;

  yr_scanner_set_callback(share->scanner, on_message, &v);
  yr_scanner_set_flags(share->scanner, SCAN_FLAGS_REPORT_RULES_MATCHING);
  while ((i = atomic_fetch_add(share->next, 1)) < share->end)
    if (yr_scanner_scan_mem(share->scanner, files[i].data, files[i].size) != ERROR_SUCCESS)
      die("a scan failed");
  return NULL;
}

#define MAX_THREADS 64

static void do_all(YR_RULES *rules, size_t first, size_t count, int threads)
{
  pthread_t thread[MAX_THREADS];
  struct share share[MAX_THREADS];
  atomic_size_t next = first;

  if (first + count > file_count || threads < 1 || threads > MAX_THREADS)
    die("no such files, or too many threads");
  for (int i = 0; i < threads; i++)
  {
    share[i].end = first + count;
    share[i].next = &next;
    if (yr_scanner_create(rules, &share[i].scanner) != ERROR_SUCCESS)
      die("no scanner");
  }
  uint64_t begin = now();
  for (int i = 0; i < threads; i++)
    if (pthread_create(&thread[i], NULL, scan_share, &share[i]) != 0)
      die("no thread");
  for (int i = 0; i < threads; i++)
    pthread_join(thread[i], NULL);
  printf("%llu\n", (unsigned long long) (now() - begin));
  for (int i = 0; i < threads; i++)
    yr_scanner_destroy(share[i].scanner);
}

static void do_save(YR_RULES *rules, const char *path)
{
  FILE *f;
  long size;

  if (yr_rules_save(rules, path) != ERROR_SUCCESS)
    die("cannot save the rules");
  if ((f = fopen(path, "rb")) == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
    die("cannot read what was saved");
  fclose(f);
  printf("%ld\n", size);
}

static void do_reload(const char *path)
{
  YR_RULES *rules;
  uint64_t begin = now();
  if (yr_rules_load(path, &rules) != ERROR_SUCCESS)
    die("cannot load the rules");
  uint64_t taken = now() - begin;
  yr_rules_destroy(rules);
  printf("%llu\n", (unsigned long long) taken);
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

static YR_RULES *start(int argc, char **argv)
{
  YR_RULES *rules;

  if (argc == 3 && strcmp(argv[1], "-c") == 0)
  {
    if (yr_rules_load(argv[2], &rules) != ERROR_SUCCESS)
      die("cannot load the rules");
    return rules;
  }
  if (argc != 2)
    die("usage: peer RULES, or peer -c COMPILED");
  return compile(argv[1]);
}

static void answer(const char *line, YR_RULES *rules, YR_SCANNER *scanner, const char *source)
{
  size_t number, count;
  int flags;
  char path[4096];

  if (strcmp(line, "compile\n") == 0)
    do_compile(source);
  else if (strcmp(line, "peak\n") == 0)
    do_peak();
  else if (sscanf(line, "load %zu", &number) == 1)
    do_load(number);
  else if (sscanf(line, "scan %zu %zu %d", &number, &count, &flags) == 3)
    do_scan(scanner, number, count, flags);
  else if (sscanf(line, "all %zu %zu %d", &number, &count, &flags) == 3)
    do_all(rules, number, count, flags);
  else if (sscanf(line, "save %4095[^\n]", path) == 1)
    do_save(rules, path);
  else if (sscanf(line, "reload %4095[^\n]", path) == 1)
    do_reload(path);
  else
    die("unknown command");
  fflush(stdout);
}

int main(int argc, char **argv)
{
  YR_SCANNER *scanner;
  char line[5000];

  if (yr_initialize() != ERROR_SUCCESS)
    die("yara does not start");
  YR_RULES *rules = start(argc, argv);
  if (yr_scanner_create(rules, &scanner) != ERROR_SUCCESS)
    die("no scanner");
  while (fgets(line, sizeof line, stdin) != NULL)
    answer(line, rules, scanner, argv[argc - 1]);
  return 0;
}
