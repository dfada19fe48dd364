package statement

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	typeRuleBundle       = TypePrefix + "rule-bundle" + TypeSuffix
	typeRuleBundleUrgent = TypePrefix + "rule-bundle-urgent" + TypeSuffix
	typeRuleRevoke       = TypePrefix + "rule-revoke" + TypeSuffix
)

// UrgentChannel is the one channel whose bundles are of the urgent type, and
// nothing else is: its use is seen by everybody who reads types only.
const UrgentChannel = "urgent"

// Source is where something was made from.
type Source struct {
	Repo   string // URL
	Commit string // 40 or 64 characters of lower-case hex
}

// A RuleBundle announces the next bundle of rules of a channel. Its subject is
// the bundle, named rules/CHANNEL/SERIAL.bundle with a serial of six digits.
type RuleBundle struct {
	Urgent    bool // decides the type; true for UrgentChannel only
	Channel   string
	Serial    int64     // from 1, each one more than the last
	Prev      tlog.Hash // leaf hash of the channel's last bundle; zero for serial 1
	Size      int64     // of the bundle, in bytes
	Blob      Digest    // of the compiled rules in it
	Source    Source
	Review    []string // who reviewed; roles or organisations, never persons
	NotBefore time.Time
	Expires   time.Time
	EngineMin string // lowest version of the engine that can use it

	// Rollout spreads the machines over a time from NotBefore on, in whole
	// seconds. Where a machine stands in it, it computes by itself, from the
	// leaf's hash and a random number of its own; nobody else can choose it.
	Rollout time.Duration
}

// MaxRollout is the longest time that machines may be spread over.
const MaxRollout = 7 * 24 * time.Hour

// Type is that of urgent bundles if it is one.
func (b RuleBundle) Type() string {
	if b.Urgent {
		return typeRuleBundleUrgent
	}
	return typeRuleBundle
}

// BundleName is the subject's name of a bundle.
func BundleName(channel string, serial int64) string {
	return fmt.Sprintf("rules/%s/%06d.bundle", channel, serial)
}

func (b RuleBundle) encode() jsonObject {
	return jsonObject{
		"blob":      b.Blob.String(),
		"channel":   b.Channel,
		"engine":    jsonObject{"min": b.EngineMin},
		"expires":   encodeTime(b.Expires),
		"notBefore": encodeTime(b.NotBefore),
		"prev":      encodeHash(b.Prev),
		"review":    encodeStrings(b.Review),
		"rollout":   int64(b.Rollout / time.Second),
		"serial":    b.Serial,
		"size":      b.Size,
		"source":    b.Source.encode(),
	}
}

func readRuleBundle(f *fields, urgent bool) Predicate {
	b := RuleBundle{
		Urgent:    urgent,
		Blob:      f.digest("blob"),
		Channel:   f.string("channel"),
		Expires:   f.time("expires"),
		NotBefore: f.time("notBefore"),
		Prev:      f.digest("prev"),
		Review:    f.strings("review"),
		Rollout:   f.seconds("rollout", MaxRollout),
		Serial:    f.number("serial"),
		Size:      f.number("size"),
	}
	engine := f.object("engine")
	b.EngineMin = engine.string("min")
	engine.done()
	b.Source = readSource(f.object("source"))
	return b
}

func (b RuleBundle) check(subject []Subject) error {
	if err := checkChannel(b.Channel, b.Serial, subject); err != nil {
		return err
	}
	if b.Urgent != (b.Channel == UrgentChannel) {
		return fmt.Errorf("channel %q, expected %q for the urgent type and for no other", b.Channel, UrgentChannel)
	}
	if err := checkPrev(b.Serial, b.Prev); err != nil {
		return err
	}
	if b.Size < 1 {
		return errors.New("size 0, expected at least 1")
	}
	if !b.NotBefore.Add(b.Rollout).Before(b.Expires) {
		return errors.New("expected notBefore, and the end of the rollout, before expires")
	}
	if b.Rollout < 0 || b.Rollout > MaxRollout || b.Rollout%time.Second != 0 || b.Urgent && b.Rollout > 0 {
		return fmt.Errorf("rollout %v, expected whole seconds, at most %v, and none for the urgent type", b.Rollout, MaxRollout)
	}
	for _, who := range b.Review {
		if err := checkText("review", who); err != nil {
			return err
		}
	}
	if err := checkVersion(b.EngineMin); err != nil {
		return fmt.Errorf("engine.min: %w", err)
	}
	return b.Source.check()
}

// A RuleRevoke takes a bundle back. It moves forward only: what replaces the
// bundle is a later one. Its subject is the bundle that is taken back.
type RuleRevoke struct {
	Channel string
	Serial  int64     // of the bundle that is taken back
	Bundle  tlog.Hash // its leaf hash
	Reason  string
}

// Type is urn:vitrine:rule-revoke:v1.
func (RuleRevoke) Type() string { return typeRuleRevoke }

func (r RuleRevoke) encode() jsonObject {
	return jsonObject{"bundle": encodeHash(r.Bundle), "channel": r.Channel, "reason": r.Reason, "serial": r.Serial}
}

func readRuleRevoke(f *fields) Predicate {
	return RuleRevoke{
		Bundle:  f.digest("bundle"),
		Channel: f.string("channel"),
		Reason:  f.string("reason"),
		Serial:  f.number("serial"),
	}
}

func (r RuleRevoke) check(subject []Subject) error {
	if err := checkChannel(r.Channel, r.Serial, subject); err != nil {
		return err
	}
	if r.Bundle == (tlog.Hash{}) {
		return errors.New("bundle: zero, expected the leaf hash of the bundle's entry")
	}
	return checkText("reason", r.Reason)
}

// checkChannel holds the one subject of a rule entry to its channel and serial.
func checkChannel(channel string, serial int64, subject []Subject) error {
	if len(channel) > 32 || !plain(channel, "-") || channel != strings.ToLower(channel) || channel[0] < 'a' {
		return fmt.Errorf("channel %.40q, expected up to 32 lower-case letters, digits and -, a letter first", channel)
	}
	if serial < 1 {
		return fmt.Errorf("serial %d, expected one from 1", serial)
	}
	if want := BundleName(channel, serial); len(subject) != 1 || subject[0].Name != want {
		return fmt.Errorf("subject %s, expected %q alone", names(subject), want)
	}
	return nil
}

func names(subject []Subject) string {
	all := make([]string, len(subject))
	for i, s := range subject {
		all[i] = s.Name
	}
	return fmt.Sprintf("%.200q", all)
}

// checkPrev holds the link of a chain: the first has none, each other has one.
func checkPrev(serial int64, prev tlog.Hash) error {
	if (serial == 1) != (prev == tlog.Hash{}) {
		return fmt.Errorf("serial %d, prev %x, expected 64 zeros for the first and for no other", serial, prev[:])
	}
	return nil
}

func (s Source) encode() jsonObject { return jsonObject{"commit": s.Commit, "repo": s.Repo} }

func readSource(f *fields) Source {
	s := Source{Commit: f.string("commit"), Repo: f.string("repo")}
	f.done()
	return s
}

func (s Source) check() error {
	if len(s.Commit) != 40 && len(s.Commit) != 64 || strings.Trim(s.Commit, "0123456789abcdef") != "" {
		return fmt.Errorf("source.commit %.80q, expected 40 or 64 characters of lower-case hex", s.Commit)
	}
	if strings.Contains(s.Repo, " ") {
		return fmt.Errorf("source.repo %.80q, expected a URL without spaces", s.Repo)
	}
	return checkText("source.repo", s.Repo)
}
