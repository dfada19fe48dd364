// Command conformanceclient lets a conformance suite drive the TUF client: it
// speaks the command line that tuf-conformance expects of a client under test.
// It is for that suite alone and ships with nothing.
//
//	conformanceclient --metadata-dir DIR init ROOT
//	conformanceclient --metadata-dir DIR --metadata-url URL refresh
//	conformanceclient --metadata-dir DIR --metadata-url URL --target-name PATH…
//	    --target-base-url URL --target-dir DIR download
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"vitrine/internal/chain/tuf"
	"vitrine/internal/durable"
)

func main() {
	if err := run(context.Background(), os.Args[1:], now(os.Getenv("FAKETIME")), os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "conformanceclient: %v\n", err)
		os.Exit(1)
	}
}

// now is the time that the suite wants it to be. It runs clients under
// faketime, which a program without libc does not notice but for a variable: by
// how many seconds the clock is off.
func now(faketime string) time.Time {
	offset, _ := strconv.ParseInt(faketime, 10, 64) // not set: the true time
	return time.Now().Add(time.Duration(offset) * time.Second)
}

// options is the command line.
type options struct {
	metadataDir, metadataURL string
	targetDir, targetURL     string
	targets                  names
	now                      time.Time
}

// names is a flag that may be repeated.
type names []string

// String implements flag.Value.
func (n *names) String() string { return strings.Join(*n, " ") }

// Set implements flag.Value.
func (n *names) Set(name string) error {
	*n = append(*n, name)
	return nil
}

func run(ctx context.Context, args []string, at time.Time, stderr io.Writer) error {
	o := options{now: at}
	set := flag.NewFlagSet("conformanceclient", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.StringVar(&o.metadataDir, "metadata-dir", "", "the `folder` of trusted metadata")
	set.StringVar(&o.metadataURL, "metadata-url", "", "the `URL` of the repository's metadata")
	set.StringVar(&o.targetDir, "target-dir", "", "the `folder` for downloaded targets")
	set.StringVar(&o.targetURL, "target-base-url", "", "the `URL` of the repository's targets")
	set.Var(&o.targets, "target-name", "the `path` of a target; may be repeated")
	if err := set.Parse(args); err != nil {
		return err
	}
	if o.metadataDir == "" {
		return errors.New("--metadata-dir is missing")
	}
	switch command := set.Arg(0); {
	case command == "init" && set.NArg() == 2:
		return o.initialise(set.Arg(1))
	case command == "refresh" && set.NArg() == 1:
		_, err := o.refresh(ctx)
		return err
	case command == "download" && set.NArg() == 1:
		return o.download(ctx)
	}
	return errors.New("expected init ROOT, refresh or download")
}

// initialise makes a root the one that is trusted.
func (o *options) initialise(from string) error {
	root, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return (durable.Disk{}).WriteFile(filepath.Join(o.metadataDir, "root.json"), root, 0o644)
}

func (o *options) refresh(ctx context.Context) (*tuf.Client, error) {
	c, err := tuf.New(tuf.Config{Store: tuf.Store{Dir: o.metadataDir}, Fetcher: web{o.metadataURL}, Now: o.now})
	if err != nil {
		return nil, err
	}
	return c, c.Refresh(ctx)
}

// download gets targets in order, and stops at the first that it does not get.
func (o *options) download(ctx context.Context) error {
	if o.targetDir == "" || o.targetURL == "" || len(o.targets) == 0 {
		return errors.New("download needs --target-name, --target-dir and --target-base-url")
	}
	c, err := o.refresh(ctx)
	if err != nil {
		return err
	}
	for _, name := range o.targets {
		if err := o.get(ctx, c, name); err != nil {
			return err
		}
	}
	return nil
}

// get gets one target, unless it is here already.
func (o *options) get(ctx context.Context, c *tuf.Client, name string) error {
	target, err := c.Target(ctx, name)
	if err != nil {
		return err
	}
	file := filepath.Join(o.targetDir, url.PathEscape(name))
	if data, err := os.ReadFile(file); err == nil && target.Check(data) == nil {
		return nil
	}
	at, err := c.Published(target)
	if err != nil {
		return err
	}
	data, err := web{o.targetURL}.Fetch(ctx, (&url.URL{Path: at}).EscapedPath(), target.Length)
	if err != nil {
		return err
	}
	if err := target.Check(data); err != nil {
		return err
	}
	return (durable.Disk{}).WriteFile(file, data, 0o644)
}
