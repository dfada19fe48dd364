package nft

import (
	"errors"
	"fmt"
	"sync"

	"vitrine/internal/endpoint/netguard/coverage"
	"vitrine/internal/endpoint/netguard/indicator"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Config names what is ours. The zero value is the machine's own table.
type Config struct {
	Table string // in the family inet ("vitrine"); one of that name is taken for ours
	Group uint16 // of NFLOG, which one listener can have (22100)
}

func (c Config) orDefault() Config {
	if c.Table == "" {
		c.Table = "vitrine"
	}
	if c.Group == 0 {
		c.Group = 22100
	}
	return c
}

// Guard is the table in force. Its methods may be called by many goroutines,
// Next by one.
type Guard struct {
	mu         sync.Mutex
	conn       *nftables.Conn
	table      *nftables.Table
	ways       []*direction
	sets       []*set
	generation int
	untracked  bool // the kernel does not track connections: every packet is looked up
	log        *packetLog
	missing    []coverage.Missing
	done       bool
}

const nothingCovered = "what does not pass the programs on connect: raw sockets, the kernel's own sockets, forwarded traffic"

// Open makes the table in the network namespace of the calling thread; until
// the first Update nothing is listed. An error is a *coverage.Missing: then
// nothing is in force.
func Open(c Config) (*Guard, error) {
	c = c.orDefault()
	fail := func(err error) (*Guard, error) {
		return nil, &coverage.Missing{Part: "nftables", Uncovered: nothingCovered, Err: err}
	}
	conn, err := nftables.New(nftables.AsLasting())
	if err != nil {
		return fail(err)
	}
	g := &Guard{conn: conn, table: &nftables.Table{Name: c.Table, Family: nftables.TableFamilyINet}}
	g.ways = []*direction{newDirection(g.table, "output", nftables.ChainHookOutput), newDirection(g.table, "forward", nftables.ChainHookForward)}
	if g.log, err = openLog(c.Group); err != nil {
		g.missing = append(g.missing, coverage.Missing{Part: "NFLOG", Uncovered: "events of the backstop: it refuses and counts, and tells nobody", Err: err})
	}
	if err := g.build(c.Group); err != nil {
		return fail(errors.Join(err, g.log.Close(), conn.CloseLasting()))
	}
	return g, nil
}

// build makes the table. Without connection tracking in the kernel it does
// without, at the cost of a look at every packet.
func (g *Guard) build(group uint16) error {
	err := g.tryBuild(group)
	if err == nil {
		return nil
	}
	g.untracked = true
	if again := g.tryBuild(group); again != nil {
		return err
	}
	g.missing = append(g.missing, coverage.Missing{Part: "connection tracking", Uncovered: "answers to connections from listed addresses are refused too, and every packet costs a look", Err: err})
	return nil
}

func (g *Guard) tryBuild(group uint16) error {
	if err := remove(g.conn, g.table); err != nil {
		return err
	}
	g.conn.AddTable(g.table)
	for _, d := range g.ways {
		for _, chain := range []*nftables.Chain{d.no, d.ports, d.base} {
			g.conn.AddChain(chain)
		}
		for _, exprs := range refuse(d, group, g.log != nil) {
			g.conn.AddRule(&nftables.Rule{Table: g.table, Chain: d.no, Exprs: exprs})
		}
		g.begin(d)
	}
	if err := g.conn.Flush(); err != nil {
		return fmt.Errorf("make the table inet %s: %w", g.table.Name, err)
	}
	return nil
}

// begin adds the rules that stand first in a direction.
func (g *Guard) begin(d *direction) {
	g.conn.AddRule(&nftables.Rule{Table: g.table, Chain: d.base, Exprs: local()})
	if !g.untracked {
		g.conn.AddRule(&nftables.Rule{Table: g.table, Chain: d.base, Exprs: known()})
	}
}

// remove takes the table away, with all in it, if there is one.
func remove(c *nftables.Conn, t *nftables.Table) error {
	tables, err := c.ListTablesOfFamily(t.Family)
	if err != nil {
		return fmt.Errorf("list tables: %w", err)
	}
	for _, one := range tables {
		if one.Name == t.Name {
			c.DelTable(one)
			if err := c.Flush(); err != nil {
				return fmt.Errorf("take away the table inet %s: %w", t.Name, err)
			}
		}
	}
	return nil
}

// Remove takes away what a guard that died has left. Nothing left is no error.
func Remove(c Config) error {
	conn, err := nftables.New(nftables.AsLasting())
	if err != nil {
		return err
	}
	return errors.Join(remove(conn, &nftables.Table{Name: c.orDefault().Table, Family: nftables.TableFamilyINet}), conn.CloseLasting())
}

// Missing gives the parts that could not be had.
func (g *Guard) Missing() []coverage.Missing { return g.missing }

// Update loads a set aside and makes it the one that counts in one transaction.
// When it fails the set before stays.
func (g *Guard) Update(c indicator.Compiled) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.generation++
	next := sets(g.table, g.generation, c)
	for i, s := range next {
		if err := s.load(g.conn); err != nil {
			g.drop(next[:i+1])
			return errors.Join(err, g.conn.Flush())
		}
	}
	for _, d := range g.ways {
		g.rules(d, next)
	}
	g.drop(g.sets)
	if err := g.conn.Flush(); err != nil {
		g.drop(next)
		return errors.Join(fmt.Errorf("switch to the new sets: %w", err), g.conn.Flush())
	}
	g.sets = next
	return nil
}

