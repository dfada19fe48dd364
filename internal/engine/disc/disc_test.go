package disc

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/disc/disctest"
	"vitrine/internal/engine/limit"
)

func TestFile(t *testing.T) {
	data := []byte("0123456789")
	tests := []struct {
		name    string
		extents []Extent
		want    string
		copied  bool
		problem string
	}{
		{"one piece", []Extent{{At: 2, Size: 3}}, "234", false, ""},
		{"pieces side by side", []Extent{{At: 2, Size: 3}, {At: 5, Size: 0}, {At: 5, Size: 2}}, "23456", false, ""},
		{"pieces apart", []Extent{{At: 8, Size: 2}, {At: 0, Size: 1}}, "890", true, ""},
		{"a hole", []Extent{{At: 8, Size: 1}, {Size: 2, Hole: true}, {At: 7, Size: 1}}, "8\x00\x007", true, ""},
		{"past the end", []Extent{{At: 8, Size: 5}}, "89", true, "unexpected EOF"},
		{"behind the end", []Extent{{At: 1 << 60, Size: 5}}, "", true, "unexpected EOF"},
		{"before the beginning", []Extent{{At: -3, Size: 5}}, "", true, "unexpected EOF"},
	}
	for _, tt := range tests {
		s := disctest.NewSink(limit.Limits{}, len(data))
		m := New(data, s.Budget, s)
		for range 2 { // the second time it is known
			if err := m.File("f", tt.extents); err != nil {
				t.Fatal(err)
			}
		}
		m.Close()
		if len(s.Names) != 1 || s.Data["f"] != tt.want || (len(s.Copied) > 0) != tt.copied || !strings.Contains(strings.Join(s.Problems, ""), tt.problem) || s.Budget.Held() != 0 {
			t.Errorf("%s: %q, copied %v, %q, %d held", tt.name, s.Data, s.Copied, s.Problems, s.Budget.Held())
		}
	}
}

// What overlaps is handed out, but counted.
func TestOverlaps(t *testing.T) {
	data := make([]byte, 1<<20)
	s := disctest.NewSink(limit.Limits{MaxTotal: 10 << 20}, len(data))
	m := New(data, s.Budget, s)
	var err error
	for i := int64(0); err == nil && i < 1000; i++ {
		err = m.File("f", []Extent{{At: i, Size: 1<<20 - i}})
	}
	if !limit.Final(err) || len(s.Names) > 12 {
		t.Errorf("%d files of 1 MiB out of 1 MiB: %v", len(s.Names), err)
	}
}

func TestDirectory(t *testing.T) {
	data := []byte("0123456789")
	s := disctest.NewSink(limit.Limits{}, len(data))
	m := New(data, s.Budget, s)
	defer m.Close()
	for _, tt := range []struct {
		extents []Extent
		want    string
		fails   bool
	}{
		{[]Extent{{At: 1, Size: 2}}, "12", false},
		{[]Extent{{At: 1, Size: 2}, {At: 5, Size: 2}}, "1256", false},
		{[]Extent{{At: 100, Size: 2}}, "", false},
		{slices.Repeat([]Extent{{At: 0, Size: 10}}, 7), strings.Repeat("0123456789", 7), false},
		{[]Extent{{At: 0, Size: 5}}, "", true}, // 81 bytes of 10
	} {
		got, err := m.Directory(tt.extents...)
		if string(got) != tt.want || (err != nil) != tt.fails {
			t.Errorf("%v: %q, %v", tt.extents, got, err)
		}
	}
}

func TestCovered(t *testing.T) {
	s := disctest.NewSink(limit.Limits{}, 10)
	m := New(make([]byte, 10), s.Budget, s)
	defer m.Close()
	if err := m.File("f", []Extent{{At: 2, Size: 3}}); err != nil {
		t.Fatal(err)
	}
	got := []bool{m.Covered(2, 2), m.Covered(2, 3), m.Covered(2, 4), m.Covered(3, 1)}
	if !slices.Equal(got, []bool{true, true, false, false}) {
		t.Errorf("got %v", got)
	}
}

func TestJoin(t *testing.T) {
	if got := Join("", "a"); got != "a" {
		t.Errorf("got %q", got)
	}
	path := ""
	for range 1000 {
		path = Join(path, "directory")
	}
	if len(path) > maxPath+len("…") || !strings.HasSuffix(path, "directory/directory") {
		t.Errorf("%d bytes: %q", len(path), path)
	}
}

func TestRaw(t *testing.T) {
	image := bytes.Repeat([]byte("0123456789abcdef"), 3*2048/16)
	raw := disctest.Raw(image)
	second := bytes.Clone(raw)
	second[15] = 2
	tests := []struct {
		name string
		data []byte
		want int // bytes; negative: not raw
	}{{"whole", raw, 3 * 2048}, {"cut", raw[:2352+16+100], 2048 + 100}, {"cut in a header", raw[:2352+10], 2048}, {"mode 2", second, 3 * 2048}, {"plain", image, -1}, {"short", raw[:100], -1}}
	for _, tt := range tests {
		r := Raw(tt.data)
		if r == nil {
			if tt.want >= 0 {
				t.Errorf("%s: not known", tt.name)
			}
			continue
		}
		got, err := io.ReadAll(r)
		if len(got) != tt.want || err != nil || tt.name != "mode 2" && !bytes.HasPrefix(image, got) {
			t.Errorf("%s: %d bytes, %v", tt.name, len(got), err)
		}
	}
}
