package clock_test

import (
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/module/clock"
	"vitrine/yara/internal/module/moduletest"
)

func TestNow(t *testing.T) {
	s := moduletest.OpenIn(clock.Module(), module.Context{Now: func() int64 { return 1700000000 }})
	moduletest.Check(t, s, [][2]string{{"now()", "1700000000"}})
	s.Context.Now = nil
	moduletest.Check(t, s, [][2]string{{"now()", "undefined"}})
}
