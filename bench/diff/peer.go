package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// peer is the yara command with one set of compiled rules.
type peer struct {
	command  string
	compiled string
	dir      string        // where it may write
	timeout  time.Duration // per file
}

// scan gives an answer for each file, nil where yara did not finish in time.
// Files that did not get their turn are tried again, one by one.
func (p peer) scan(files []string) ([]Answer, error) {
	answers, failed, err := p.run(files)
	if err != nil || len(files) == 1 {
		return answers, err
	}
	for i, name := range files {
		if !failed[name] {
			continue
		}
		again, _, err := p.run(files[i : i+1])
		if err != nil {
			return nil, err
		}
		answers[i] = again[0]
	}
	return answers, nil
}

// run scans the files with one process. The time yara is given is for all of
// them together: it knows no other.
func (p peer) run(files []string) ([]Answer, map[string]bool, error) {
	list, err := os.CreateTemp(p.dir, "list")
	if err != nil {
		return nil, nil, err
	}
	defer os.Remove(list.Name())
	_, err = io.WriteString(list, strings.Join(files, "\n")+"\n")
	if err := firstOf(err, list.Close()); err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(p.command, "-w", "-L", "-e", "-p", "1", "-k", "65536",
		"-a", strconv.Itoa(int(p.timeout/time.Second)), "--scan-list", "-C", p.compiled, list.Name())
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("start %s: %w", filepath.Base(p.command), err)
	}
	found, err := readAnswers(out)
	failed := failures(complaints.String) // read after Wait
	if wait := cmd.Wait(); wait != nil && len(failed()) == 0 {
		return nil, nil, fmt.Errorf("%s: %w: %s", filepath.Base(p.command), wait, complaints.String())
	}
	if err != nil {
		return nil, nil, err
	}
	return inOrder(files, found, failed()), failed(), nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// inOrder lines the answers up with the files: nothing said means nothing
// found, unless it failed.
func inOrder(files []string, found map[string]Answer, failed map[string]bool) []Answer {
	answers := make([]Answer, len(files))
	for i, name := range files {
		switch {
		case failed[name]:
		case found[name] == nil:
			answers[i] = Answer{}
		default:
			answers[i] = found[name]
		}
	}
	return answers
}

// failures reads "error scanning NAME: REASON".
func failures(complaints func() string) func() map[string]bool {
	return func() map[string]bool {
		failed := map[string]bool{}
		for _, line := range strings.Split(complaints(), "\n") {
			if rest, ok := strings.CutPrefix(line, "error scanning "); ok {
				if end := strings.LastIndex(rest, ": "); end >= 0 {
					failed[rest[:end]] = true
				}
			}
		}
		return failed
	}
}

// readAnswers reads what yara -L -e prints: "NAMESPACE:RULE FILE", and under it
// "0xOFFSET:LENGTH:$NAME" for each match. Other lines are what rules log.
func readAnswers(r io.Reader) (map[string]Answer, error) {
	found := map[string]Answer{}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 1<<16), 1<<24)
	var answer Answer
	var rule string
	for lines.Scan() {
		line := lines.Text()
		if hit, ok := parseHit(line); ok && answer != nil {
			answer[rule] = append(answer[rule], hit)
			continue
		}
		name, file, ok := strings.Cut(line, " ")
		if !ok || !isRuleName(name) {
			continue
		}
		if rule, answer = name, found[file]; answer == nil {
			answer = Answer{}
			found[file] = answer
		}
		answer[rule] = nil
	}
	return found, lines.Err()
}

// isRuleName holds for n12:rule: the namespaces are ours.
func isRuleName(s string) bool {
	space, rule, ok := strings.Cut(s, ":")
	if !ok || len(space) < 2 || space[0] != 'n' || rule == "" {
		return false
	}
	_, err := strconv.Atoi(space[1:])
	return err == nil
}

func parseHit(line string) (Hit, bool) {
	rest, ok := strings.CutPrefix(line, "0x")
	if !ok {
		return Hit{}, false
	}
	parts := strings.SplitN(rest, ":", 3)
	if len(parts) != 3 {
		return Hit{}, false
	}
	offset, err := strconv.ParseInt(parts[0], 16, 64)
	if err != nil {
		return Hit{}, false
	}
	length, err := strconv.Atoi(parts[1])
	return Hit{offset, length, parts[2]}, err == nil
}
