package eventlog

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"vitrine/internal/endpoint/event"
)

// Line is an event and the line that says it.
type Line struct {
	Event event.Event
	JSON  []byte // without its newline; not to be changed
}

// Keeper keeps lines somewhere. One goroutine calls it. An error means that the
// line was not kept; the next one is tried all the same.
type Keeper interface {
	Keep(Line) error
	Sync() error  // makes safe what was kept, and repairs what it can; called each second
	Close() error // after Sync
}

// Named is a keeper with the name that people know it by.
type Named struct {
	Name   string
	Keeper Keeper
}

// Options says what a log does. Now is needed.
type Options struct {
	Keepers []Named
	Product Product
	Now     func() time.Time
	Run     string           // sets the ids of this log's events apart from those of others, such as random digits
	Size    int              // events that may wait; 0: 8192
	Recent  int              // lines that are remembered; 0: 1024
	Tick    <-chan time.Time // when to sync; nil: never but at the end
}

// Log takes events and gives them to its keepers and followers. It is an
// event.Sink.
type Log struct {
	o     Options
	queue chan event.Event
	stop  chan struct{}
	ended chan struct{}
	once  sync.Once

	number  atomic.Int64 // of the last event that was taken
	dropped atomic.Int64 // since the start
	told    int64        // of them, by events of the kind Lost; run's own
	again   repeats      // run's own

	mu        sync.Mutex
	recent    []Line // a ring; next is where the oldest is
	next      int
	followers map[*Follower]bool
	kinds     map[string]int64
	actions   map[string]int64
	written   int64
	outages   []*outage // one for each keeper
	over      bool      // no more followers
	closing   error
}

// outage is a keeper that does not keep.
type outage struct {
	since time.Time
	err   error
	lost  int64
}

// New starts a log; Close ends it.
func New(o Options) *Log {
	if o.Size <= 0 {
		o.Size = 8192
	}
	if o.Recent <= 0 {
		o.Recent = 1024
	}
	l := &Log{
		o: o, queue: make(chan event.Event, o.Size), stop: make(chan struct{}), ended: make(chan struct{}),
		again: repeats{}, followers: map[*Follower]bool{}, kinds: map[string]int64{}, actions: map[string]int64{},
	}
	for range o.Keepers {
		l.outages = append(l.outages, &outage{})
	}
	go l.run()
	return l
}

// Emit takes an event. It never blocks: when too many wait, the event is dropped
// and counted. What the event points to must not be changed any more.
func (l *Log) Emit(e event.Event) {
	if e.Time.IsZero() {
		e.Time = l.o.Now()
	}
	if e.ID == "" {
		e.ID = fmt.Sprintf("%016x-%s-%x", uint64(e.Time.UnixNano()), l.o.Run, l.number.Add(1))
	}
	select {
	case l.queue <- e:
	default:
		l.dropped.Add(1)
	}
}

// Close takes what still waits, makes it safe and ends the log. Events that are
// emitted later are dropped.
func (l *Log) Close() error {
	l.once.Do(func() { close(l.stop) })
	<-l.ended
	return l.closing
}

func (l *Log) run() {
	defer close(l.ended)
	for {
		select {
		case e := <-l.queue:
			l.take(e)
		case <-l.o.Tick:
			l.tellDropped()
			l.tellRepeats(false)
			l.sync()
		case <-l.stop:
			l.finish()
			return
		}
	}
}

