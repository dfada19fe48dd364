/*
 * peer holds the C implementation of YARA still for measuring. It compiles one
 * file of rules, then reads commands from standard input, one a line, and
 * answers each with one line:
 *
 *   compile            nanoseconds one compilation of the rules takes
 *   load SIZE          followed by SIZE bytes: keeps them as the next file
 *   scan INDEX FLAGS   nanoseconds, number of matching rules, sum of the
 *                      FNV-1a hashes of their names
 *
 * One scanner is used for all files, as the yara command does per thread.
 * Build: cc -O2 -o peer peer.c -lyara
 */
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

static void do_scan(YR_SCANNER *scanner, size_t index, int flags)
{
  if (index >= file_count)
    die("no such file");
  struct verdict v = {0, 0};
  yr_scanner_set_callback(scanner, on_message, &v);
  yr_scanner_set_flags(scanner, flags);

  uint64_t begin = now();
  int result = yr_scanner_scan_mem(scanner, files[index].data, files[index].size);
  uint64_t taken = now() - begin;

  if (result != ERROR_SUCCESS)
    die("a scan failed");
  printf(
      "%llu %llu %llu\n",
      (unsigned long long) taken,
      (unsigned long long) v.count,
      (unsigned long long) v.sum);
}

int main(int argc, char **argv)
{
  YR_SCANNER *scanner;
  char line[128];

  if (argc != 2)
    die("usage: peer RULES");
  if (yr_initialize() != ERROR_SUCCESS)
    die("yara does not start");
  YR_RULES *rules = compile(argv[1]);
  if (yr_scanner_create(rules, &scanner) != ERROR_SUCCESS)
    die("no scanner");

  while (fgets(line, sizeof line, stdin) != NULL)
  {
    size_t number;
    int flags;
    if (strcmp(line, "compile\n") == 0)
      do_compile(argv[1]);
    else if (sscanf(line, "load %zu", &number) == 1)
      do_load(number);
    else if (sscanf(line, "scan %zu %d", &number, &flags) == 2)
      do_scan(scanner, number, flags);
    else
      die("unknown command");
    fflush(stdout);
  }
  return 0;
}
