package scanreport

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// sarif writes SARIF 2.1.0 (OASIS), for pages that show the findings of code
// scanners. Of the standard it uses what those pages read.
type sarif struct {
	w       io.Writer
	events  []Event
	indexes map[string]int // of rules, by namespace and name
}

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	Results     []sarifResult     `json:"results"`
	ColumnKind  string            `json:"columnKind"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID            string           `json:"id"`
	Short         *sarifText       `json:"shortDescription,omitempty"`
	HelpURI       string           `json:"helpUri,omitempty"`
	Configuration sarifLevel       `json:"defaultConfiguration"`
	Properties    sarifRuleDetails `json:"properties"`
}

type sarifLevel struct {
	Level string `json:"level"`
}

type sarifRuleDetails struct {
	Tags      []string `json:"tags"`
	Namespace string   `json:"namespace,omitempty"`
	Family    string   `json:"family,omitempty"`
	Severity  string   `json:"severity,omitempty"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex int             `json:"ruleIndex"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	Offset int64 `json:"byteOffset"`
	Length int   `json:"byteLength"`
}

type sarifLogical struct {
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Start         string              `json:"startTimeUtc"`
	End           string              `json:"endTimeUtc"`
	Notifications []sarifNotification `json:"toolExecutionNotifications"`
}

type sarifNotification struct {
	Level      string          `json:"level"`
	Descriptor sarifReference  `json:"descriptor"`
	Message    sarifText       `json:"message"`
	Locations  []sarifLocation `json:"locations"`
}

type sarifReference struct {
	ID string `json:"id"`
}

func (s *sarif) Event(e Event) error {
	s.events = append(s.events, e)
	return nil
}

func (s *sarif) End(sum Summary) error {
	s.indexes = map[string]int{}
	slices.SortStableFunc(s.events, func(a, b Event) int {
		x, y := jsonObject(where(a)), jsonObject(where(b))
		return x.compare(&y)
	})
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "vitrine", Version: sum.Version, Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{sarifInvoked(sum)},
		Results:     []sarifResult{},
		ColumnKind:  "unicodeCodePoints",
	}
	for _, e := range s.events {
		if f, ok := e.(Finding); ok {
			run.Results = append(run.Results, s.result(&run.Tool.Driver, f))
			continue
		}
		run.Invocations[0].Notifications = append(run.Invocations[0].Notifications, sarifNotice(e))
	}
	encoder := json.NewEncoder(s.w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func where(e Event) Object {
	switch e := e.(type) {
	case Finding:
		return e.Object
	case Incomplete:
		return e.Object
	case Unread:
		return Object{Path: e.Path}
	}
	return Object{}
}

func sarifInvoked(sum Summary) sarifInvocation {
	return sarifInvocation{
		Successful:    !sum.Interrupted && sum.Unread.Total() == 0,
		Start:         sum.Started.UTC().Format(time.RFC3339),
		End:           sum.Started.Add(sum.Elapsed).UTC().Format(time.RFC3339),
		Notifications: []sarifNotification{},
	}
}

func sarifNotice(e Event) sarifNotification {
	n := sarifNotification{Level: "warning", Locations: []sarifLocation{sarifPlace(where(e), nil)}}
	switch e := e.(type) {
	case Incomplete:
		n.Descriptor.ID = "incomplete/" + e.Reason
	case Unread:
		n.Level = "error"
		n.Descriptor.ID = "unread/" + e.Reason
	}
	n.Message.Text = Note(e)
	return n
}

// result describes a finding, and its rule if that is new.
func (s *sarif) result(driver *sarifDriver, f Finding) sarifResult {
	key := f.Namespace + ":" + f.Rule
	index, known := s.indexes[key]
	if !known {
		index = len(driver.Rules)
		s.indexes[key] = index
		driver.Rules = append(driver.Rules, sarifDescribe(f))
	}
	message := fmt.Sprintf("%s: %s", f.Object, f.Rule)
	if f.About != "" {
		message += ": " + readable(f.About)
	}
	return sarifResult{
		RuleID: readable(f.Rule), RuleIndex: index, Level: level(f.Severity),
		Message: sarifText{message}, Locations: []sarifLocation{sarifPlace(f.Object, f.Matches)},
	}
}

func sarifDescribe(f Finding) sarifRule {
	rule := sarifRule{
		ID:            readable(f.Rule),
		Configuration: sarifLevel{level(f.Severity)},
		Properties:    sarifRuleDetails{present(f.Tags), readable(f.Namespace), f.Family, f.Severity},
	}
	if f.About != "" {
		rule.Short = &sarifText{readable(f.About)}
	}
	if isLink(f.Reference) {
		rule.HelpURI = f.Reference
	}
	return rule
}

// isLink accepts what a page may safely turn into a link.
func isLink(s string) bool {
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"<>\^{|}`+"`", r) })
}

// level is SARIF's word for a severity. A rule without one is taken seriously.
func level(severity string) string {
	switch strings.ToLower(severity) {
	case "low", "info", "informational":
		return "note"
	case "medium":
		return "warning"
	default:
		return "error"
	}
}

func sarifPlace(o Object, matches []Match) sarifLocation {
	place := sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{uri(o.Path)}}}
	if len(o.Members) > 0 {
		place.Logical = []sarifLogical{{Name: o.String(), Kind: "member"}}
	} else if len(matches) > 0 {
		place.Physical.Region = &sarifRegion{matches[0].Offset, matches[0].Length}
	}
	return place
}

// uri writes a path as a URI reference that gives back every byte of it.
func uri(path string) string {
	var b strings.Builder
	if strings.HasPrefix(path, "/") {
		b.WriteString("file://")
	} else if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ":") {
		b.WriteString("./")
	}
	for i := 0; i < len(path); i++ {
		c := path[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
		if letter || strings.IndexByte("/-._~:@!$&'()*+,;=", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