func (g *Guard) drop(all []*set) {
	for _, s := range all {
		g.conn.DelSet(s.set)
	}
}

// rules writes the rules of a direction anew, over these sets.
func (g *Guard) rules(d *direction, all []*set) {
	g.conn.FlushChain(d.base)
	g.conn.FlushChain(d.ports)
	g.begin(d)
	ported := false
	for _, s := range all {
		chain := d.base
		if s.ported {
			chain, ported = d.ports, true
		}
		g.conn.AddRule(&nftables.Rule{Table: g.table, Chain: chain, Exprs: listed(s, d.no.Name)})
	}
	if !ported {
		return
	}
	for _, p := range protocols() {
		exprs := append(meta(expr.MetaKeyL4PROTO, p), verdict(expr.VerdictJump, d.ports.Name))
		g.conn.AddRule(&nftables.Rule{Table: g.table, Chain: d.base, Exprs: exprs})
	}
}

// Next waits for a refusal. After Close, and when there is no NFLOG, it gives
// os.ErrClosed.
func (g *Guard) Next() (Event, error) { return g.log.next() }

// Counts reads the counters out of the table.
func (g *Guard) Counts() (Counts, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var each [2]uint64
	var all Counts
	for i, d := range g.ways {
		rules, err := g.conn.GetRules(g.table, d.no)
		if err != nil || len(rules) < 2 {
			return all, errors.Join(fmt.Errorf("read the counters of %s: %d rules", d.no.Name, len(rules)), err)
		}
		each[i] = counter(rules[0])
		if g.log != nil {
			all.Lost += each[i] - min(each[i], counter(rules[1]))
		}
	}
	all.Output, all.Forward = each[0], each[1]
	if g.log != nil {
		all.Lost += g.log.lost.Load()
	}
	return all, nil
}

func counter(r *nftables.Rule) uint64 {
	for _, e := range r.Exprs {
		if c, ok := e.(*expr.Counter); ok {
			return c.Packets
		}
	}
	return 0
}

// Close takes the table away; from then on nothing is refused.
func (g *Guard) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.done {
		return nil
	}
	g.done = true
	g.conn.DelTable(g.table)
	err := g.conn.Flush()
	if errors.Is(err, unix.ENOENT) {
		err = nil // somebody has taken it away
	}
	return errors.Join(err, g.log.Close(), g.conn.CloseLasting())
}