// finish takes what was emitted before the end, and no more than there was room
// for, so that it ends.
func (l *Log) finish() {
	for range l.o.Size {
		select {
		case e := <-l.queue:
			l.take(e)
			continue
		default:
		}
		break
	}
	l.tellDropped()
	l.tellRepeats(true)
	l.sync()
	for _, k := range l.o.Keepers {
		if err := k.Keeper.Close(); err != nil {
			l.closing = errors.Join(l.closing, fmt.Errorf("%s: %w", k.Name, err))
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	for f := range l.followers {
		close(f.lines)
		delete(l.followers, f)
	}
}

func (l *Log) take(e event.Event) {
	l.count(&e)
	if !l.again.silence(&e, l.o.Now()) {
		l.keep(e)
	}
	if len(l.queue) == 0 {
		l.tellDropped()
	}
}

// count counts an event, whether it is told or not.
func (l *Log) count(e *event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[string(e.Kind)]++
	for _, a := range e.Actions {
		l.actions[string(a)]++
	}
}

// tellRepeats tells what came too often to be told one by one.
func (l *Log) tellRepeats(end bool) {
	for _, e := range l.again.due(l.o.Now(), end) {
		l.keep(l.own(e))
	}
}

// tellDropped makes an event of events that there was no room for.
func (l *Log) tellDropped() {
	n := l.dropped.Load() - l.told
	if n == 0 {
		return
	}
	l.told += n
	l.keepOwn(event.Event{Kind: event.Lost, Severity: event.High, Count: n, Message: fmt.Sprintf("%d events were dropped: they came faster than they could be kept", n)})
}

// keepOwn tells an event of the log itself.
func (l *Log) keepOwn(e event.Event) {
	l.count(&e)
	l.keep(l.own(e))
}

// own gives an event a time and an id.
func (l *Log) own(e event.Event) event.Event {
	e.Time = l.o.Now()
	e.ID = fmt.Sprintf("%016x-%s-%x", uint64(e.Time.UnixNano()), l.o.Run, l.number.Add(1))
	return e
}

// keep gives an event to everybody.
func (l *Log) keep(e event.Event) {
	text, err := Encode(e, l.o.Product)
	if err != nil { // nothing in an event can make it so, but a time before year 0 or after 9999
		l.dropped.Add(1)
		return
	}
	line := Line{e, text}
	for i, k := range l.o.Keepers {
		err := k.Keeper.Keep(line)
		if none := (outdated{}); errors.As(err, &none) {
			l.failed(i, err, 0)
		} else if err != nil {
			l.failed(i, err, 1)
		} else {
			l.works(i)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.written++
	l.remember(line)
	for f := range l.followers {
		f.give(line)
	}
}

func (l *Log) remember(line Line) {
	if len(l.recent) < l.o.Recent {
		l.recent = append(l.recent, line)
		return
	}
	l.recent[l.next] = line
	l.next = (l.next + 1) % len(l.recent)
}

func (l *Log) sync() {
	for i, k := range l.o.Keepers {
		if err := k.Keeper.Sync(); err != nil {
			l.failed(i, err, 0)
		} else {
			l.works(i)
		}
	}
}

// failed notes that a keeper did not keep.
func (l *Log) failed(i int, err error, lost int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.outages[i]
	if o.err == nil {
		o.since = l.o.Now()
	}
	o.err = err
	o.lost += lost
}

// works tells of an outage that is over, to the others and to the one that was out.
func (l *Log) works(i int) {
	l.mu.Lock()
	o := *l.outages[i]
	*l.outages[i] = outage{}
	l.mu.Unlock()
	if o.err == nil {
		return
	}
	d := l.o.Now().Sub(o.since)
	l.keepOwn(event.Event{
		Kind: event.Lost, Severity: event.High, Count: o.lost, Duration: d,
		Message: fmt.Sprintf("%s works again after %s; %d events are missing there: %v", l.o.Keepers[i].Name, d.Round(time.Millisecond), o.lost, o.err),
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	if again := l.outages[i]; again.err != nil { // it did not take even that: it has still to be told there
		again.since, again.lost = o.since, again.lost+o.lost
	}
}

// Stats is what a log has done since it was made.
type Stats struct {
	Kept    int64            // events that were given to keepers and followers
	Dropped int64            // events that there was no room for
	Kinds   map[string]int64 // of those that there was room for, by kind; more than were kept when many say the same
	Actions map[string]int64 // likewise
	Broken  []string         // keepers that do not keep at present, and why
}

// Stats gives them.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Stats{Kept: l.written, Dropped: l.dropped.Load(), Kinds: maps.Clone(l.kinds), Actions: maps.Clone(l.actions)}
	for i, o := range l.outages {
		if o.err != nil {
			s.Broken = append(s.Broken, fmt.Sprintf("%s: %v", l.o.Keepers[i].Name, o.err))
		}
	}
	return s
}

// Recent gives the last lines, oldest first.
func (l *Log) Recent() []Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append(append([]Line(nil), l.recent[l.next:]...), l.recent[:l.next]...)
}

// Follower gets every line from now on.
type Follower struct {
	log   *Log
	lines chan Line
	lost  atomic.Int64
}

// Follow adds a follower, for which up to n lines may wait.
func (l *Log) Follow(n int) *Follower {
	f := &Follower{log: l, lines: make(chan Line, max(n, 1))}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		close(f.lines)
	} else {
		l.followers[f] = true
	}
	return f
}

// Lines is where they come. It is closed at the end of the log.
func (f *Follower) Lines() <-chan Line { return f.lines }

// Lost gives how many lines were not given since it was last asked, because too
// many waited.
func (f *Follower) Lost() int64 { return f.lost.Swap(0) }

// Leave ends the following.
func (f *Follower) Leave() {
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	if f.log.followers[f] {
		delete(f.log.followers, f)
		close(f.lines)
	}
}

func (f *Follower) give(line Line) {
	select {
	case f.lines <- line:
	default:
		f.lost.Add(1)
	}
}
