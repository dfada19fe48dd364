package bpf

import (
	"encoding/binary"
	"fmt"

	"vitrine/internal/endpoint/netguard/indicator"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// Where the fields of struct bpf_sock_addr are.
const (
	ctxIP4      = 4
	ctxIP6      = 8
	ctxPort     = 24
	ctxProtocol = 36
)

// The stack of the programs, from its end. A key of a trie is the length of the
// prefix and then the address; a key of an endpoint is the address and the port.
const (
	stEvent    = -64 // struct of eventSize
	stTrie     = -88
	stAddress  = stTrie + 4
	stEndpoint = -112
	stSlot     = -116
)

// An event, as the programs write it and decode reads it.
const (
	evPID      = 0  // u64: process << 32 | thread
	evUID      = 8  // u64: gid << 32 | uid
	evCgroup   = 16 // u64
	evComm     = 24 // 16 bytes
	evAddress  = 40 // 16 bytes; IPv4 in the first four
	evPort     = 56 // u16
	evKind     = 58 // u8: kind4, kind6, kindMapped
	evHook     = 59 // u8
	evProtocol = 60 // u32
	eventSize  = 64
)

const (
	kind4      = 4
	kind6      = 6
	kindMapped = 64
)

// The value in a trie: a word that is not 0 when every port is meant, then
// ranges of ports until one begins with 0.
const trieValueSize = 4 + 4*indicator.MaxRanges

// What the programs keep in registers over calls.
const (
	rCtx     = asm.R6
	rPort    = asm.R7 // host order
	rAddress = asm.R8 // of IPv4, as it lies in memory
	rKind    = asm.R9
)

// family is the tables that answer for one kind of addresses.
type family struct {
	name        string
	bits, size  int32
	tries, ends *ebpf.Map // two slots each; which one counts stands in maps.slot
	own         *ebpf.Map
}

// program puts one hook's program together. A nameless one does not say which
// process it was: before Linux 6.1 these hooks could not ask.
func program(m *maps, attach ebpf.AttachType, hook Hook, six, nameless bool) *ebpf.ProgramSpec {
	var in asm.Instructions
	in = append(in,
		asm.Mov.Reg(rCtx, asm.R1),
		asm.LoadMem(rPort, rCtx, ctxPort, asm.Word),
		asm.HostTo(asm.BE, rPort, asm.Half),
	)
	if six {
		in = append(in, address6()...)
		in = append(in, lookup(m, m.six())...)
	}
	in = append(in, address4(six)...)
	in = append(in, lookup(m, m.four())...)
	in = append(in, emit(m, hook, nameless)...)
	in = append(in,
		asm.Mov.Imm(asm.R0, 1).WithSymbol("allow"),
		asm.Return(),
	)
	name := map[bool]string{false: "4", true: "6"}[six]
	return &ebpf.ProgramSpec{
		Name:         fmt.Sprintf("vitrine_%s%s", map[Hook]string{Connect: "conn", Send: "send"}[hook], name),
		Type:         ebpf.CGroupSockAddr,
		AttachType:   attach,
		Instructions: in,
		License:      "Apache-2.0",
	}
}

// address6 lays an IPv6 address on the stack, lets ::1 through and sends
// IPv4-mapped ones to the IPv4 part: they are asked for at the IPv6 hooks only.
func address6() asm.Instructions {
	var in asm.Instructions
	for i := int16(0); i < 4; i++ {
		in = append(in, asm.LoadMem(asm.R1, rCtx, ctxIP6+4*i, asm.Word), asm.StoreMem(asm.RFP, stAddress+4*i, asm.R1, asm.Word))
	}
	one := int32(binary.NativeEndian.Uint32([]byte{0, 0, 0, 1}))
	return append(in,
		asm.Mov.Imm(rKind, kind6),
		asm.LoadMem(asm.R1, asm.RFP, stAddress, asm.Word),
		asm.JNE.Imm(asm.R1, 0, "six"),
		asm.LoadMem(asm.R1, asm.RFP, stAddress+4, asm.Word),
		asm.JNE.Imm(asm.R1, 0, "six"),
		asm.LoadMem(asm.R1, asm.RFP, stAddress+8, asm.Half),
		asm.JNE.Imm(asm.R1, 0, "six"),
		asm.LoadMem(rAddress, asm.RFP, stAddress+12, asm.Word),
		asm.LoadMem(asm.R1, asm.RFP, stAddress+10, asm.Half),
		asm.JEq.Imm(asm.R1, 0xffff, "mapped"),
		asm.JNE.Imm(asm.R1, 0, "six"),
		asm.JEq.Imm(rAddress, one, "allow"),
	)
}

// address4 lays an IPv4 address on the stack and lets 127.0.0.0/8 through.
func address4(six bool) asm.Instructions {
	var in asm.Instructions
	if six {
		in = append(in, asm.Mov.Imm(rKind, kindMapped).WithSymbol("mapped"))
	} else {
		in = append(in, asm.LoadMem(rAddress, rCtx, ctxIP4, asm.Word), asm.Mov.Imm(rKind, kind4))
	}
	return append(in,
		asm.StoreMem(asm.RFP, stAddress, rAddress, asm.Word),
		asm.LoadMem(asm.R1, asm.RFP, stAddress, asm.Byte),
		asm.JEq.Imm(asm.R1, 127, "allow"),
	)
}

// find looks for a key on the stack in the map in R1.
func find(key int32) asm.Instructions {
	return asm.Instructions{
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, key),
		asm.FnMapLookupElem.Call(),
	}
}

