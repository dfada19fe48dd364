package guard

import (
	"sync/atomic"
	"time"
)

// counters are what the guard counts.
type counters struct {
	events, own, excluded, hits, ignored, scans       atomic.Int64
	timeouts, crowded, blocked, detections, uncertain atomic.Int64
	killed, kept, starved, overflows, failedAnswers   atomic.Int64
	latency                                           [len(bounds) + 1]atomic.Int64
	latencySum                                        atomic.Int64
}

// bounds are the upper ends of the latency's buckets; one without an end follows.
var bounds = [...]time.Duration{
	10 * time.Microsecond, 30 * time.Microsecond, 100 * time.Microsecond, 300 * time.Microsecond,
	time.Millisecond, 3 * time.Millisecond, 10 * time.Millisecond, 30 * time.Millisecond,
	100 * time.Millisecond, 300 * time.Millisecond, time.Second, 3 * time.Second,
}

// took counts how long an opener waited.
func (c *counters) took(d time.Duration) {
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	c.latency[i].Add(1)
	c.latencySum.Add(int64(d))
}

// Bucket is how many openers waited no longer than UpTo and longer than the
// bucket before; UpTo is 0 in the last, which has no end.
type Bucket struct {
	UpTo  time.Duration `json:"up_to"`
	Count int64         `json:"count"`
}

// Stats is what a guard has done since it was made.
type Stats struct {
	Events     int64 `json:"events"`      // told by the kernel
	Own        int64 `json:"own"`         // of them, caused by the guard and its children
	Excluded   int64 `json:"excluded"`    // of them, outside of what is looked at
	CacheHits  int64 `json:"cache_hits"`  // questions answered by what was known
	Ignored    int64 `json:"ignored"`     // files the kernel was told to ask no more about
	Scans      int64 `json:"scans"`       // files handed to scanners
	Timeouts   int64 `json:"timeouts"`    // questions answered without a verdict, at the deadline
	Crowded    int64 `json:"crowded"`     // questions answered without a verdict, because too many waited
	Blocked    int64 `json:"blocked"`     // openers refused
	Detections int64 `json:"detections"`  // times malware was met
	Uncertain  int64 `json:"uncertain"`   // files not, or not wholly, looked at
	Killed     int64 `json:"killed"`      // processes
	Kept       int64 `json:"quarantined"` // files
	Starved    int64 `json:"starved"`     // openers that the kernel refused because the guard had no descriptor left
	Overflows  int64 `json:"overflows"`   // times events were dropped
	Failed     int64 `json:"failed"`      // answers that the kernel did not take

	Waiting int `json:"waiting"` // questions without an answer, or whose late verdict is awaited, now
	Pending int `json:"pending"` // written files on the list, now

	Latency    []Bucket      `json:"latency"` // of openers that waited for an answer
	LatencySum time.Duration `json:"latency_sum"`
}

// Stats counts what was done.
func (g *Guard) Stats() Stats {
	c := &g.stats
	s := Stats{
		Events: c.events.Load(), Own: c.own.Load(), Excluded: c.excluded.Load(), CacheHits: c.hits.Load(),
		Ignored: c.ignored.Load(), Scans: c.scans.Load(), Timeouts: c.timeouts.Load(), Crowded: c.crowded.Load(),
		Blocked: c.blocked.Load(), Detections: c.detections.Load(), Uncertain: c.uncertain.Load(), Killed: c.killed.Load(),
		Kept: c.kept.Load(), Starved: c.starved.Load(), Overflows: c.overflows.Load(), Failed: c.failedAnswers.Load(),
		Waiting: int(g.waiting.Load()), Pending: g.pending.len(), LatencySum: time.Duration(c.latencySum.Load()),
	}
	for i := range c.latency {
		b := Bucket{Count: c.latency[i].Load()}
		if i < len(bounds) {
			b.UpTo = bounds[i]
		}
		s.Latency = append(s.Latency, b)
	}
	return s
}
