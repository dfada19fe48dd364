package pattern

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// -train makes a new pairs.bin from the files below the directories given:
//
//	go test ./yara/internal/pattern -run TestPairTable -args -train DIR,DIR
//
// Linux executables, Windows executables and text weigh the same, whatever there
// is more of. Of a file the first mebibyte counts, and files with the same content
// count once. It is run by hand, when there is a better sample of files.
var trainOn = flag.String("train", "", "directories, separated by commas, to make pairs.bin from")

func TestPairTable(t *testing.T) {
	if *trainOn != "" {
		if err := train("pairs.bin", strings.Split(*trainOn, ",")); err != nil {
			t.Fatal(err)
		}
	}
	if len(pairTable) != 256+1<<16 {
		t.Errorf("the table has %d bytes", len(pairTable))
	}
	for i := 1; i < len(rareOrder); i++ {
		if a, b := rareOrder[i-1], rareOrder[i]; rarity(a, false) >= rarity(b, false) {
			t.Errorf("%q is not taken for more frequent than %q", a, b)
		}
	}
}

// rareOrder has texts from frequent to rare.
var rareOrder = []string{"\x00", "\x00\x00", "\x01\x00\x00\x00", "\x48\x8D\x05", "function", "Qx7z!#kW"}

// pairSample counts bytes, and the pairs behind them, of one kind of file.
type pairSample struct {
	counts [256 + 1<<16]float64
	total  float64
}

func (s *pairSample) add(data []byte) {
	for i := range len(data) - 1 {
		s.counts[data[i]]++
		s.counts[256+int(data[i])<<8+int(data[i+1])]++
	}
	s.total += float64(len(data))
}

// sampleOf gives the sample that a file belongs to, nil for what is packed or
// media and says nothing.
func sampleOf(samples *[3]pairSample, data []byte) *pairSample {
	switch {
	case len(data) < 2:
		return nil
	case bytes.HasPrefix(data, []byte("\x7fELF")):
		return &samples[0]
	case bytes.HasPrefix(data, []byte("MZ")):
		return &samples[1]
	case bytes.IndexByte(data[:min(len(data), 8192)], 0) < 0:
		return &samples[2]
	}
	return nil
}

func train(out string, dirs []string) error {
	var samples [3]pairSample
	seen := map[[32]byte]bool{}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil // what cannot be read is not in the sample
			}
			f, err := os.Open(path)
			if err != nil {
				return nil
			}
			defer f.Close()
			data, err := io.ReadAll(io.LimitReader(f, 1<<20))
			sum := sha256.Sum256(data)
			if s := sampleOf(&samples, data); err == nil && s != nil && !seen[sum] {
				seen[sum] = true
				s.add(data)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	table := make([]byte, 256+1<<16)
	for i := range table {
		rate := 0.0
		for k := range samples {
			rate += samples[k].counts[i] / max(samples[k].total, 1) / float64(len(samples))
		}
		table[i] = byte(min(max(math.Round(-8*math.Log2(rate)), 0), 255))
	}
	return os.WriteFile(out, table, 0o644)
}
