package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// schema is as much of JSON Schema (draft 2020-12) as docs/spec/cli uses. A
// keyword that is not here is an error, so that no schema is half checked.
type schema struct {
	Ref        string             `json:"$ref"`
	Defs       map[string]*schema `json:"$defs"`
	OneOf      []*schema          `json:"oneOf"`
	Type       any                `json:"type"`
	Const      *string            `json:"const"`
	Enum       []string           `json:"enum"`
	Pattern    string             `json:"pattern"`
	Minimum    *float64           `json:"minimum"`
	Properties map[string]*schema `json:"properties"`
	Required   []string           `json:"required"`
	Additional json.RawMessage    `json:"additionalProperties"`
	Items      *schema            `json:"items"`

	Dialect     string `json:"$schema"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Encoding    string `json:"contentEncoding"`

	root *schema
}

func loadSchema(path string) (*schema, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	var s schema
	if err := decoder.Decode(&s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s.root = &s
	return &s, nil
}

// check says what is wrong with a value decoded with UseNumber, or "".
func (s *schema) check(v any) string {
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		return s.under(s.root.Defs[name]).check(v)
	}
	if len(s.OneOf) > 0 {
		return s.oneOf(v)
	}
	if problem := s.scalar(v); problem != "" {
		return problem
	}
	switch v := v.(type) {
	case map[string]any:
		return s.object(v)
	case []any:
		for i, item := range v {
			if problem := s.under(s.Items).check(item); problem != "" {
				return fmt.Sprintf("[%d]%s", i, problem)
			}
		}
	}
	return ""
}

func (s *schema) under(child *schema) *schema {
	if child == nil {
		return &schema{root: s.root}
	}
	copied := *child
	copied.root = s.root
	return &copied
}

func (s *schema) oneOf(v any) string {
	var problems []string
	for _, option := range s.OneOf {
		problem := s.under(option).check(v)
		if problem == "" {
			return ""
		}
		problems = append(problems, option.Ref+problem)
	}
	return "fits none of: " + strings.Join(problems, "; ")
}

func (s *schema) scalar(v any) string {
	text, isText := v.(string)
	switch {
	case s.Type != nil && !slices.Contains(types(v), kind(s.Type, v)):
		return fmt.Sprintf(": %v is no %v", v, s.Type)
	case s.Const != nil && text != *s.Const:
		return fmt.Sprintf(": %q is not %q", text, *s.Const)
	case s.Enum != nil && !slices.Contains(s.Enum, text):
		return fmt.Sprintf(": %q is none of %q", text, s.Enum)
	case s.Pattern != "" && (!isText || !regexp.MustCompile(s.Pattern).MatchString(text)):
		return fmt.Sprintf(": %q does not match %s", text, s.Pattern)
	}
	if number, ok := v.(json.Number); ok && s.Minimum != nil {
		if f, err := number.Float64(); err != nil || f < *s.Minimum {
			return fmt.Sprintf(": %s is below %v", number, *s.Minimum)
		}
	}
	return ""
}

// kind is the type asked for, if it is among those the value has.
func kind(want, v any) string {
	if list, ok := want.([]any); ok {
		for _, w := range list {
			if slices.Contains(types(v), w.(string)) {
				return w.(string)
			}
		}
		return ""
	}
	return want.(string)
}

func types(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{"string"}
	case bool:
		return []string{"boolean"}
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return []string{"number"}
		}
		return []string{"number", "integer"}
	case []any:
		return []string{"array"}
	case map[string]any:
		return []string{"object"}
	}
	return []string{"null"}
}

func (s *schema) object(v map[string]any) string {
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			return ": no " + name
		}
	}
	var rest *schema
	closed := string(s.Additional) == "false"
	if !closed && s.Additional != nil {
		rest = &schema{}
		if err := json.Unmarshal(s.Additional, rest); err != nil {
			return ": " + err.Error()
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		child, known := s.Properties[name]
		if !known && closed {
			return ": nobody said there is a " + name
		}
		if !known {
			child = rest
		}
		if problem := s.under(child).check(v[name]); problem != "" {
			return "." + name + problem
		}
	}
	return ""
}

func decode(t *testing.T, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// The golden files of every JSON format fit the published schema.
func TestGoldenFilesFitTheSchema(t *testing.T) {
	s, err := loadSchema("../../docs/spec/cli/vitrine.scan.v1.json")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := filepath.Glob("../../internal/cli/machine/scanreport/testdata/*json")
	if err != nil || len(golden) != 4 {
		t.Fatalf("%d golden files, %v", len(golden), err)
	}
	for _, path := range golden {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		documents := []string{string(text)}
		if filepath.Ext(path) == ".ndjson" {
			documents = strings.Split(strings.TrimSpace(string(text)), "\n")
		}
		for _, document := range documents {
			if problem := s.check(decode(t, document)); problem != "" {
				t.Errorf("%s: %s", path, problem)
			}
		}
	}
}

// The checker itself can say no.
func TestSchemaRefuses(t *testing.T) {
	s, err := loadSchema("../../docs/spec/cli/vitrine.version.v1.json")
	if err != nil {
		t.Fatal(err)
	}
	good := `{"schema":"vitrine.version/v1","module":"vitrine","version":"v1","revision":"","modified":false,` +
		`"go":"go1","platform":"linux/amd64","rules":{"count":1,"sha256":""}}`
	if problem := s.check(decode(t, good)); problem != "" {
		t.Errorf("refused: %s", problem)
	}
	for from, to := range map[string]string{
		`"count":1`: `"count":-1`, `"modified":false`: `"modified":0`, `"sha256":""`: `"sha256":"xyz"`, "version/v1": "version/v2",
		`"go":"go1",`: ``, `"version":"v1"`: `"version":"v1","extra":1`, `"count":1,`: `"count":1.5,`,
	} {
		bad := strings.Replace(good, from, to, 1)
		if bad == good || s.check(decode(t, bad)) == "" {
			t.Errorf("accepted: %s", bad)
		}
	}
}
