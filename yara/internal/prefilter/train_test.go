package prefilter

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// -train makes a new rarity.bin from the files below the directories given:
//
//	go test ./yara/internal/prefilter -run TestRarityTable -args -train DIR,DIR
//
// Files are sorted into Linux executables, Windows executables and the rest,
// which should be text; each of the three weighs the same. Of a file larger
// than a mebibyte only the first mebibyte counts, and of files with the same
// content only one. It is run by hand, when there is a better sample of files.
var trainOn = flag.String("train", "", "directories, separated by commas, to make rarity.bin from")

func TestRarityTable(t *testing.T) {
	if *trainOn != "" {
		if err := train("rarity.bin", strings.Split(*trainOn, ",")); err != nil {
			t.Fatal(err)
		}
	}
	if len(rarityTable) != raritySize {
		t.Errorf("the table has %d bytes, want %d", len(rarityTable), raritySize)
	}
}

const maxFile = 1 << 20

// sample counts the windows of one kind of file.
type sample struct {
	counts []int64
	total  int64
	files  int
}

func (s *sample) add(data []byte) {
	for i := 0; i+4 <= len(data); i++ {
		s.counts[rarityIndex(data[i:])]++
	}
	s.total += int64(len(data))
	s.files++
}

// kindOf gives 0 for ELF, 1 for PE, 2 for text, and -1 for what is packed or
// media and says nothing.
func kindOf(data []byte) int {
	switch {
	case bytes.HasPrefix(data, []byte("\x7fELF")):
		return 0
	case bytes.HasPrefix(data, []byte("MZ")):
		return 1
	case bytes.IndexByte(data[:min(len(data), 8192)], 0) < 0:
		return 2
	}
	return -1
}

func train(out string, dirs []string) error {
	samples := make([]sample, 3)
	for i := range samples {
		samples[i].counts = make([]int64, raritySize)
	}
	seen := map[[32]byte]bool{}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil // what cannot be read is not in the sample
			}
			data, err := head(path)
			sum := sha256.Sum256(data)
			if k := kindOf(data); err == nil && k >= 0 && !seen[sum] {
				seen[sum] = true
				samples[k].add(data)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for i, name := range []string{"ELF", "PE", "text"} {
		fmt.Printf("%s: %d files, %d bytes\n", name, samples[i].files, samples[i].total)
	}
	return os.WriteFile(out, trained(samples), 0o644)
}

func head(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// trained gives a byte for each bucket: 255 and eight times the binary logarithm
// of its frequency, not below zero.
func trained(samples []sample) []byte {
	out := make([]byte, raritySize)
	for i := range out {
		frequency := 0.0
		for _, s := range samples {
			if s.total > 0 {
				frequency += float64(s.counts[i]) / float64(s.total) / float64(len(samples))
			}
		}
		if frequency > 0 {
			out[i] = byte(max(0, math.Round(255+8*math.Log2(frequency))))
		}
	}
	return out
}
