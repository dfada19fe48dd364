package resolver

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// How many datagrams that are no answer to the question are passed over before
// somebody is thought to be guessing, and the question goes over TCP.
const maxStrange = 16

// errAskTCP means that UDP gave no answer that can be relied on.
var errAskTCP = errors.New("ask again over TCP")

// forward asks the upstreams and puts the answer to the question.
func (s *Server) forward(ctx context.Context, q *question) {
	var kept *dns.Msg
	upstreams := *s.ask.Load()
	first := int(s.best.Load())
	for i := range upstreams {
		at := (first + i) % len(upstreams)
		m, err := s.try(ctx, q, upstreams[at])
		if err != nil {
			continue
		}
		kept = m
		if m.Rcode != dns.RcodeServerFailure && m.Rcode != dns.RcodeRefused {
			s.best.Store(uint32(at))
			break
		}
	}
	if kept == nil {
		s.failed.Add(1)
		q.answer(dns.RcodeServerFailure).explain(dns.ExtendedErrorCodeNoReachableAuthority, "no upstream answered")
		return
	}
	if name := s.alias(kept); name != "" {
		s.block(q, name)
		return
	}
	q.adopt(kept)
}

// alias gives a listed name that the answer leads to, or "".
func (s *Server) alias(m *dns.Msg) string {
	for _, rr := range m.Answer {
		target := ""
		switch rr := rr.(type) {
		case *dns.CNAME:
			target = rr.Target
		case *dns.DNAME:
			target = rr.Target
		case *dns.SVCB:
			target = rr.Target
		case *dns.HTTPS:
			target = rr.Target
		}
		if target != "" && target != "." && s.listed(target) {
			return target
		}
	}
	return ""
}

// adopt makes the upstream's answer ours: in the client's letters, with our EDNS
// and none of the upstream's but its extended errors.
func (q *question) adopt(m *dns.Msg) {
	asked := q.msg.Question[0].Name
	q.answer(m.Rcode)
	q.reply.Authoritative, q.reply.AuthenticatedData, q.reply.CheckingDisabled = m.Authoritative, m.AuthenticatedData, m.CheckingDisabled
	for _, part := range []struct{ from, to *[]dns.RR }{{&m.Answer, &q.reply.Answer}, {&m.Ns, &q.reply.Ns}, {&m.Extra, &q.reply.Extra}} {
		for _, rr := range *part.from {
			if _, ok := rr.(*dns.OPT); ok {
				continue
			}
			if head := rr.Header(); strings.EqualFold(head.Name, asked) {
				head.Name = asked
			}
			*part.to = append(*part.to, rr)
		}
	}
	theirs, ours := m.IsEdns0(), q.reply.IsEdns0()
	if theirs == nil || ours == nil {
		return
	}
	for _, o := range theirs.Option {
		if ede, ok := o.(*dns.EDNS0_EDE); ok {
			ours.Option = append(ours.Option, ede)
		}
	}
}

// try asks one upstream, over UDP first.
func (s *Server) try(ctx context.Context, q *question, to netip.AddrPort) (*dns.Msg, error) {
	edns := true
	for {
		m, err := s.exchange(ctx, q, to, "udp", edns)
		if err == nil && m.Truncated || errors.Is(err, errAskTCP) {
			m, err = s.exchange(ctx, q, to, "tcp", edns)
		}
		if err == nil && edns && m.Rcode == dns.RcodeFormatError && m.IsEdns0() == nil {
			edns = false // older than EDNS
			continue
		}
		return m, err
	}
}

func (s *Server) exchange(ctx context.Context, q *question, to netip.AddrPort, network string, edns bool) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, s.c.Timeout)
	defer cancel()
	asked, text, err := q.upstream(edns)
	if err != nil {
		return nil, err
	}
	c, err := s.c.Dial(ctx, network, to.String())
	if err != nil {
		return nil, fmt.Errorf("ask %s over %s: %w", to, network, err)
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	m, err := talk(c, network, asked, text)
	if err != nil {
		err = fmt.Errorf("ask %s over %s: %w", to, network, err)
	}
	return m, err
}

// upstream writes the question anew: with a number and letters that nobody can
// guess, and nothing of the client's but what it asks.
func (q *question) upstream(edns bool) (*dns.Msg, []byte, error) {
	ask := q.msg.Question[0]
	var noise [2 + 255]byte
	if _, err := rand.Read(noise[:]); err != nil {
		return nil, nil, err
	}
	m := &dns.Msg{Question: []dns.Question{{Name: mixed(ask.Name, noise[2:]), Qtype: ask.Qtype, Qclass: ask.Qclass}}}
	m.Id = binary.BigEndian.Uint16(noise[:])
	m.RecursionDesired, m.CheckingDisabled, m.AuthenticatedData = true, q.msg.CheckingDisabled, q.msg.AuthenticatedData
	if edns {
		m.SetEdns0(sizeAsked, q.opt != nil && q.opt.Do())
	}
	text, err := m.Pack()
	return m, text, err
}

// mixed puts letters of a name into upper or lower case by chance. What is
// escaped stays.
func mixed(name string, noise []byte) string {
	b := []byte(name)
	for i := range b {
		if letter := b[i] | 0x20; letter >= 'a' && letter <= 'z' && (i == 0 || b[i-1] != '\\') {
			b[i] = letter &^ (noise[i%len(noise)] & 0x20)
		}
	}
	return string(b)
}

// talk sends the question and waits for its answer.
func talk(c net.Conn, network string, asked *dns.Msg, text []byte) (*dns.Msg, error) {
	if network == "tcp" {
		if err := writeFrame(c, text); err != nil {
			return nil, err
		}
		reply, err := readFrame(c, dns.MaxMsgSize)
		if err != nil {
			return nil, err
		}
		return accept(asked, reply, false)
	}
	if _, err := c.Write(text); err != nil {
		return nil, err
	}
	buf := make([]byte, sizeMost)
	for range maxStrange {
		n, err := c.Read(buf)
		if err != nil {
			return nil, err
		}
		if m, err := accept(asked, buf[:n], true); m != nil || errors.Is(err, errAskTCP) {
			return m, err
		}
	}
	return nil, errAskTCP
}

// accept reads an answer and says whether it is one to the question. Letters
// that came back in another case are no proof of anything: some upstreams do
// that, and so does whoever guesses. TCP tells them apart.
func accept(asked *dns.Msg, text []byte, letters bool) (*dns.Msg, error) {
	m := new(dns.Msg)
	if len(text) < 12 || binary.BigEndian.Uint16(text) != asked.Id || text[2]&0x80 == 0 {
		return nil, errors.New("not an answer to this question")
	}
	if err := m.Unpack(text); err != nil {
		return nil, errAskTCP
	}
	if len(m.Question) == 0 && m.Rcode == dns.RcodeFormatError {
		return m, nil // those that do not know EDNS say no more
	}
	if len(m.Question) != 1 || m.Opcode != dns.OpcodeQuery {
		return nil, errors.New("not an answer to this question")
	}
	got, want := m.Question[0], asked.Question[0]
	switch {
	case got.Qtype != want.Qtype || got.Qclass != want.Qclass || !strings.EqualFold(got.Name, want.Name):
		return nil, errors.New("not an answer to this question")
	case letters && got.Name != want.Name:
		return nil, errAskTCP
	}
	return m, nil
}
