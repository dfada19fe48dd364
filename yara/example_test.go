package yara_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"vitrine/yara"
)

// Compile rules once, then scan as much as you like.
func Example() {
	rules, err := yara.Compile(`
		rule greeting : demo {
			meta:
				description = "says hello"
			strings:
				$a = "hello" nocase
			condition:
				$a
		}`)
	if err != nil {
		log.Fatal(err)
	}
	scanner, err := yara.NewScanner(rules, yara.ScanConfig{})
	if err != nil {
		log.Fatal(err)
	}
	for _, data := range []string{"Hello, world", "goodbye"} {
		result, err := scanner.Scan(context.Background(), []byte(data))
		if err != nil {
			log.Fatal(err)
		}
		for _, m := range result.Matches {
			fmt.Printf("%q: %s %v, %s\n", data, m.Rule.Name, m.Rule.Tags, m.Rule.MetaText("description"))
		}
	}
	// Output: "Hello, world": greeting [demo], says hello
}

// With Matches, a result says where each string was found.
func ExampleScanner_Scan_matches() {
	rules, err := yara.Compile(`
		rule numbers {
			strings:
				$digits = /[0-9]{2,4}/ fullword
				$zip = { 50 4B 03 04 }
			condition:
				any of them
		}`)
	if err != nil {
		log.Fatal(err)
	}
	scanner, err := yara.NewScanner(rules, yara.ScanConfig{Matches: true})
	if err != nil {
		log.Fatal(err)
	}
	result, err := scanner.Scan(context.Background(), []byte("PK\x03\x04 in 1989, 37 years"))
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range result.Matches[0].Strings {
		fmt.Printf("%s at %d: %q\n", s.Name, s.Offset, s.Data)
	}
	// Output:
	// $digits at 8: "1989"
	// $digits at 14: "37"
	// $zip at 0: "PK\x03\x04"
}

// External variables get their type when the rules are compiled; a Scanner may
// give them another value.
func ExampleConfig_externals() {
	compiler := yara.NewCompiler(yara.Config{
		Externals: map[string]any{"filename": "", "level": 1},
	})
	err := compiler.Add(yara.Source{Text: []byte(`
		rule script { condition: filename endswith ".sh" and level > 2 }`)})
	if err != nil {
		log.Fatal(err)
	}
	rules, err := compiler.Rules()
	if err != nil {
		log.Fatal(err)
	}
	scanner, err := yara.NewScanner(rules, yara.ScanConfig{
		Externals: map[string]any{"filename": "run.sh", "level": 3},
	})
	if err != nil {
		log.Fatal(err)
	}
	result, err := scanner.Scan(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(result.Matches))
	// Output: 1
}

// The library opens no files: whoever compiles says what an include means.
func ExampleConfig_include() {
	files := map[string]string{
		"main.yar":  `include "parts.yar" rule whole { condition: part }`,
		"parts.yar": `private rule part { condition: filesize > 3 }`,
	}
	compiler := yara.NewCompiler(yara.Config{
		Include: func(from, path string) (yara.Source, error) {
			text, ok := files[path]
			if !ok {
				return yara.Source{}, fmt.Errorf("%s wants %s, which is not there", from, path)
			}
			return yara.Source{Name: path, Text: []byte(text)}, nil
		},
	})
	if err := compiler.Add(yara.Source{Name: "main.yar", Text: []byte(files["main.yar"])}); err != nil {
		log.Fatal(err)
	}
	rules, err := compiler.Rules()
	if err != nil {
		log.Fatal(err)
	}
	scanner, err := yara.NewScanner(rules, yara.ScanConfig{})
	if err != nil {
		log.Fatal(err)
	}
	result, err := scanner.Scan(context.Background(), []byte("enough"))
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range result.Matches {
		fmt.Println(m.Rule.Name, "of", m.Rule.File)
	}
	// Output: whole of main.yar
}

// What rules write with console.log goes where the Scanner is told.
func ExampleScanConfig_console() {
	rules, err := yara.Compile(`
		import "console"
		import "math"
		rule talk { condition: console.log("size: ", filesize) and console.log("max: ", math.max(2, 3)) }`)
	if err != nil {
		log.Fatal(err)
	}
	scanner, err := yara.NewScanner(rules, yara.ScanConfig{
		Console: func(line string) { fmt.Println(line) },
		Timeout: time.Minute,
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := scanner.Scan(context.Background(), []byte("12345")); err != nil {
		log.Fatal(err)
	}
	// Output:
	// size: 5
	// max: 3
}

// Every mistake of a file is reported, with its place.
func ExampleErrors() {
	_, err := yara.Compile(`
rule first { condition: $a }
rule second { condition: any of }
`)
	var list yara.Errors
	if errors.As(err, &list) {
		for _, d := range list {
			fmt.Printf("line %d, rule %s\n", d.Line, d.Rule)
		}
	}
	// Output:
	// line 2, rule first
	// line 3, rule second
}
