package ir

import (
	"encoding/binary"
	"testing"

	"vitrine/yara/internal/module"
)

// TestStoredNodes: a node is the same wherever it lies.
func TestStoredNodes(t *testing.T) {
	nodes := []Node{{}, {Op: Compare, Kind: module.KindBool, A: -1, B: 1 << 30, C: 3, D: -1 << 31}, {Op: Len, A: 7}}
	var stored []byte
	for _, n := range nodes {
		stored = append(stored, byte(n.Op), byte(n.Kind), 0, 0)
		for _, v := range []int32{n.A, n.B, n.C, n.D} {
			stored = binary.LittleEndian.AppendUint32(stored, uint32(v))
		}
	}
	made, kept := &Set{Nodes: nodes}, &Set{Stored: stored}
	if made.NodeCount() != 3 || kept.NodeCount() != 3 {
		t.Errorf("%d and %d nodes", made.NodeCount(), kept.NodeCount())
	}
	for id, want := range nodes {
		if a, b := made.Node(NodeID(id)), kept.Node(NodeID(id)); a != want || b != want {
			t.Errorf("node %d is %+v and %+v", id, a, b)
		}
	}
}
