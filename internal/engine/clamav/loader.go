package clamav

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"vitrine/internal/engine/clamav/certs"
	"vitrine/internal/engine/clamav/container"
	"vitrine/internal/engine/clamav/digests"
	"vitrine/internal/engine/clamav/sigtext"
)

// Config says what to load.
type Config struct {
	// Unwanted also loads signatures of potentially unwanted programs: files
	// whose type ends in u. ClamAV too does so only when told.
	Unwanted bool
	// NoCertificates leaves out .crb files: the signatures of programs are then
	// not looked at.
	NoCertificates bool
	// Now tells whether the certificate of a program without a time stamp is
	// valid. Nil: it is not known to be, and the program not trusted.
	Now func() time.Time
}

// Loader gathers databases into a Database.
type Loader struct {
	config   Config
	report   *Report
	ignored  ignored
	objects  digests.Builder
	sections digests.Builder
	trusted  digests.Builder
	members  []memberSignature
	certs    []certs.Entry
	macros   sigtext.Macros
	texts    []pending
	waiting  []waiting // logical signatures with macros, until all groups are known
	files    []rulesFile
}

// pending is the text of one body signature, and where it stands.
type pending struct {
	kind, file string
	line       int
	text       *sigtext.Signature
}

type waiting struct {
	kind, file string
	line       int
	text       string
}

// rulesFile is a file of YARA rules.
type rulesFile struct {
	kind, name string
	text       []byte
}

// NewLoader makes an empty Loader.
func NewLoader(c Config) *Loader {
	return &Loader{config: c, report: newReport(), macros: sigtext.Macros{}, ignored: newIgnored()}
}

// Report tells what became of everything read so far. After Finish it is
// complete.
func (l *Loader) Report() *Report { return l.report }

// kindOf is the type of a database: what stands behind the last dot.
func kindOf(name string) string {
	return strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
}

// Order tells when a file of a directory is to be read: lists of signatures to
// ignore come first. A negative order means that the file is no database.
func Order(name string) int {
	switch kind := kindOf(name); {
	case kind == "ign" || kind == "ign2":
		return 0
	case container.Named(kind):
		return 1
	case lineKinds(kind) != nil || kind == "yara" || kind == "yar" || whyNot(kind) != "":
		return 2
	}
	return -1
}

// Add reads one database. What is wrong with its lines is in the Report; the
// error is the reader's, or says that a container is not what was signed: the
// Loader must then not be used any more.
func (l *Loader) Add(name string, r io.Reader) error {
	kind := kindOf(name)
	if !container.Named(kind) {
		return l.file(name, name, r)
	}
	var licence []byte
	head, trust, err := container.Read(r, kind != "cvd", func(inner string, r io.Reader) (err error) {
		if inner == "COPYING" {
			licence, err = io.ReadAll(io.LimitReader(r, maxLicence))
			return err
		}
		return l.file(inner, name+"!"+inner, r)
	})
	if err != nil {
		return fmt.Errorf("load %s: %w", name, err)
	}
	l.report.Containers = append(l.report.Containers, ContainerNote{name, head.Version, head.Time, head.Builder, licence, trust})
	return refusal(name, trust)
}

// refusal is the error for a container that somebody changed.
func refusal(name string, t container.Trust) error {
	switch container.Bad {
	case t.MD5:
		return fmt.Errorf("load %s: it is damaged: its MD5 is not that of the header", name)
	case t.Header:
		return fmt.Errorf("load %s: its digital signature is not that of ClamAV's makers", name)
	case t.List:
		return fmt.Errorf("load %s: %s", name, t.Detail)
	}
	return nil
}

// file reads one database that is no container; show is its name in messages.
func (l *Loader) file(name, show string, r io.Reader) error {
	kind := kindOf(name)
	if why := whyNot(kind); why != "" {
		return l.skip(kind, why, show, r)
	}
	if kind == "yara" || kind == "yar" {
		text, err := io.ReadAll(io.LimitReader(r, maxRules))
		if err != nil {
			return fmt.Errorf("load %s: %w", show, err)
		}
		l.files = append(l.files, rulesFile{kind, show, text})
		return nil
	}
	handle := lineKinds(kind)
	if handle == nil {
		return nil
	}
	if unwanted(kind) && !l.config.Unwanted || kind == "crb" && l.config.NoCertificates {
		handle = func(*Loader, *entry) error { return errIgnored }
	}
	return l.lines(kind, show, r, handle)
}

// maxLicence is the most that is read of the licence in a container, in bytes.
const maxLicence = 1 << 20

// maxRules is the largest file of YARA rules, in bytes.
const maxRules = 64 << 20

// entry is one line.
type entry struct {
	kind, file string
	line       int
	text       string
}

// errIgnored is that a line is left out on purpose.
var errIgnored = errors.New("ignored")

// lines calls handle for every line that says something.
func (l *Loader) lines(kind, show string, r io.Reader, handle func(*Loader, *entry) error) error {
	in := bufio.NewReaderSize(r, sigtext.MaxLine)
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("load %s: %w", show, err)
		}
		if long {
			l.report.malformed(kind, Problem{show, n, "the line is too long"})
		} else if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 && line[0] != '#' {
			l.entry(&entry{kind, show, n, string(line)}, handle)
		}
		if err != nil {
			return nil
		}
	}
}

// entry handles one line and counts what became of it.
func (l *Loader) entry(e *entry, handle func(*Loader, *entry) error) {
	err := handle(l, e)
	var no sigtext.Unsupported
	switch {
	case err == nil:
		l.report.count(e.kind).Loaded++
	case errors.Is(err, errIgnored) || errors.Is(err, sigtext.ErrLevel):
		l.report.count(e.kind).Ignored++
	case errors.As(err, &no):
		l.report.unsupported(e.kind, string(no))
	default:
		l.report.malformed(e.kind, Problem{e.file, e.line, err.Error()})
	}
}

// skip counts the signatures of a file that is not supported: its lines, or
// one for a file that is no list.
func (l *Loader) skip(kind, why, show string, r io.Reader) error {
	if kind == "cbc" || kind == "cat" || kind == "ioc" {
		l.report.unsupported(kind, why)
		return nil
	}
	return l.lines(kind, show, r, func(*Loader, *entry) error { return sigtext.Unsupported(why) })
}
