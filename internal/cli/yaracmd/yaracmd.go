// Package yaracmd is the command line of yara(1) over the library yara: the
// same flags, the same lines on stdout, the same shape of messages on stderr,
// so that somebody who knows yara changes one word.
//
// It follows yara 4.5 where 4.2 and 4.5 differ. It reads rules and targets,
// and writes nothing but its two output streams; it never opens archives,
// never reads the memory of a process and never loads rules compiled by yarac,
// only those of vitrine rules compile. Where it leaves yara's ways on purpose,
// the help of the command says so.
package yaracmd

import (
	"context"
	"fmt"
	"sync"

	"vitrine/internal/cli/term"
	"vitrine/yara"
)

// Run does what the options and the arguments (rule files, then one target)
// ask. The error is nil when everything asked for was scanned, whether or not
// a rule matched; the context's cause when it ended first; term.ErrReported
// otherwise.
func Run(ctx context.Context, env term.Env, o Options, args []string) error {
	c := &call{env: env, options: o, out: newOutput(env.Stdout)}
	err := c.run(ctx, args)
	if werr := c.out.flush(); werr != nil && err == nil {
		err = fmt.Errorf("write the answer: %w", werr)
	}
	return err
}

// call is one run of the command.
type call struct {
	env     term.Env
	options Options
	out     *output

	externals map[string]any // for rules that were compiled before; nil: all have their values

	telling sync.Mutex // one message at a time on stderr
}

func (c *call) run(ctx context.Context, args []string) error {
	if c.options.ModuleNames {
		return c.answer(yara.Modules()...)
	}
	if err := c.options.check(); err != nil {
		return c.fail("error: %v", err)
	}
	return c.compileAndScan(ctx, args[:len(args)-1], args[len(args)-1])
}

func (c *call) compileAndScan(ctx context.Context, files []string, target string) error {
	externals, err := Externals(c.options.Define)
	if err != nil {
		return c.fail("error: %v", err)
	}
	data, err := readModuleData(c.options.ModuleData)
	if err != nil {
		return c.fail("error: %v", err)
	}
	rules, err := c.compile(files, externals)
	if err != nil {
		return err
	}
	if c.options.PrintStats {
		c.printStats(rules)
	}
	return c.scan(ctx, rules, data, target)
}

// answer writes whole lines to stdout.
func (c *call) answer(lines ...string) error {
	p := c.out.page()
	defer p.close()
	for _, l := range lines {
		p.printf("%s\n", l)
	}
	return nil
}

// tell writes one message to stderr, as one line.
func (c *call) tell(format string, args ...any) {
	c.telling.Lock()
	defer c.telling.Unlock()
	fmt.Fprintln(c.env.Stderr, term.Clean(fmt.Sprintf(format, args...)))
}

// fail tells and returns term.ErrReported.
func (c *call) fail(format string, args ...any) error {
	c.tell(format, args...)
	return term.ErrReported
}

// warn tells unless warnings are switched off.
func (c *call) warn(format string, args ...any) {
	if !c.options.NoWarnings {
		c.tell(format, args...)
	}
}

// printStats prints the two figures of yara's statistics that do not describe
// the insides of its automaton.
func (c *call) printStats(rules *yara.Rules) {
	patterns := 0
	for r := range rules.All() {
		patterns += len(r.Strings)
	}
	p := c.out.page()
	defer p.close()
	p.printf("number of rules                    : %d\n", rules.Len())
	p.printf("number of strings                  : %d\n", patterns)
}
