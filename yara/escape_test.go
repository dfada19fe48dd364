package yara

import "testing"

func TestStrictEscape(t *testing.T) {
	const text = `rule r { strings: $a = /\ya/ condition: $a or "x" matches /\q/ }`
	for strict, want := range map[bool]int{false: 0, true: 2} {
		c := NewCompiler(Config{StrictEscape: strict})
		if err := c.Add(Source{Text: []byte(text)}); err != nil {
			t.Fatal(err)
		}
		if got := len(c.Warnings()); got != want {
			t.Errorf("strict %t: %d warnings, want %d: %v", strict, got, want, c.Warnings())
		}
	}
}
