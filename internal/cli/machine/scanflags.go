package machine

import (
	"strings"
	"time"

	"vitrine/internal/cli/machine/scanreport"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/state"
	"vitrine/internal/cli/term"
	"vitrine/internal/engine/limit"

	"github.com/spf13/cobra"
)

// scanOptions is the command line of scan.
type scanOptions struct {
	rules, hashes, allow []string
	clamav               []string
	clamavPUA            bool
	clamavNoCerts        bool
	noDefaultRules       bool
	state                string
	passwordFile         string

	exclude       []string
	fileList      string
	null          bool
	oneFileSystem bool
	noUnpack      bool

	maxFileSize, maxScanSize, maxMemory, maxDict term.Size
	maxFiles, maxDepth                           int
	maxRatio                                     int64
	maxTime                                      time.Duration
	jobs                                         int

	format    string
	json      bool
	matches   bool
	quiet     bool
	noSummary bool
	strict    bool
	color     term.When
}

func newScanOptions() *scanOptions {
	l := limit.Limits{}.Filled()
	return &scanOptions{
		color:       term.Auto,
		maxScanSize: term.Size(l.MaxTotal), maxMemory: term.Size(l.MaxMemory), maxDict: term.Size(l.MaxDict),
		maxFiles: l.MaxFiles, maxDepth: l.MaxDepth, maxRatio: l.MaxRatio, maxTime: l.MaxTime,
	}
}

func (o *scanOptions) bind(c *cobra.Command) {
	o.bindLookFor(c)
	o.bindLookAt(c)
	o.bindLimits(c)
	o.bindOutput(c)
}

func (o *scanOptions) bindLookFor(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVar(&o.rules, "rules", nil, "also use the rules in `FILE|DIR|ZIP` (*.yar, *.yara, or compiled); repeatable")
	f.BoolVar(&o.noDefaultRules, "no-default-rules", false, "use neither the installed bundles nor the rules that come with vitrine")
	state.Flag(c, &o.state)
	f.StringArrayVar(&o.hashes, "hashes", nil, "find what has a digest (SHA-256, SHA-1, MD5) listed in `FILE`; repeatable")
	f.StringArrayVar(&o.allow, "allow", nil, "let be what has a digest listed in `FILE`, with all inside it; repeatable")
	f.StringArrayVar(&o.clamav, "clamav", nil, "also find what ClamAV's databases in `DIR|FILE` describe; repeatable")
	f.BoolVar(&o.clamavPUA, "clamav-pua", false, "with --clamav, also load databases of potentially unwanted programs (*.ldu and others)")
	f.BoolVar(&o.clamavNoCerts, "clamav-no-certs", false, "with --clamav, judge no program by who signed it (*.crb)")
	f.StringVar(&o.passwordFile, "password-file", "", "try the passwords in `FILE`, one a line, on encrypted archives, after \"infected\" and \"virus\"")
	page.Group(c, "What to look for", "rules", "no-default-rules", "state", "hashes", "allow", "clamav", "clamav-pua", "clamav-no-certs", "password-file")
}

func (o *scanOptions) bindLookAt(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVar(&o.exclude, "exclude", nil, "leave out what matches `PATTERN`; repeatable")
	f.StringVar(&o.fileList, "file-list", "", "scan the paths in `FILE` too, one a line; - is standard input")
	f.BoolVarP(&o.null, "null", "0", false, "the paths of --file-list end in NUL bytes, not in newlines")
	f.BoolVar(&o.oneFileSystem, "one-file-system", false, "do not enter directories of other file systems")
	f.BoolVar(&o.noUnpack, "no-unpack", false, "do not look inside archives")
	page.Group(c, "What to look at", "exclude", "file-list", "null", "one-file-system", "no-unpack")
}

