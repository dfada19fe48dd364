package nft

import (
	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Registers: the address, and the port behind it.
const (
	regAddress = unix.NFT_REG32_00
	regPort4   = unix.NFT_REG32_01
	regPort6   = unix.NFT_REG32_04
)

// Rates of the log of one direction, so that a flood of refusals is counted and
// not told packet by packet.
const (
	logRate  = 200 // a second
	logBurst = 1000
	snap     = 128 // bytes of a packet that are told
)

// direction is one of the two ways packets go.
type direction struct {
	name  string // of the base chain, and the prefix in the log
	base  *nftables.Chain
	ports *nftables.Chain // looks at ports
	no    *nftables.Chain // counts, tells and refuses
}

func newDirection(t *nftables.Table, name string, hook *nftables.ChainHook) *direction {
	accept := nftables.ChainPolicyAccept
	return &direction{
		name:  name,
		base:  &nftables.Chain{Name: name, Table: t, Type: nftables.ChainTypeFilter, Hooknum: hook, Priority: nftables.ChainPriorityFilter, Policy: &accept},
		ports: &nftables.Chain{Name: name + "_ports", Table: t},
		no:    &nftables.Chain{Name: name + "_refuse", Table: t},
	}
}

// meta is a field of the packet's meta data equal to one byte.
func meta(key expr.MetaKey, value byte) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: key, Register: unix.NFT_REG32_00},
		&expr.Cmp{Op: expr.CmpOpEq, Register: unix.NFT_REG32_00, Data: []byte{value}},
	}
}

func verdict(kind expr.VerdictKind, chain string) expr.Any {
	return &expr.Verdict{Kind: kind, Chain: chain}
}

// local lets through what is addressed to this machine. It comes first: without
// it the refusals themselves, sent to our own address, would be refused.
func local() []expr.Any {
	return []expr.Any{
		&expr.Fib{Register: unix.NFT_REG32_00, FlagDADDR: true, ResultADDRTYPE: true},
		&expr.Cmp{Op: expr.CmpOpEq, Register: unix.NFT_REG32_00, Data: binaryutil.NativeEndian.PutUint32(unix.RTN_LOCAL)},
		verdict(expr.VerdictAccept, ""),
	}
}

// known lets through what belongs to a connection: only what is new is looked up.
func known() []expr.Any {
	bits := binaryutil.NativeEndian.PutUint32(expr.CtStateBitESTABLISHED | expr.CtStateBitRELATED)
	return []expr.Any{
		&expr.Ct{Key: expr.CtKeySTATE, Register: unix.NFT_REG32_00},
		&expr.Bitwise{SourceRegister: unix.NFT_REG32_00, DestRegister: unix.NFT_REG32_00, Len: 4, Mask: bits, Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: unix.NFT_REG32_00, Data: make([]byte, 4)},
		verdict(expr.VerdictAccept, ""),
	}
}

// listed goes to a chain when the packet's destination is in a set.
func listed(s *set, to string) []expr.Any {
	proto, offset, length, port := byte(unix.NFPROTO_IPV4), uint32(16), uint32(4), uint32(regPort4)
	if s.six {
		proto, offset, length, port = unix.NFPROTO_IPV6, 24, 16, regPort6
	}
	out := append(meta(expr.MetaKeyNFPROTO, proto),
		&expr.Payload{DestRegister: regAddress, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: length})
	if s.ported {
		out = append(out, &expr.Payload{DestRegister: port, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2})
	}
	return append(out,
		&expr.Lookup{SourceRegister: regAddress, SetName: s.set.Name, SetID: s.set.ID},
		verdict(expr.VerdictJump, to))
}

// refuse is the rules of the chain that packets to listed addresses come to.
func refuse(d *direction, group uint16, log bool) [][]expr.Any {
	rules := [][]expr.Any{{&expr.Counter{}}}
	if log {
		rules = append(rules, []expr.Any{
			&expr.Limit{Type: expr.LimitTypePkts, Rate: logRate, Unit: expr.LimitTimeSecond, Burst: logBurst},
			&expr.Counter{},
			&expr.Log{Key: 1<<unix.NFTA_LOG_GROUP | 1<<unix.NFTA_LOG_PREFIX | 1<<unix.NFTA_LOG_SNAPLEN | 1<<unix.NFTA_LOG_QTHRESHOLD,
				Group: group, Snaplen: snap, QThreshold: 1, Data: []byte(d.name)},
		})
	}
	// A reset tells a program at once that nobody is there; only TCP has it.
	return append(rules,
		append(meta(expr.MetaKeyL4PROTO, unix.IPPROTO_TCP), &expr.Reject{Type: unix.NFT_REJECT_TCP_RST}),
		[]expr.Any{&expr.Reject{Type: unix.NFT_REJECT_ICMPX_UNREACH, Code: unix.NFT_REJECT_ICMPX_ADMIN_PROHIBITED}})
}

// protocols have ports where TCP has them.
func protocols() []byte {
	return []byte{unix.IPPROTO_TCP, unix.IPPROTO_UDP, unix.IPPROTO_UDPLITE, unix.IPPROTO_SCTP, unix.IPPROTO_DCCP}
}
