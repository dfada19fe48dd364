package yaracmd

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// Options are the flags of yara(1): those of 4.2 and of 4.5 together. The zero
// value is yara without flags.
type Options struct {
	// What to scan, and how.
	Recursive        bool
	NoFollowSymlinks bool
	ScanList         bool
	SkipLarger       int64 // bytes; 0 skips nothing. Counts for files met in directories only
	FastScan         bool
	CompiledRules    bool  // every rule file is compiled
	Threads          int   // 0: one for each processor
	Timeout          int64 // seconds for the whole run; 0 means none
	MaxRules         int64 // 0 means no end
	MaxStrings       int64 // per rule; 0 means yara's 10,000
	Define           []string
	ModuleData       []string

	// What of the matching rules to print.
	Tags        []string
	Identifiers []string
	Negate      bool
	Count       bool

	// How to print it.
	PrintStrings   bool
	PrintLength    bool
	PrintXorKey    bool
	PrintMeta      bool
	PrintTags      bool
	PrintNamespace bool
	PrintStats     bool
	NoConsole      bool

	NoWarnings     bool
	FailOnWarnings bool

	ModuleNames bool

	// Known to yara, refused here.
	PrintModuleData bool
	StrictEscape    bool

	// Known to yara, without meaning here.
	ignored struct {
		atomQuality string
		memoryChunk int64
		stackSize   int64
	}
}

// FlagGroup is flags that belong under one heading.
type FlagGroup struct {
	Title string
	Names []string
}

// FlagGroups are the headings of the flags; those not named stand last.
func FlagGroups() []FlagGroup {
	return []FlagGroup{
		{"What and how to scan", []string{"recursive", "no-follow-symlinks", "scan-list", "skip-larger", "fast-scan",
			"threads", "timeout", "max-rules", "define", "module-data", "max-strings-per-rule", "compiled-rules"}},
		{"What to print", []string{"tag", "identifier", "negate", "count", "print-strings", "print-string-length",
			"print-xor-key", "print-meta", "print-tags", "print-namespace", "print-stats", "disable-console-logs",
			"no-warnings", "fail-on-warnings"}},
	}
}

// bind declares the flags on a command.
func (o *Options) bind(c *cobra.Command) {
	o.bindScan(c)
	o.bindPrint(c)
	o.bindRest(c)
}

func (o *Options) bindScan(c *cobra.Command) {
	f := c.Flags()
	f.BoolVarP(&o.Recursive, "recursive", "r", false, "go into directories below")
	f.BoolVarP(&o.CompiledRules, "compiled-rules", "C", false, "take only rules made by vitrine rules compile")
	f.BoolVarP(&o.NoFollowSymlinks, "no-follow-symlinks", "N", false, "skip symbolic links met in directories")
	f.BoolVar(&o.ScanList, "scan-list", false, "the target lists what to scan, one path a line")
	f.Int64VarP(&o.SkipLarger, "skip-larger", "z", 0, "in directories, skip files of this `SIZE` in bytes and above")
	f.BoolVarP(&o.FastScan, "fast-scan", "f", false, "stop at the first match of a string where that is enough")
	f.IntVarP(&o.Threads, "threads", "p", 0, "scan this `NUMBER` of files at a time (default one per processor)")
	f.Int64VarP(&o.Timeout, "timeout", "a", 0, "give up after this many `SECONDS`")
	f.Int64VarP(&o.MaxRules, "max-rules", "l", 0, "stop after this `NUMBER` of matching rules")
	f.StringArrayVarP(&o.Define, "define", "d", nil, "define an external variable, `VAR=VALUE`; may be repeated")
	f.StringArrayVarP(&o.ModuleData, "module-data", "x", nil, "hand a file to a module, `MODULE=FILE`; may be repeated")
	f.Int64Var(&o.MaxStrings, "max-strings-per-rule", 0, "refuse rules with more strings than this `NUMBER` (default 10000)")
}

func (o *Options) bindPrint(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVarP(&o.Tags, "tag", "t", nil, "print only rules with this `TAG`; may be repeated")
	f.StringArrayVarP(&o.Identifiers, "identifier", "i", nil, "print only the rule of this `NAME`; may be repeated")
	f.BoolVarP(&o.Negate, "negate", "n", false, "print the rules that do not match")
	f.BoolVarP(&o.Count, "count", "c", false, "print only how many rules match")
	f.BoolVarP(&o.PrintStrings, "print-strings", "s", false, "print the strings found")
	f.BoolVarP(&o.PrintLength, "print-string-length", "L", false, "print the length of the strings found")
	f.BoolVarP(&o.PrintXorKey, "print-xor-key", "X", false, "print the key and the plain text of xor strings")
	f.BoolVarP(&o.PrintMeta, "print-meta", "m", false, "print metadata")
	f.BoolVarP(&o.PrintTags, "print-tags", "g", false, "print tags")
	f.BoolVarP(&o.PrintNamespace, "print-namespace", "e", false, "print the namespace of the rule")
	f.BoolVarP(&o.PrintStats, "print-stats", "S", false, "print the number of rules and strings")
	f.BoolVarP(&o.NoConsole, "disable-console-logs", "q", false, "do not print what console.log writes")
	f.BoolVarP(&o.NoWarnings, "no-warnings", "w", false, "do not print warnings")
	f.BoolVar(&o.FailOnWarnings, "fail-on-warnings", false, "treat warnings as errors")
}

func (o *Options) bindRest(c *cobra.Command) {
	f := c.Flags()
	f.BoolVarP(&o.ModuleNames, "module-names", "M", false, "list the modules that rules may import")
	f.BoolVarP(&o.PrintModuleData, "print-module-data", "D", false, "print what the imported modules find in a file, as YAML")
	f.BoolVarP(&o.StrictEscape, "strict-escape", "E", false, "warn of escapes in regular expressions that mean nothing")
	f.Int64VarP(&o.ignored.stackSize, "stack-size", "k", 0, "take a `NUMBER` for yara's sake, without effect")
	f.Int64Var(&o.ignored.memoryChunk, "max-process-memory-chunk", 0, "take a `NUMBER` for yara's sake, without effect")
	f.StringVar(&o.ignored.atomQuality, "atom-quality-table", "", "take a `FILE` for yara's sake, without effect")
}

// check refuses what cannot be done, before anything is read.
func (o *Options) check() error {
	switch {
	case o.Threads < 0:
		return fmt.Errorf("-p: %d is not a number of threads", o.Threads)
	case o.Timeout < 0:
		return fmt.Errorf("-a: %d is not a number of seconds", o.Timeout)
	case o.MaxRules < 0:
		return fmt.Errorf("-l: %d is not a number of rules", o.MaxRules)
	}
	return nil
}

func (o *Options) threads() int {
	if o.Threads > 0 {
		return o.Threads
	}
	return runtime.GOMAXPROCS(0)
}

func (o *Options) maxStrings() int64 {
	if o.MaxStrings > 0 {
		return o.MaxStrings
	}
	return 10_000
}

// wantsMatches says whether a line for each match is printed.
func (o *Options) wantsMatches() bool {
	return (o.PrintStrings || o.PrintLength || o.PrintXorKey) && !o.Count
}
