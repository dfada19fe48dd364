package macho

import (
	"bytes"
	"fmt"
	"testing"
)

// der writes an element of known length; open one whose end is marked.
func der(tag byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	if len(body) < 0x80 {
		return append([]byte{tag, byte(len(body))}, body...)
	}
	return append([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}, body...)
}

func open0(tag byte, parts ...[]byte) []byte {
	return append(append([]byte{tag, 0x80}, bytes.Join(parts, nil)...), 0, 0)
}

func nameOf(pairs ...[2]string) []byte {
	var sets [][]byte
	for _, p := range pairs {
		sets = append(sets, der(0x31, der(0x30, der(0x06, []byte(p[0])), der(0x0c, []byte(p[1])))))
	}
	return der(0x30, sets...)
}

func certificateOf(version bool, issuer, subject []byte) []byte {
	fields := [][]byte{der(0x02, []byte{7}), der(0x30), issuer, der(0x30), subject, der(0x30)}
	if version {
		fields = append([][]byte{der(0xa0, der(0x02, []byte{2}))}, fields...)
	}
	return der(0x30, der(0x30, fields...), der(0x30), der(0x03, []byte{0}))
}

// signature is a code signature with one message.
func signature(message []byte) []byte {
	n := len(message) + 8
	blob := append([]byte{0xfa, 0xde, 0x0b, 0x01, 0, 0, byte(n >> 8), byte(n)}, message...)
	return append([]byte{0xfa, 0xde, 0x0c, 0xc0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 20}, blob...)
}

func TestCertificates(t *testing.T) {
	root := nameOf([2]string{"\x55\x04\x06", "US"}, [2]string{"\x55\x04\x0a", "Example Inc."}, [2]string{"\x55\x04\x03", "Root"})
	leaf := nameOf([2]string{"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "ID1"}, [2]string{"\x2a\x03\x81\x00", "odd"})
	const want = "[Root: C=US, O=Example Inc., CN=Root true] [UID=ID1, 1.2.3.128=odd false]"
	for name, write := range map[string]func(tag byte, parts ...[]byte) []byte{"known lengths": der, "marked ends": open0} {
		certs := write(0xa0, certificateOf(true, root, root), der(0xa1, []byte("other")), certificateOf(false, root, leaf))
		data := write(0x30, der(0x02, []byte{1}), der(0x31), der(0x30), certs, der(0x31))
		message := write(0x30, der(0x06, []byte{0x2a}), write(0xa0, data))
		m, place := imageOf(signature(message))
		m.commands.Get(func() []command { return []command{{kind: commandSignature, at: 0, size: 16}} })
		m.data = append(append(make([]byte, 8), place...), m.data[8:]...)
		m.data[8] = 16
		list := m.certificates()
		if len(list) != 2 {
			t.Fatalf("%s: %d certificates", name, len(list))
		}
		got := fmt.Sprintf("[Root: %s %v] [%s %v]", nameText(list[0].subject).Bytes, bytes.Equal(list[0].issuer, list[0].subject),
			nameText(list[1].subject).Bytes, bytes.Equal(list[1].issuer, list[1].subject))
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestBrokenBER(t *testing.T) {
	deep := bytes.Repeat([]byte{0x30, 0x80}, 40)
	for _, in := range [][]byte{nil, {0x30}, {0x30, 5, 1}, {0x30, 0x85, 1, 1, 1, 1, 1}, {0x30, 0x82, 1}, {0x30, 0x80, 0x02, 1, 1}, {0x1f, 0x81, 0}, deep} {
		if e, _, ok := berElement(in, 0); ok {
			t.Errorf("% x is taken for %v", in, e)
		}
	}
	for _, body := range [][]byte{nil, der(0x30), der(0x30, der(0x02), der(0x30), der(0x31)), der(0x30, der(0xa0))} {
		if c, ok := readCertificate(body); ok {
			t.Errorf("% x is taken for %v", body, c)
		}
	}
}
