package hash_test

import (
	"context"
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/module/hash"
	"vitrine/yara/internal/module/moduletest"
)

const emptyMD5 = `"d41d8cd98f00b204e9800998ecf8427e"`

func TestDigests(t *testing.T) {
	s := moduletest.Open(hash.Module(), []byte("foobarbaz"))
	moduletest.Check(t, s, [][2]string{
		{"md5(0, 9)", `"6df23dc03f9b54cc38a0fc1483df6e21"`},
		{"md5(3, 3)", `"37b51d194a7513e45b56f6524f2d51f2"`},
		{`md5("bar")`, `"37b51d194a7513e45b56f6524f2d51f2"`},
		{"sha1(0, 3)", `"0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"`},
		{`sha1("foo")`, `"0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"`},
		{"sha256(3, 3)", `"fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9"`},
		{"crc32(0, 9)", "444082090"}, {`crc32("")`, "0"},
		{"checksum32(0, 3)", "324"}, {`checksum32("foo")`, "324"},
		{`checksum32("\xff\xff")`, "510"},
		{"md5(0, 0)", emptyMD5}, {`md5("")`, emptyMD5},
		{"md5(6, 100)", `"73feffa4b7f6bb68e44cf984c85f6e88"`}, // cut at the end
		{"md5(9, 1)", "undefined"}, {"md5(-1, 1)", "undefined"}, {"crc32(0, -1)", "undefined"},
	})
}

func TestYARAX(t *testing.T) {
	s := moduletest.OpenIn(hash.Module(), module.Context{Data: []byte("foobarbaz"), YARAX: true})
	moduletest.Check(t, s, [][2]string{
		{"md5(6, 3)", `"73feffa4b7f6bb68e44cf984c85f6e88"`},
		{"md5(6, 4)", "undefined"}, {"md5(9, 0)", emptyMD5}, {"md5(10, 0)", "undefined"},
		{"sha256(1, 9223372036854775807)", "undefined"},
	})
}

// The digest of a range is the same object the second time, however its end is
// written.
func TestOnce(t *testing.T) {
	m := hash.Module()
	c := &module.Context{Data: []byte("foobarbaz")}
	self := m.Open(c)
	_, f := m.Type.Member("sha256")
	call := func(size int64) []byte {
		return f.Type.Func[0].Call(c, self, []module.Value{module.Int(0), module.Int(size)}).Bytes
	}
	if &call(9)[0] != &call(100)[0] {
		t.Error("the digest of one range was computed twice")
	}
	if &call(9)[0] == &call(8)[0] {
		t.Error("two ranges share a digest")
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := moduletest.OpenIn(hash.Module(), module.Context{Ctx: ctx, Data: []byte("foo")})
	moduletest.Check(t, s, [][2]string{{"md5(0, 3)", "undefined"}, {"crc32(0, 3)", "undefined"}})
}

func TestWalk(t *testing.T) {
	for _, data := range []string{"", "abcdefgh"} {
		moduletest.Open(hash.Module(), []byte(data)).Walk(4, nil)
	}
}
