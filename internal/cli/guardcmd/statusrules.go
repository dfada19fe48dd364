package guardcmd

import (
	"fmt"
	"strings"
	"time"

	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/update"
	"vitrine/internal/cli/term"
	"vitrine/proof/policy"
)

// rulesReport is what there is to say about the rules that are installed.
type rulesReport struct {
	Witnessed *time.Time       `json:"witnessed"` // newest time a quorum vouched for
	Tried     *time.Time       `json:"tried"`
	Succeeded *time.Time       `json:"succeeded"`
	Rules     []installed.Info `json:"rules"`
	Release   *stagedJSON      `json:"release"` // that lies ready; null for none
}

// stagedJSON is a release that lies ready.
type stagedJSON struct {
	Version string `json:"version"`
	File    string `json:"file"`
	Index   int64  `json:"index"`
}

// look gathers it, and what is wrong.
func (out *rulesReport) look(dir installed.Dir, now time.Time) (problems []string, err error) {
	s, err := dir.State()
	if err != nil {
		return nil, err
	}
	out.Witnessed, out.Tried, out.Succeeded = when(s.Time), when(s.Tried), when(s.Succeeded)
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if p := s.Problem; p != nil {
		problem("%s: %s", p.Kind, strings.ReplaceAll(p.Text, "\n", "; "))
	}
	if now.Add(policy.MaxAhead).Before(s.Time) {
		problem("the clock is before %s, which witnesses have signed", s.Time.Format(time.RFC3339))
	}
	rules, err := dir.Rules()
	if err != nil {
		problem("%v", err)
	}
	for _, r := range rules {
		out.Rules = append(out.Rules, r.Info)
		if r.Instead != nil {
			problem("bundle %d of %s is used instead of a newer one: %v", r.Info.Serial, r.Info.Channel, r.Instead)
		}
		if !now.Before(r.Info.Expires) {
			problem("bundle %d of %s has expired on %s", r.Info.Serial, r.Info.Channel, r.Info.Expires.Format(time.RFC3339))
		}
	}
	if s.Release.Version != "" && dir.Staged(s.Release) == nil {
		out.Release = &stagedJSON{s.Release.Version, dir.ReleaseFile(s.Release), s.Release.Index}
	}
	if len(rules) > 0 && update.StalenessOf(s.Time, now) == update.TooOld {
		problem("no quorum of witnesses has been heard since %s: updates may be kept from this machine", s.Time.Format(time.RFC3339))
	}
	return problems, nil
}

// when is a time, or null.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// rows says it for people.
func (out *rulesReport) rows(row func(name, format string, args ...any)) {
	if len(out.Rules) == 0 {
		row("rules", "those that come with the program; vitrine update gets newer ones")
	}
	for _, r := range out.Rules {
		row("rules", "%s bundle %d: %d rules, in force until %s", r.Channel, r.Serial, r.Rules, r.Expires.Format("2006-01-02"))
		row("log", "entry %d of %s", r.Index, r.Log)
		row("witnesses", "%s, at %s", strings.Join(r.Witnesses, ", "), r.Cosigned.Format(time.RFC3339))
	}
	if out.Release != nil {
		row("release", "%s, entry %d, lies ready in %s", out.Release.Version, out.Release.Index, term.Clean(out.Release.File))
	}
	if out.Succeeded != nil {
		row("updated", "%s", out.Succeeded.Format(time.RFC3339))
	}
}
