package monitor

import (
	"testing"

	"vitrine/proof/statement"
)

func TestSpoken(t *testing.T) {
	s := statement.Statement{
		Subject: []statement.Subject{{Name: "release/1.0.0/vitrine", SHA256: statement.Digest{1}}},
		Predicate: statement.Release{
			Version: "1.0.0", Archive: statement.Digest{2}, Provenance: statement.Digest{3},
			SBOM: []statement.Subject{{Name: "release/1.0.0/vitrine.cdx.json", SHA256: statement.Digest{4}}},
		},
	}
	for _, c := range []struct {
		name   string
		sum    statement.Digest
		speaks bool
		called string
	}{
		{"release/1.0.0/vitrine", statement.Digest{1}, true, "release/1.0.0/vitrine"},
		{"release/1.0.0/other", statement.Digest{1}, false, "release/1.0.0/vitrine"},
		{"release/1.0.0/source.tar.gz", statement.Digest{2}, true, "release/1.0.0/source archive"},
		{"release/1.0.0/provenance.json", statement.Digest{3}, true, "release/1.0.0/provenance"},
		{"release/1.0.0/vitrine.cdx.json", statement.Digest{4}, true, "release/1.0.0/vitrine.cdx.json"},
		{"release/1.0.0/vitrine", statement.Digest{5}, false, ""},
	} {
		if got := Speaks(s, c.name, c.sum); got != c.speaks {
			t.Errorf("%s %x: %v", c.name, c.sum[0], got)
		}
		if got := NameOf(s, c.sum); got != c.called {
			t.Errorf("%x is called %q, expected %q", c.sum[0], got, c.called)
		}
	}
	for target, want := range map[string]string{"release/1.0.0/vitrine": "release/1.0.0/release", "rules/core/000001.bundle": "rules/core/000001.bundle", "trust/policy.txt": "trust/policy.txt"} {
		if got := Beside(target); got != want {
			t.Errorf("beside %s is %s, expected %s", target, got, want)
		}
	}
}
