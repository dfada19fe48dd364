package term

import (
	"fmt"
	"strconv"
	"time"

	"vitrine/internal/quantity"
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

// ParseBytes reads a size such as 64M; see quantity.ParseBytes.
func ParseBytes(s string) (int64, error) { return quantity.ParseBytes(s) }

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
