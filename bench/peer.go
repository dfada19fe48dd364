package bench

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed peer/peer.c
var peerSource []byte

// ErrNoPeer says that libyara cannot be measured file by file here: it takes
// a C compiler and libyara's headers (Debian: gcc, libyara-dev).
var ErrNoPeer = errors.New("no C compiler, or no libyara with headers")

// BuildPeer compiles the measuring program of peer/peer.c into dir.
func BuildPeer(dir string) (string, error) {
	source, binary := filepath.Join(dir, "peer.c"), filepath.Join(dir, "peer")
	if err := os.WriteFile(source, peerSource, 0o600); err != nil {
		return "", err
	}
	out, err := exec.Command("cc", "-O2", "-o", binary, source, "-lyara").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %v\n%s", ErrNoPeer, err, out)
	}
	return binary, nil
}

// Peer is libyara as a contender, in a process of its own that holds the
// compiled rules and the files.
type Peer struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	first int // index in the process of the corpus's first file
	count int
}

// StartPeer starts the program and has it compile the rules.
func StartPeer(binary, rules string) (*Peer, error) {
	p := &Peer{cmd: exec.Command(binary, rules)}
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

// Compile measures one compilation.
func (p *Peer) Compile() (time.Duration, error) {
	if _, err := io.WriteString(p.in, "compile\n"); err != nil {
		return 0, fmt.Errorf("peer: compile: %w", err)
	}
	var taken int64
	_, err := fmt.Fscanln(p.out, &taken)
	return time.Duration(taken), err
}

// Scan implements Contender. Fast mode is off.
func (p *Peer) Scan(i int) (Verdict, time.Duration, error) {
	const reportMatching = 8 // SCAN_FLAGS_REPORT_RULES_MATCHING, as the command sets
	if _, err := fmt.Fprintf(p.in, "scan %d %d\n", p.first+i, reportMatching); err != nil {
		return Verdict{}, 0, fmt.Errorf("peer: scan: %w", err)
	}
	var taken int64
	var v Verdict
	if _, err := fmt.Fscanln(p.out, &taken, &v.Count, &v.Sum); err != nil {
		return Verdict{}, 0, fmt.Errorf("peer: scan: %w", err)
	}
	return v, time.Duration(taken), nil
}
