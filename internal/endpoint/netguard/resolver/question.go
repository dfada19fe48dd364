package resolver

import (
	"context"
	"encoding/binary"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Sizes of UDP answers: what every client takes, what we tell upstreams that we
// take, and the most we send to a client that says it takes more.
const (
	sizeLeast = 512
	sizeAsked = 1232
	sizeMost  = 4096
)

// question is one message of a client, and the answer once there is one.
type question struct {
	msg    *dns.Msg
	opt    *dns.OPT // the client's; nil: it knows no EDNS
	client netip.AddrPort
	tcp    bool
	reply  *dns.Msg
	seen   <-chan struct{} // the answer waits for it; nil: for nothing
}

// take reads a message of a client. It gives nil for what is answered with
// silence, and a question with its answer for what needs no upstream.
func (s *Server) take(text []byte, client netip.AddrPort, tcp bool) *question {
	if len(text) < 12 || text[2]&0x80 != 0 { // not a header, or an answer
		s.dropped.Add(1)
		return nil
	}
	s.asked.Add(1)
	q := &question{msg: new(dns.Msg), client: client, tcp: tcp}
	if err := q.msg.Unpack(text); err != nil {
		// Only the number and the kind of question can be relied on.
		q.msg = &dns.Msg{MsgHdr: dns.MsgHdr{Id: binary.BigEndian.Uint16(text), Opcode: int(text[2] >> 3 & 15)}}
		return q.answer(dns.RcodeFormatError)
	}
	q.opt = q.msg.IsEdns0()
	switch {
	case q.msg.Opcode != dns.OpcodeQuery:
		return q.answer(dns.RcodeNotImplemented)
	case len(q.msg.Question) != 1:
		return q.answer(dns.RcodeFormatError)
	case q.opt != nil && q.opt.Version() != 0:
		return q.answer(dns.RcodeBadVers)
	}
	switch ask := q.msg.Question[0]; {
	case ask.Qclass != dns.ClassINET, ask.Qtype == dns.TypeAXFR, ask.Qtype == dns.TypeIXFR:
		return q.answer(dns.RcodeRefused)
	case s.listed(ask.Name):
		return s.block(q, ask.Name)
	}
	return q
}

// listed says whether a name, as it stands in a message, is listed.
func (s *Server) listed(name string) bool {
	names := s.names.Load()
	if names == nil {
		return false
	}
	_, ok := (*names).Name(name)
	return ok
}

// answer begins the answer: header, question, and EDNS if the client has it.
func (q *question) answer(rcode int) *question {
	m := new(dns.Msg)
	m.SetReply(q.msg)
	m.Rcode, m.RecursionAvailable, m.Compress = rcode, true, true
	if q.opt != nil {
		m.SetEdns0(sizeAsked, q.opt.Do())
	}
	q.reply = m
	return q
}

// explain adds an extended error for clients that know EDNS.
func (q *question) explain(code uint16, text string) {
	if opt := q.reply.IsEdns0(); opt != nil {
		opt.Option = append(opt.Option, &dns.EDNS0_EDE{InfoCode: code, ExtraText: text})
	}
}

// block answers with the sinkhole: with nothing where it has no address of the
// kind that was asked for, and that there is no such name where it has none.
func (s *Server) block(q *question, listed string) *question {
	ask := q.msg.Question[0]
	q.answer(dns.RcodeSuccess).explain(dns.ExtendedErrorCodeBlocked, "listed here")
	head := dns.RR_Header{Name: ask.Name, Rrtype: ask.Qtype, Class: dns.ClassINET, Ttl: s.c.TTL}
	for _, a := range s.c.Sinkhole {
		switch {
		case ask.Qtype == dns.TypeA && a.Is4():
			q.reply.Answer = append(q.reply.Answer, &dns.A{Hdr: head, A: a.AsSlice()})
		case ask.Qtype == dns.TypeAAAA && a.Is6():
			q.reply.Answer = append(q.reply.Answer, &dns.AAAA{Hdr: head, AAAA: a.AsSlice()})
		}
	}
	if len(s.c.Sinkhole) == 0 {
		q.reply.Rcode = dns.RcodeNameError
	}
	if len(q.reply.Answer) == 0 {
		head.Rrtype = dns.TypeSOA
		q.reply.Ns = []dns.RR{&dns.SOA{Hdr: head, Ns: "localhost.", Mbox: "nobody.invalid.", Serial: 1, Refresh: 3600, Retry: 600, Expire: 86400, Minttl: s.c.TTL}}
	}
	s.blocked.Add(1)
	q.seen = s.c.Blocked(Blocked{Name: plain(listed), Asked: plain(ask.Name), Type: dns.TypeToString[ask.Qtype], Client: q.client, TCP: q.tcp})
	return q
}

// wait lets whoever asked be seen before there is nothing more to see.
func (s *Server) wait(ctx context.Context, q *question) {
	if q.seen == nil {
		return
	}
	t := time.NewTimer(s.c.Hold)
	defer t.Stop()
	select {
	case <-q.seen:
	case <-t.C:
	case <-ctx.Done():
	}
}

func plain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// bytes is the answer as it is sent: cut to what the client takes over UDP, with
// the mark that makes it ask again over TCP.
func (q *question) bytes() []byte {
	size := dns.MaxMsgSize
	if !q.tcp {
		size = sizeLeast
		if q.opt != nil {
			size = min(max(size, int(q.opt.UDPSize())), sizeMost)
		}
	}
	q.reply.Truncate(size)
	b, err := q.reply.Pack()
	if err != nil || len(b) > size {
		// An upstream's records that cannot be written again: say so, and no more.
		q.answer(dns.RcodeServerFailure)
		b, _ = q.reply.Pack()
	}
	return b
}