func findIn(m *ebpf.Map, key int32) asm.Instructions {
	return append(asm.Instructions{asm.LoadMapPtr(asm.R1, m.FD())}, find(key)...)
}

// lookup goes to "emit" when the address on the stack is listed and is none of
// this machine's own, and to "allow" otherwise.
func lookup(m *maps, f family) asm.Instructions {
	in := slot(m, f)
	// One address with one port.
	in = append(in, findIn(f.ends, stSlot)...)
	in = append(in, asm.JEq.Imm(asm.R0, 0, f.name+"trie"), asm.Mov.Reg(asm.R3, asm.R0))
	for at := int16(0); at < int16(f.size); at += 4 {
		in = append(in, asm.LoadMem(asm.R1, asm.RFP, stAddress+at, asm.Word), asm.StoreMem(asm.RFP, stEndpoint+at, asm.R1, asm.Word))
	}
	in = append(in, asm.StoreMem(asm.RFP, stEndpoint+int16(f.size), rPort, asm.Word), asm.Mov.Reg(asm.R1, asm.R3))
	in = append(in, find(stEndpoint)...)
	in = append(in, asm.JNE.Imm(asm.R0, 0, f.name+"hit"))
	// Networks.
	trie := findIn(f.tries, stSlot)
	trie[0] = trie[0].WithSymbol(f.name + "trie")
	in = append(in, trie...)
	in = append(in,
		asm.JEq.Imm(asm.R0, 0, "allow"),
		asm.StoreImm(asm.RFP, stTrie, int64(f.bits), asm.Word),
		asm.Mov.Reg(asm.R1, asm.R0),
	)
	in = append(in, find(stTrie)...)
	in = append(in, asm.JEq.Imm(asm.R0, 0, "allow"))
	in = append(in, ports(f)...)
	// Listed. What is ours never leaves the machine.
	own := findIn(f.own, stAddress)
	own[0] = own[0].WithSymbol(f.name + "hit")
	in = append(in, own...)
	in = append(in, asm.JNE.Imm(asm.R0, 0, "allow"))
	for at := int16(0); at < 16; at += 4 {
		if at < int16(f.size) {
			in = append(in, asm.LoadMem(asm.R1, asm.RFP, stAddress+at, asm.Word))
		} else {
			in = append(in, asm.Mov.Imm(asm.R1, 0))
		}
		in = append(in, asm.StoreMem(asm.RFP, stEvent+evAddress+at, asm.R1, asm.Word))
	}
	return append(in, asm.Ja.Label("emit"))
}

// slot puts on the stack which of the two slots counts.
func slot(m *maps, f family) asm.Instructions {
	in := asm.Instructions{asm.StoreImm(asm.RFP, stSlot, 0, asm.Word).WithSymbol(f.name)}
	in = append(in, findIn(m.slot, stSlot)...)
	return append(in,
		asm.JEq.Imm(asm.R0, 0, "allow"),
		asm.LoadMem(asm.R1, asm.R0, 0, asm.Word),
		asm.StoreMem(asm.RFP, stSlot, asm.R1, asm.Word),
	)
}

