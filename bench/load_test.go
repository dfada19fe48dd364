package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"vitrine/yara"
)

// BenchmarkLoad loads compiled rules, and tells how large they are: for itself
// and, where yarac is there, beside what that writes of the same rules.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{1000, 12000} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			text := Rules(n, 1)
			rules, err := yara.Compile(text)
			if err != nil {
				b.Fatal(err)
			}
			data, err := rules.MarshalBinary()
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := yara.Load(data); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(data)), "bytes")
			if size := yaracSize(b, text); size > 0 {
				b.ReportMetric(float64(size), "yarac-bytes")
			}
		})
	}
}

// yaracSize gives the size of what yarac writes, or 0 where there is none.
func yaracSize(b *testing.B, text string) int64 {
	yarac, err := exec.LookPath("yarac")
	if err != nil {
		return 0
	}
	source, out := filepath.Join(b.TempDir(), "rules.yar"), filepath.Join(b.TempDir(), "rules.yarc")
	if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	if said, err := exec.Command(yarac, "-w", source, out).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, said)
	}
	info, err := os.Stat(out)
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}
