package quantity

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseBytes(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "12B": 12, "64k": 64 << 10, "64KiB": 64 << 10, "512MiB": 512 << 20, "2GB": 2 << 30, "1t": 1 << 40,
	} {
		if got, err := ParseBytes(in); got != want || err != nil {
			t.Errorf("%s: %d, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "-1", "1.5M", "1MM", "M", "1i", "9999999999T", "1 M"} {
		if got, err := ParseBytes(bad); err == nil {
			t.Errorf("%q is %d", bad, got)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"500ms": 500 * time.Millisecond, "1m30s": 90 * time.Second, "90d": 90 * day, "2w": 14 * day, "0d": 0, "1.5h": 90 * time.Minute,
	} {
		if got, err := ParseDuration(in); got != want || err != nil {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "5", "-1s", "-1d", "1.5d", "d", "9999999999w", "1d1h", "+d"} {
		if got, err := ParseDuration(bad); err == nil || !strings.Contains(err.Error(), "such as") {
			t.Errorf("%q is %v, %v", bad, got, err)
		}
	}
}

func TestFormat(t *testing.T) {
	for d, want := range map[time.Duration]string{
		90 * day: "90d", 2 * time.Hour: "2h", 90 * time.Second: "1m30s", 10 * time.Minute: "10m", 0: "0s", 500 * time.Millisecond: "500ms", 25 * time.Hour: "25h",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("%v is written %s instead of %s", d, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0B", 1000: "1000B", 512 << 20: "512MiB", 3 << 50: "3072TiB"} {
		if got := FormatBytes(n); got != want {
			t.Errorf("%d is written %s instead of %s", n, got, want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Min(0).Draw(t, "size")
		if got, err := ParseBytes(FormatBytes(n)); got != n || err != nil {
			t.Errorf("%s is read as %d, %v", FormatBytes(n), got, err)
		}
		d := time.Duration(n)
		if rapid.Bool().Draw(t, "round") {
			d = d.Truncate(time.Minute)
		}
		if got, err := ParseDuration(FormatDuration(d)); got != d || err != nil {
			t.Errorf("%s is read as %v, %v", FormatDuration(d), got, err)
		}
	})
}
