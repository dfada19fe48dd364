package clamd

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

// task is a scan at work.
type task struct {
	command string
	since   time.Time
}

func (r *running) begin(command string) *task {
	t := &task{command, r.Now()}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks[t] = true
	return t
}

func (r *running) finish(t *task) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.tasks, t)
}

// statistics is the answer to STATS in the original's form. It names no files:
// whoever may scan need not know what others have scanned.
func (r *running) statistics() string {
	r.mu.Lock()
	tasks := make([]task, 0, len(r.tasks))
	for t := range r.tasks {
		tasks = append(tasks, *t)
	}
	r.mu.Unlock()
	slices.SortFunc(tasks, func(a, b task) int { return a.since.Compare(b.since) })
	var b strings.Builder
	fmt.Fprintf(&b, "POOLS: 1\n\nSTATE: VALID PRIMARY\n")
	fmt.Fprintf(&b, "THREADS: live %d  idle %d max %d idle-timeout %d\n",
		r.Threads, r.Threads-len(r.scans), r.Threads, int(r.Idle.Seconds()))
	fmt.Fprintf(&b, "QUEUE: 0 items\n\tSTATS 0.000000 \n")
	now := r.Now()
	for _, t := range tasks {
		fmt.Fprintf(&b, "\t%s %f \n", t.command, now.Sub(t.since).Seconds())
	}
	const mebi = 1 << 20
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintf(&b, "\nMEMSTATS: heap %.3fM mmap N/A used %.3fM free %.3fM releasable %.3fM pools 1 pools_used %.3fM pools_total %.3fM\nEND",
		float64(m.HeapSys)/mebi, float64(m.HeapInuse)/mebi, float64(m.HeapIdle)/mebi, float64(m.HeapReleased)/mebi,
		float64(r.held.Load())/mebi, float64(r.MaxHeld)/mebi)
	return b.String()
}