func (o *scanOptions) bindLimits(c *cobra.Command) {
	f := c.Flags()
	f.Var(&o.maxFileSize, "max-filesize", "largest file, and largest member of an archive, as a `SIZE` (default: any file, members of 128M)")
	f.Var(&o.maxScanSize, "max-scansize", "most bytes to unpack from one file, as a `SIZE`")
	f.Var(&o.maxMemory, "max-memory", "most unpacked bytes to hold in memory for one file, as a `SIZE`")
	f.IntVar(&o.maxFiles, "max-files", o.maxFiles, "most members to unpack from one file")
	f.IntVar(&o.maxDepth, "max-depth", o.maxDepth, "deepest nesting of archives in archives")
	f.Int64Var(&o.maxRatio, "max-ratio", o.maxRatio, "most bytes to unpack from one packed byte, once 16M are out")
	f.Var(&o.maxDict, "max-dict", "largest dictionary of a decompressor, as a `SIZE`")
	f.DurationVar(&o.maxTime, "max-time", o.maxTime, "longest `TIME` for one file, such as 30s")
	f.IntVarP(&o.jobs, "jobs", "j", 0, "`NUMBER` of files to scan at once (default: one for each processor)")
	page.Group(c, "Limits", append(limitFlags(), "jobs")...)
}

func limitFlags() []string {
	return []string{"max-filesize", "max-scansize", "max-memory", "max-files", "max-depth", "max-ratio", "max-dict", "max-time"}
}

func (o *scanOptions) bindOutput(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.format, "format", "text", "`FORMAT` of standard output: text, json, ndjson or sarif")
	f.BoolVar(&o.json, "json", false, "the same as --format json")
	f.BoolVar(&o.matches, "matches", false, "show where the strings of a rule were found")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print findings and errors only")
	f.BoolVar(&o.noSummary, "no-summary", false, "do not print the summary")
	f.BoolVar(&o.strict, "strict", false, "exit 2 when anything is unread or incomplete, or a line of --clamav is malformed")
	f.Var(&o.color, "color", "auto, always or never")
	page.Group(c, "Output", "format", "json", "matches", "quiet", "no-summary", "strict", "color")
	// Completion of values is a courtesy: an error here means a misspelt flag name, which bind's test would show.
	_ = c.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(scanreport.Formats(), cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
}

// check refuses what cannot be meant.
func (o *scanOptions) check(c *cobra.Command, paths []string) error {
	if o.json {
		if c.Flags().Changed("format") && o.format != "json" {
			return term.Usage(c, "--json and --format %s contradict each other", o.format)
		}
		o.format = "json"
	}
	if scanreport.New(o.format, nil, term.Paint{}) == nil {
		return term.Usage(c, "--format: %q is not %s", o.format, term.Alternatives("", scanreport.Formats()))
	}
	switch {
	case len(paths) == 0 && o.fileList == "":
		return term.Usage(c, "nothing to scan: name a file or directory, or - for standard input")
	case o.null && o.fileList == "":
		return term.Usage(c, "--null says how --file-list is written, and there is none")
	case o.noDefaultRules && len(o.rules) == 0 && len(o.hashes) == 0 && len(o.clamav) == 0:
		return term.Usage(c, "nothing to look for: --no-default-rules needs --rules, --hashes or --clamav")
	case o.clamavPUA && len(o.clamav) == 0:
		return term.Usage(c, "--clamav-pua says how --clamav is read, and there is none")
	case o.clamavNoCerts && len(o.clamav) == 0:
		return term.Usage(c, "--clamav-no-certs says how --clamav is read, and there is none")
	}
	for _, name := range append(limitFlags(), "jobs") {
		if f := c.Flags().Lookup(name); f.Changed && strings.Trim(f.Value.String(), "0s") == "" || f.Value.String()[0] == '-' {
			return term.Usage(c, "--%s: %s is not above zero", name, f.Value)
		}
	}
	return o.checkStdin(c, paths)
}

func (o *scanOptions) checkStdin(c *cobra.Command, paths []string) error {
	readers := 0
	for _, path := range paths {
		if path == "-" {
			readers++
		}
	}
	if o.fileList == "-" {
		readers++
	}
	if readers > 1 {
		return term.Usage(c, "standard input can be read only once")
	}
	return nil
}

func (o *scanOptions) limits() limit.Limits {
	return limit.Limits{
		MaxObject: int64(o.maxFileSize),
		MaxTotal:  int64(o.maxScanSize),
		MaxMemory: int64(o.maxMemory),
		MaxFiles:  o.maxFiles,
		MaxDepth:  o.maxDepth,
		MaxRatio:  o.maxRatio,
		MaxDict:   int64(o.maxDict),
		MaxTime:   o.maxTime,
	}
}
