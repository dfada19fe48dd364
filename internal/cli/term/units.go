package term

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Count writes a number with commas between the thousands: 1,204.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Bytes writes a size for people, in units of 1024: 512 B, 1.5 KiB, 2.1 GiB.
func Bytes(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n), -1
	for value >= 1024 && unit < 5 {
		value /= 1024
		unit++
	}
	if value >= 99.95 {
		return fmt.Sprintf("%.0f %ciB", value, "KMGTPE"[unit])
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGTPE"[unit])
}

// Elapsed writes a duration for people: 84ms, 8.4s, 3m12s, 2h05m.
func Elapsed(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
}

// ParseBytes reads a size: a number, or a number and one of K, M, G or T
// (times 1024, 1024², …), with an optional B or iB behind it, in any case.
func ParseBytes(s string) (int64, error) {
	number := strings.TrimRight(s, "KMGTBikmgtb")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 {
		return 0, badSize(s)
	}
	suffix := strings.ToLower(s[len(number):])
	letter := strings.TrimSuffix(strings.TrimSuffix(suffix, "b"), "i")
	power := strings.Index("kmgt", letter) + 1
	if letter == "" {
		power = 0
	}
	if len(letter) > 1 || (power == 0 && suffix != "" && suffix != "b") {
		return 0, badSize(s)
	}
	factor := int64(1) << (10 * power)
	if n > math.MaxInt64/factor {
		return 0, badSize(s)
	}
	return n * factor, nil
}

func badSize(s string) error {
	return fmt.Errorf("%q is not a size: write a number of bytes, or one with K, M, G or T behind it, such as 64M", s)
}

// Size is a flag value that holds bytes; see ParseBytes. It satisfies pflag.Value.
type Size int64

// Set reads the flag's value.
func (s *Size) Set(text string) error {
	n, err := ParseBytes(text)
	*s = Size(n)
	return err
}

// String writes the size so that Set reads it back.
func (s *Size) String() string {
	n, unit := int64(*s), ""
	for _, u := range []string{"K", "M", "G", "T"} {
		if n == 0 || n%1024 != 0 {
			break
		}
		n, unit = n/1024, u
	}
	return strconv.FormatInt(n, 10) + unit
}

// Type is the word shown behind the flag in help.
func (s *Size) Type() string { return "size" }
