package bench

import (
	"bufio"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed peer
var peerSources embed.FS

// ErrNoPeer says that a library cannot be measured file by file here: it takes
// a C compiler and the library with headers (Debian: gcc, libyara-dev).
var ErrNoPeer = errors.New("no C compiler, or no library with headers")

// BuildPeer compiles the measuring program of libyara into dir.
func BuildPeer(dir string) (string, error) { return build(dir, "peer", "-pthread", "-lyara") }

// BuildClam compiles the measuring program of libclamav into dir.
func BuildClam(dir string) (string, error) { return build(dir, "clam", "-lclamav") }

// YaraXScript writes the measuring program of YARA-X, which node runs, into dir.
func YaraXScript(dir string) (string, error) { return unpackSource(dir, "yarax.mjs") }

func build(dir, name string, flags ...string) (string, error) {
	source, err := unpackSource(dir, name+".c")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, name)
	out, err := exec.Command("cc", append([]string{"-O2", "-o", binary, source}, flags...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %v\n%s", ErrNoPeer, err, out)
	}
	return binary, nil
}

func unpackSource(dir, name string) (string, error) {
	text, err := peerSources.ReadFile("peer/" + name)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	return path, os.WriteFile(path, text, 0o600)
}

// Peer is a contender in a process of its own, which holds the compiled rules
// and the files and speaks the protocol told in peer/peer.c.
type Peer struct {
	Flags int // with every scan; what they mean is the process's business

	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	first int // index in the process of the corpus's first file
	count int
}

// matching is libyara's SCAN_FLAGS_REPORT_RULES_MATCHING, which the yara command
// sets. Fast mode is off.
const matching = 8

// StartPeer starts the program of BuildPeer and has it compile the rules.
func StartPeer(binary, rules string) (*Peer, error) {
	p, err := Start(exec.Command(binary, rules))
	if err == nil {
		p.Flags = matching
	}
	return p, err
}

// Start starts a program that speaks the protocol.
func Start(cmd *exec.Cmd) (*Peer, error) {
	p := &Peer{cmd: cmd}
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in, p.out = in, bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the peer: %w", err)
	}
	return p, nil
}

// Close ends the process.
func (p *Peer) Close() error {
	p.in.Close()
	return p.cmd.Wait()
}

// Load hands the process the files that Scan counts from now on.
func (p *Peer) Load(files []File) error {
	p.first = p.count
	for _, f := range files {
		if _, err := fmt.Fprintf(p.in, "load %d\n%s", len(f.Data), f.Data); err != nil {
			return fmt.Errorf("peer: load %s: %w", f.Name, err)
		}
		var index int
		if _, err := fmt.Fscanln(p.out, &index); err != nil {
			return fmt.Errorf("peer: load %s: %w", f.Name, err)
		}
		p.count++
	}
	return nil
}

// ask sends one command and reads the line that answers it.
func (p *Peer) ask(command string, answer ...any) error {
	if _, err := io.WriteString(p.in, command+"\n"); err != nil {
		return fmt.Errorf("peer: %s: %w", command, err)
	}
	if _, err := fmt.Fscanln(p.out, answer...); err != nil {
		return fmt.Errorf("peer: %s: %w", command, err)
	}
	return nil
}

// Compile measures one compilation.
func (p *Peer) Compile() (time.Duration, error) { return p.askTime("compile") }

// Scan implements Contender. The process scans file after file without waiting
// for us in between, so that its tables stay warm.
func (p *Peer) Scan(n int) ([]Scanned, error) {
	if n == 0 {
		return nil, nil
	}
	all := make([]Scanned, n)
	if _, err := fmt.Fprintf(p.in, "scan %d %d %d\n", p.first, n, p.Flags); err != nil {
		return nil, fmt.Errorf("peer: scan: %w", err)
	}
	for i := range all {
		var taken int64
		if _, err := fmt.Fscanln(p.out, &taken, &all[i].Count, &all[i].Sum); err != nil {
			return nil, fmt.Errorf("peer: scan file %d: %w", i, err)
		}
		all[i].Taken = time.Duration(taken)
	}
	return all, nil
}

// All measures how long so many threads together take for the loaded files.
func (p *Peer) All(threads int) (time.Duration, error) {
	return p.askTime(fmt.Sprintf("all %d %d %d", p.first, p.count-p.first, threads))
}

// Save writes the compiled rules to a file and gives its size.
func (p *Peer) Save(path string) (size int64, err error) {
	err = p.ask("save "+path, &size)
	return size, err
}

// Reload measures one loading of compiled rules.
func (p *Peer) Reload(path string) (time.Duration, error) { return p.askTime("reload " + path) }

// Peak is the most memory the process held so far, in bytes.
func (p *Peer) Peak() (bytes int64, err error) {
	err = p.ask("peak", &bytes)
	return bytes, err
}

func (p *Peer) askTime(command string) (time.Duration, error) {
	var taken int64
	err := p.ask(command, &taken)
	return time.Duration(taken), err
}
