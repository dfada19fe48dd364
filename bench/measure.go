package bench

import (
	"fmt"
	"time"
)

// Times holds the least time each file of a corpus took so far.
type Times []time.Duration

// Total is the sum over the files.
func (t Times) Total() time.Duration {
	var sum time.Duration
	for _, d := range t {
		sum += d
	}
	return sum
}

// keep lowers the i-th time.
func (t Times) keep(i int, d time.Duration) {
	if t[i] == 0 || d < t[i] {
		t[i] = max(d, time.Nanosecond)
	}
}

// Round lets one contender scan the whole corpus once, in order, so that its
// tables are as warm as in a real scan, and keeps what was faster than before.
func Round(c Contender, corpus Corpus, best Times) ([]Verdict, error) {
	scans, err := c.Scan(len(corpus.Files))
	if err != nil {
		return nil, fmt.Errorf("scan %s: %w", corpus.Name, err)
	}
	verdicts := make([]Verdict, len(scans))
	for i, s := range scans {
		best.keep(i, s.Taken)
		verdicts[i] = s.Verdict
	}
	return verdicts, nil
}

// SameVerdicts names the first file on which two contenders disagree.
func SameVerdicts(corpus Corpus, own, peer []Verdict) error {
	for i, f := range corpus.Files {
		if own[i] != peer[i] {
			return fmt.Errorf("%s: %d rules match here, %d in the peer, or other ones", f.Name, own[i].Count, peer[i].Count)
		}
	}
	return nil
}

// Line is one line of the table of results: what was scanned, and the time of
// both. Peer is 0 where there was none.
type Line struct {
	Rules, Corpus, Answer string
	Files                 int
	Bytes                 int64
	Own, Peer             time.Duration
}

// Speed is in MB (10^6 bytes) per second.
func Speed(bytes int64, d time.Duration) float64 {
	return float64(bytes) / 1e6 / d.Seconds()
}

// Ratio says how many times faster we are; 0 without a peer.
func (l Line) Ratio() float64 { return float64(l.Peer) / float64(l.Own) }