// ports goes on when the port is in a range of the value in R0, and to "allow"
// otherwise.
func ports(f family) asm.Instructions {
	in := asm.Instructions{
		asm.LoadMem(asm.R1, asm.R0, 0, asm.Word),
		asm.JNE.Imm(asm.R1, 0, f.name+"hit"),
	}
	for i := int16(0); i < indicator.MaxRanges; i++ {
		in = append(in,
			asm.LoadMem(asm.R1, asm.R0, 4+4*i, asm.Half),
			asm.JEq.Imm(asm.R1, 0, "allow"),
			asm.JLT.Reg(rPort, asm.R1, "allow"), // sorted: no later range begins lower
			asm.LoadMem(asm.R1, asm.R0, 4+4*i+2, asm.Half),
			asm.JLE.Reg(rPort, asm.R1, f.name+"hit"),
		)
	}
	return append(in, asm.Ja.Label("allow"))
}

// emit tells of a refusal and refuses.
func emit(m *maps, hook Hook, nameless bool) asm.Instructions {
	in := asm.Instructions{
		asm.StoreMem(asm.RFP, stEvent+evPort, rPort, asm.Half).WithSymbol("emit"),
		asm.StoreMem(asm.RFP, stEvent+evKind, rKind, asm.Byte),
		asm.StoreImm(asm.RFP, stEvent+evHook, int64(hook), asm.Byte),
		asm.LoadMem(asm.R1, rCtx, ctxProtocol, asm.Word),
		asm.StoreMem(asm.RFP, stEvent+evProtocol, asm.R1, asm.Word),
		asm.FnGetCurrentUidGid.Call(),
		asm.StoreMem(asm.RFP, stEvent+evUID, asm.R0, asm.DWord),
		asm.FnGetCurrentCgroupId.Call(),
		asm.StoreMem(asm.RFP, stEvent+evCgroup, asm.R0, asm.DWord),
	}
	in = append(in, process(nameless)...)
	in = append(in, count(m, countBlocked)...)
	in = append(in,
		asm.LoadMapPtr(asm.R1, m.ring.FD()).WithSymbol("counted"+fmt.Sprint(countBlocked)),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, stEvent),
		asm.Mov.Imm(asm.R3, eventSize),
		asm.Mov.Imm(asm.R4, 0),
		asm.FnRingbufOutput.Call(),
		asm.JEq.Imm(asm.R0, 0, "deny"),
	)
	in = append(in, count(m, countDropped)...)
	return append(in,
		asm.Ja.Label("deny").WithSymbol("counted"+fmt.Sprint(countDropped)),
		asm.Mov.Imm(asm.R0, 0).WithSymbol("deny"),
		asm.Return(),
	)
}

// process writes the number and the name of the process, or nothing in their
// place.
func process(nameless bool) asm.Instructions {
	if nameless {
		return asm.Instructions{
			asm.Mov.Imm(asm.R1, 0),
			asm.StoreMem(asm.RFP, stEvent+evPID, asm.R1, asm.DWord),
			asm.StoreMem(asm.RFP, stEvent+evComm, asm.R1, asm.DWord),
			asm.StoreMem(asm.RFP, stEvent+evComm+8, asm.R1, asm.DWord),
		}
	}
	return asm.Instructions{
		asm.FnGetCurrentPidTgid.Call(),
		asm.StoreMem(asm.RFP, stEvent+evPID, asm.R0, asm.DWord),
		asm.Mov.Reg(asm.R1, asm.RFP),
		asm.Add.Imm(asm.R1, stEvent+evComm),
		asm.Mov.Imm(asm.R2, 16),
		asm.FnGetCurrentComm.Call(),
	}
}

// count adds one to a counter of this processor and goes on at "counted…".
func count(m *maps, which int) asm.Instructions {
	in := asm.Instructions{asm.StoreImm(asm.RFP, stSlot, int64(which), asm.Word)}
	in = append(in, findIn(m.counts, stSlot)...)
	return append(in,
		asm.JEq.Imm(asm.R0, 0, "counted"+fmt.Sprint(which)),
		asm.LoadMem(asm.R1, asm.R0, 0, asm.DWord),
		asm.Add.Imm(asm.R1, 1),
		asm.StoreMem(asm.R0, 0, asm.R1, asm.DWord),
	)
}
