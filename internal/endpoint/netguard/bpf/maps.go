package bpf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"vitrine/internal/endpoint/netguard/indicator"

	"github.com/cilium/ebpf"
)

// Counters, by processor.
const (
	countBlocked = iota
	countDropped
	countersEnd
)

// Kernels' flag for tables that grow as they are filled.
const noPrealloc = 1

// maxOwn is how many addresses of its own a machine can have.
const maxOwn = 4096

// maps is every table of the programs. The sets of indicators are filled aside
// and then switched to by one word, slot: no connection meets half a set.
type maps struct {
	slot         *ebpf.Map
	ring         *ebpf.Map
	counts       *ebpf.Map
	tries4, end4 *ebpf.Map
	tries6, end6 *ebpf.Map
	own4, own6   *ebpf.Map
}

func (m *maps) four() family {
	return family{name: "four", bits: 32, size: 4, tries: m.tries4, ends: m.end4, own: m.own4}
}

func (m *maps) six() family {
	return family{name: "six", bits: 128, size: 16, tries: m.tries6, ends: m.end6, own: m.own6}
}

func trieSpec(size, entries int) *ebpf.MapSpec {
	return &ebpf.MapSpec{Name: fmt.Sprintf("vitrine_net%d", size), Type: ebpf.LPMTrie, KeySize: uint32(4 + size), ValueSize: trieValueSize, MaxEntries: uint32(max(entries, 1)), Flags: noPrealloc}
}

func endSpec(size, entries int) *ebpf.MapSpec {
	return &ebpf.MapSpec{Name: fmt.Sprintf("vitrine_end%d", size), Type: ebpf.Hash, KeySize: uint32(size + 4), ValueSize: 1, MaxEntries: uint32(max(entries, 1)), Flags: noPrealloc}
}

func ownSpec(size int) *ebpf.MapSpec {
	return &ebpf.MapSpec{Name: fmt.Sprintf("vitrine_own%d", size), Type: ebpf.Hash, KeySize: uint32(size), ValueSize: 1, MaxEntries: maxOwn, Flags: noPrealloc}
}

func slotsOf(inner *ebpf.MapSpec) *ebpf.MapSpec {
	return &ebpf.MapSpec{Name: inner.Name + "s", Type: ebpf.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 2, InnerMap: inner}
}

func newMaps(ring int) (*maps, error) {
	m := &maps{}
	for _, want := range []struct {
		at   **ebpf.Map
		spec *ebpf.MapSpec
	}{
		{&m.slot, &ebpf.MapSpec{Name: "vitrine_slot", Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1}},
		{&m.ring, &ebpf.MapSpec{Name: "vitrine_ring", Type: ebpf.RingBuf, MaxEntries: uint32(ring)}},
		{&m.counts, &ebpf.MapSpec{Name: "vitrine_count", Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: 8, MaxEntries: countersEnd}},
		{&m.tries4, slotsOf(trieSpec(4, 1))},
		{&m.tries6, slotsOf(trieSpec(16, 1))},
		{&m.end4, slotsOf(endSpec(4, 1))},
		{&m.end6, slotsOf(endSpec(16, 1))},
		{&m.own4, ownSpec(4)},
		{&m.own6, ownSpec(16)},
	} {
		made, err := ebpf.NewMap(want.spec)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("make the table %s: %w", want.spec.Name, err), m.Close())
		}
		*want.at = made
	}
	return m, nil
}

func (m *maps) Close() error {
	var errs []error
	for _, one := range []*ebpf.Map{m.slot, m.ring, m.counts, m.tries4, m.tries6, m.end4, m.end6, m.own4, m.own6} {
		if one != nil {
			errs = append(errs, one.Close())
		}
	}
	return errors.Join(errs...)
}

