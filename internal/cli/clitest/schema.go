// Package clitest holds what programs write as JSON against the schemas that are
// published for it in docs/spec/cli. It is for tests.
package clitest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// Schema is as much of JSON Schema (draft 2020-12) as docs/spec/cli uses. A
// keyword that is not here is an error, so that no schema is half checked.
type Schema struct {
	Ref        string             `json:"$ref"`
	Defs       map[string]*Schema `json:"$defs"`
	OneOf      []*Schema          `json:"oneOf"`
	Type       any                `json:"type"`
	Const      *string            `json:"const"`
	Enum       []string           `json:"enum"`
	Pattern    string             `json:"pattern"`
	Minimum    *float64           `json:"minimum"`
	Properties map[string]*Schema `json:"properties"`
	Required   []string           `json:"required"`
	Additional json.RawMessage    `json:"additionalProperties"`
	Items      *Schema            `json:"items"`

	Dialect     string `json:"$schema"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Encoding    string `json:"contentEncoding"`

	root *Schema
}

// Load reads a schema.
func Load(path string) (*Schema, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	var s Schema
	if err := decoder.Decode(&s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s.root = &s
	return &s, nil
}

// Check says what is wrong with a value decoded with UseNumber, or "".
func (s *Schema) Check(v any) string {
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		return s.under(s.root.Defs[name]).Check(v)
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
			if problem := s.under(s.Items).Check(item); problem != "" {
				return fmt.Sprintf("[%d]%s", i, problem)
			}
		}
	}
	return ""
}

func (s *Schema) under(child *Schema) *Schema {
	if child == nil {
		return &Schema{root: s.root}
	}
	copied := *child
	copied.root = s.root
	return &copied
}

func (s *Schema) oneOf(v any) string {
	var problems []string
	for _, option := range s.OneOf {
		problem := s.under(option).Check(v)
		if problem == "" {
			return ""
		}
		problems = append(problems, option.Ref+problem)
	}
	return "fits none of: " + strings.Join(problems, "; ")
}

func (s *Schema) scalar(v any) string {
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

func (s *Schema) object(v map[string]any) string {
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			return ": no " + name
		}
	}
	var rest *Schema
	closed := string(s.Additional) == "false"
	if !closed && s.Additional != nil {
		rest = &Schema{}
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
		if problem := s.under(child).Check(v[name]); problem != "" {
			return "." + name + problem
		}
	}
	return ""
}

// Decode reads JSON as Check wants it.
func Decode(text string) (v any, err error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&v)
	return v, err
}

// Conforms is a command of scripts: conforms SCHEMA FILE holds a JSON document,
// or JSON lines, against a schema of the folder. FILE may be stdout.
func Conforms(folder string) func(ts *testscript.TestScript, neg bool, args []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		s, err := Load(filepath.Join(folder, args[0]))
		ts.Check(err)
		decoder := json.NewDecoder(strings.NewReader(ts.ReadFile(args[1])))
		decoder.UseNumber()
		for n := 0; ; n++ {
			var v any
			err := decoder.Decode(&v)
			if err == io.EOF && n > 0 {
				return
			}
			ts.Check(err)
			if problem := s.Check(v); problem != "" {
				ts.Fatalf("document %d: %s", n+1, problem)
			}
		}
	}
}
