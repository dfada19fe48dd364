// Package quantity reads and writes sizes and durations as people write them in
// configuration and on command lines, without loss. It is pure.
package quantity

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

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

// FormatBytes writes a size so that ParseBytes reads it back: 512MiB, 1000B.
func FormatBytes(n int64) string {
	unit := "B"
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if n == 0 || n%1024 != 0 {
			break
		}
		n, unit = n/1024, u
	}
	return strconv.FormatInt(n, 10) + unit
}

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// ParseDuration reads a duration as time.ParseDuration does, or a whole number
// of days or weeks, such as 90d or 2w. It refuses negative ones.
func ParseDuration(s string) (time.Duration, error) {
	for suffix, unit := range map[string]time.Duration{"d": day, "w": week} {
		number, found := strings.CutSuffix(s, suffix)
		if n, err := strconv.ParseInt(number, 10, 64); found && err == nil && n >= 0 && n <= int64(math.MaxInt64/unit) {
			return time.Duration(n) * unit, nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration: write a number with ms, s, m, h, d or w behind it, such as 500ms or 90d", s)
	}
	return d, nil
}

// FormatDuration writes a duration so that ParseDuration reads it back, without
// parts that are zero: 90d, 2h, 1m30s.
func FormatDuration(d time.Duration) string {
	if d > 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
