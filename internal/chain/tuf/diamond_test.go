package tuf_test

import (
	"context"
	"strings"
	"testing"

	"vitrine/internal/chain/tuf"
	"vitrine/internal/chain/tuf/tuftest"
)

func role(names ...string) tuftest.Role {
	r := tuftest.Role{Threshold: 1}
	for _, name := range names {
		r.Keys = append(r.Keys, tuftest.NewKey(name))
	}
	return r
}

// Two roles delegate to the same third, each with a key of its own, and only one
// of these has signed. That one of them vouches for it must not be enough for
// the paths of the other, whichever was asked for first.
func TestRoleIsVerifiedByWhoDelegatesToIt(t *testing.T) {
	for _, order := range []string{"a b", "b a", "b", "a"} {
		s := newSite(t)
		s.Delegate("parent-a", role("pa"), tuftest.Object{}, false, "a/*")
		s.Delegate("parent-b", role("pb"), tuftest.Object{}, false, "b/*")
		s.Nested["parent-a"] = tuftest.Delegation("release", role("ra"), "a/*")
		s.Nested["parent-b"] = tuftest.Delegation("release", role("rb"), "b/*")
		s.Delegated["release"] = tuftest.Object{"a/x": tuftest.Target([]byte("a")), "b/x": tuftest.Target([]byte("b"))}
		s.Signers["release"], s.Versions["release"] = role("ra").Keys, 1
		s.Bump("targets", "snapshot", "timestamp")
		s.Publish()
		c := s.mustRefresh(t)
		for _, team := range strings.Fields(order) {
			_, err := c.Target(context.Background(), team+"/x")
			if team == "a" && err != nil || team == "b" && (err == nil || !strings.Contains(err.Error(), "signed by 0 of its keys")) {
				t.Errorf("%s, %s: %v", order, team, err)
			}
		}
	}
}

// A role may be called anything; no name leads out of a folder or to another
// file of the site.
func TestNamesOfRoles(t *testing.T) {
	for _, name := range []string{"?", "#", "/role", "../role", "..", "a%2Fb", "ä"} {
		s := newSite(t)
		s.Delegate(name, role("x"), tuftest.Object{"odd/x": tuftest.Target([]byte("x"))}, false, "odd/*")
		s.Bump("targets", "snapshot", "timestamp")
		s.Publish()
		for range 2 { // the second time from the store
			if _, err := s.mustRefresh(t).Target(context.Background(), "odd/x"); err != nil {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
}

func TestPublished(t *testing.T) {
	s := newSite(t)
	c := s.mustRefresh(t)
	for want, target := range map[string]tuf.Target{
		"a/12.b": {Path: "a/b", Hashes: map[string]string{"sha256": "12", "sha512": "34"}},
		"34.b":   {Path: "b", Hashes: map[string]string{"sha512": "34"}},
		"":       {Path: "b", Hashes: map[string]string{"md5": "34"}},
	} {
		if got, err := c.Published(target); got != want || (err == nil) != (want != "") {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}
