package yara

import (
	"math"
	"slices"
	"testing"
)

func TestCost(t *testing.T) {
	rules, err := Compile(`
		rule woken { strings: $a = "abcdefgh" $b = "zz" condition: $a and $b and filesize < 100 }
		rule either { strings: $a = "first text" $b = "second text" condition: any of them }
		rule always { condition: filesize > 10 }
		rule gated { condition: uint16(0) == 0x5A4D }
		rule never { condition: filesize < 10 and filesize > 20 }
		rule demand { strings: $a = "abcd" condition: $a at 100 }
		rule open { strings: $a = /[a-z]+[a-z0-9]{3}/ $p = "        " condition: all of them }`)
	if err != nil {
		t.Fatal(err)
	}
	var got []Cost
	for i := range rules.Len() {
		got = append(got, rules.Cost(i))
	}
	if c := got[0]; !slices.Equal(c.Wake, []string{"$a"}) || c.Always || c.MaxSize != 99 || len(c.Strings) != 2 || len(c.Strings[1].Atom) != 2 {
		t.Errorf("woken: %+v", c)
	}
	if c := got[1]; !slices.Equal(c.Wake, []string{"$a", "$b"}) || c.MaxSize != math.MaxInt64 {
		t.Errorf("either: %+v", c)
	}
	if c := got[2]; !c.Always || c.Gated || c.MinSize != 11 {
		t.Errorf("always: %+v", c)
	}
	if c := got[3]; !c.Always || !c.Gated {
		t.Errorf("gated: %+v", c)
	}
	if c := got[4]; !c.Never || c.Always {
		t.Errorf("never: %+v", c)
	}
	if c := got[5]; !c.Strings[0].OnDemand {
		t.Errorf("demand: %+v", c)
	}
	joined := Join(rules, rules)
	if c := joined.Cost(rules.Len() + 3); !c.Always || !c.Gated {
		t.Errorf("joined: %+v", c)
	}
	if c := got[6]; len(c.Strings[0].Atom) != 0 || !c.Strings[1].Padding {
		t.Errorf("open: %+v", c)
	}
}
