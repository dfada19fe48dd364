package ruleset

import (
	"slices"
	"strings"
	"testing"
)

func TestEach(t *testing.T) {
	root := lay(t, map[string]string{"a.yar": "include \"d/x.inc\"\n" + rule("a"), "d/x.inc": rule("x"), "bad.yar": "rule bad { condition: nope }", "b.yar": rule("b")})
	var got []string
	err := Each(Config{Paths: []string{root, root + "/gone"}}, func(f *File) {
		line := strings.TrimPrefix(f.Name, root+"/") + ":" + strings.Join(f.Places, ",")
		if f.Rules == nil {
			line += ":" + f.Errors[0].Message
		} else if f.Rules.Len() != len(f.Sources) {
			t.Errorf("%s: %d rules of %d files", f.Name, f.Rules.Len(), len(f.Sources))
		}
		got = append(got, line)
	})
	want := []string{"a.yar:a.yar,d/x.inc", "b.yar:b.yar", `bad.yar:bad.yar:unknown identifier "nope"`}
	if !slices.Equal(got, want) || err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestOrigin(t *testing.T) {
	const sum = "0123456789012345678901234567890123456789"
	for _, c := range []struct {
		files map[string]string
		want  string
	}{
		{map[string]string{".git/HEAD": sum + "\n"}, sum},
		{map[string]string{".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": sum}, sum},
		{map[string]string{".git/HEAD": "ref: refs/heads/main\n", ".git/packed-refs": "# pack-refs\n" + sum + " refs/heads/main\n"}, sum},
		{map[string]string{".git/HEAD": "ref: refs/heads/none\n"}, ""},
		{map[string]string{".git/HEAD": "ref: ../../secret\n", "secret": sum}, ""},
		{map[string]string{".git/HEAD": "no sum"}, ""},
		{map[string]string{"x": ""}, ""},
	} {
		c.files["LICENSE.txt"] = "Redistribution and use\nin source and binary forms"
		got := OriginOf(lay(t, c.files))
		if got.Commit != c.want || len(got.Licences) != 1 || got.Licences[0].Name != "BSD-2-Clause" {
			t.Errorf("%v: %+v", c.files, got)
		}
	}
	path := packed(t, "set-main/LICENSE", "Apache License\n Version 2.0", "deep/er/LICENSE", "x", "../LICENSE", "x")
	if got := OriginOf(path); len(got.Licences) != 1 || got.Licences[0].Name != "Apache-2.0" {
		t.Errorf("archive: %+v", got)
	}
	if got := OriginOf(path + ".gone"); got.Commit != "" || got.Licences != nil {
		t.Errorf("nothing: %+v", got)
	}
}