// switchTo fills the slot that does not count and makes it count.
func (m *maps) switchTo(c indicator.Compiled) error {
	var now uint32
	if err := m.slot.Lookup(uint32(0), &now); err != nil {
		return fmt.Errorf("read which set counts: %w", err)
	}
	next := 1 - now
	if err := fill(m.four(), next, c, func(b []byte) [8]byte { return [8]byte(b) }); err != nil {
		return err
	}
	if err := fill(m.six(), next, c, func(b []byte) [20]byte { return [20]byte(b) }); err != nil {
		return err
	}
	if err := m.slot.Update(uint32(0), next, ebpf.UpdateAny); err != nil {
		return fmt.Errorf("switch to the new set: %w", err)
	}
	for _, outer := range []*ebpf.Map{m.tries4, m.tries6, m.end4, m.end6} {
		if err := outer.Delete(now); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("let go of the old set: %w", err)
		}
	}
	return nil
}

// fill makes the tables of one family and puts them into a slot. Keys of both
// have the same size: an address and four bytes more.
func fill[K comparable](f family, slot uint32, c indicator.Compiled, key func([]byte) K) error {
	var nets table[K, [trieValueSize]byte]
	var ends table[K, [1]byte]
	for _, n := range c.Networks {
		if n.Prefix.Addr().BitLen() == int(f.bits) {
			nets.add(key(trieKey(n.Prefix)), trieValue(n))
		}
	}
	for _, e := range c.Endpoints {
		if e.Addr().BitLen() == int(f.bits) {
			ends.add(key(binary.NativeEndian.AppendUint32(e.Addr().AsSlice(), uint32(e.Port()))), [1]byte{1})
		}
	}
	if err := nets.into(f.tries, slot, trieSpec(int(f.size), len(nets.keys))); err != nil {
		return err
	}
	return ends.into(f.ends, slot, endSpec(int(f.size), len(ends.keys)))
}

func trieKey(p netip.Prefix) []byte {
	return append(binary.NativeEndian.AppendUint32(nil, uint32(p.Bits())), p.Addr().AsSlice()...)
}

func trieValue(n indicator.Network) (v [trieValueSize]byte) {
	if n.Any {
		v[0] = 1
	}
	for i, r := range n.Ports {
		binary.NativeEndian.PutUint16(v[4+4*i:], r.Low)
		binary.NativeEndian.PutUint16(v[6+4*i:], r.High)
	}
	return v
}

// table is keys and values on their way into the kernel.
type table[K, V any] struct {
	keys   []K
	values []V
}

func (t *table[K, V]) add(key K, value V) {
	t.keys = append(t.keys, key)
	t.values = append(t.values, value)
}

// into makes a map of the table and puts it into a slot. An empty table is none:
// the programs take a free slot for one that lists nothing.
func (t *table[K, V]) into(outer *ebpf.Map, slot uint32, spec *ebpf.MapSpec) error {
	if len(t.keys) == 0 {
		if err := outer.Delete(slot); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("clear %s: %w", spec.Name, err)
		}
		return nil
	}
	inner, err := ebpf.NewMap(spec)
	if err != nil {
		return fmt.Errorf("make %s for %d entries: %w", spec.Name, len(t.keys), err)
	}
	defer inner.Close() // the slot holds it
	if err := t.write(inner); err != nil {
		return fmt.Errorf("fill %s with %d entries: %w", spec.Name, len(t.keys), err)
	}
	if err := outer.Put(slot, inner); err != nil {
		return fmt.Errorf("put %s in its place: %w", spec.Name, err)
	}
	return nil
}

// perCall is how many entries one call hands to the kernel.
const perCall = 4096

// write hands the table over, many entries at a time where the kernel takes them
// so, else one by one.
func (t *table[K, V]) write(m *ebpf.Map) error {
	for at := 0; at < len(t.keys); at += perCall {
		end := min(at+perCall, len(t.keys))
		_, err := m.BatchUpdate(t.keys[at:end], t.values[at:end], nil)
		if errors.Is(err, ebpf.ErrNotSupported) {
			return t.writeEach(m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *table[K, V]) writeEach(m *ebpf.Map) error {
	for i := range t.keys {
		if err := m.Put(t.keys[i], t.values[i]); err != nil {
			return err
		}
	}
	return nil
}
