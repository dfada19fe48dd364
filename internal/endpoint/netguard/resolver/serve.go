package resolver

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// The longest datagram that is read: questions are short.
const maxQuestion = 4096

func (s *Server) serveUDP(ctx context.Context, u *net.UDPConn) error {
	var under sync.WaitGroup
	defer under.Wait()
	buf := make([]byte, maxQuestion)
	for {
		n, client, err := u.ReadFromUDPAddrPort(buf)
		if err != nil {
			// What an earlier answer met on its way comes back here.
			if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH) {
				continue
			}
			return err
		}
		q := s.take(buf[:n], netip.AddrPortFrom(client.Addr().Unmap(), client.Port()), false)
		if q == nil {
			continue
		}
		s.answerUDP(ctx, u, client, q, &under)
	}
}

// answerUDP answers at once what needs nobody, and all else beside.
func (s *Server) answerUDP(ctx context.Context, u *net.UDPConn, client netip.AddrPort, q *question, under *sync.WaitGroup) {
	slots := s.parallel
	if q.reply != nil {
		slots = s.held
	}
	if q.reply == nil || q.seen != nil {
		select {
		case slots <- struct{}{}:
			under.Go(func() {
				defer func() { <-slots }()
				if q.reply == nil {
					s.forward(ctx, q)
				}
				s.wait(ctx, q)
				u.WriteToUDPAddrPort(q.bytes(), client)
			})
			return
		default:
		}
	}
	if q.reply == nil {
		s.dropped.Add(1)
		return
	}
	u.WriteToUDPAddrPort(q.bytes(), client)
}

func (s *Server) serveTCP(ctx context.Context, l *net.TCPListener) error {
	var under sync.WaitGroup
	defer under.Wait()
	for {
		c, err := l.AcceptTCP()
		if err != nil {
			if !errors.Is(err, syscall.ECONNABORTED) && !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
				return err
			}
			select {
			case <-ctx.Done():
			case <-time.After(10 * time.Millisecond):
			}
			continue
		}
		select {
		case s.conns <- struct{}{}:
		default:
			s.dropped.Add(1)
			c.Close()
			continue
		}
		under.Go(func() {
			defer func() { <-s.conns }()
			defer c.Close()
			stop := context.AfterFunc(ctx, func() { c.Close() })
			defer stop()
			client := c.RemoteAddr().(*net.TCPAddr).AddrPort()
			s.serveConn(ctx, c, netip.AddrPortFrom(client.Addr().Unmap(), client.Port()))
		})
	}
}

// serveConn answers one question after the other until the client has no more.
func (s *Server) serveConn(ctx context.Context, c net.Conn, client netip.AddrPort) {
	for {
		c.SetDeadline(time.Now().Add(s.c.Idle))
		text, err := readFrame(c, maxQuestion)
		if err != nil {
			return
		}
		q := s.take(text, client, true)
		if q == nil {
			return
		}
		if q.reply == nil {
			select {
			case s.parallel <- struct{}{}:
			case <-ctx.Done():
				return
			}
			s.forward(ctx, q)
			<-s.parallel
		}
		s.wait(ctx, q)
		c.SetDeadline(time.Now().Add(s.c.Idle))
		if err := writeFrame(c, q.bytes()); err != nil {
			return
		}
	}
}

// readFrame reads a message behind its length in two bytes.
func readFrame(r io.Reader, most int) ([]byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(head[:]))
	if n > most {
		return nil, errors.New("a message longer than the limit")
	}
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return b, err
}

func writeFrame(w io.Writer, b []byte) error {
	if len(b) > 0xffff {
		return errors.New("a message longer than TCP takes")
	}
	_, err := w.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...))
	return err
}
