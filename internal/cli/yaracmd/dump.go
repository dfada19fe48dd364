package yaracmd

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"vitrine/yara"
)

// dump prints what the modules that the rules import find in a file, as YAML.
func (w *worker) dump(ctx context.Context, data []byte) error {
	for _, name := range w.rules.Imports() {
		found, err := yara.Inspect(ctx, name, data, w.data[name])
		if err != nil {
			return err
		}
		if len(found) > 0 {
			var b strings.Builder
			writeMembers(&b, []yara.Member{{Name: name, Value: found}}, 0)
			w.page.printf("%s", b.String())
		}
	}
	return nil
}

func writeMembers(b *strings.Builder, list []yara.Member, depth int) {
	for _, m := range list {
		b.WriteString(strings.Repeat("    ", depth) + yamlKey(m.Name) + ":")
		writeValue(b, m.Value, depth+1)
	}
}

// yamlKey leaves plain names as they are and quotes others.
func yamlKey(name string) string {
	for _, c := range name {
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return strconv.QuoteToASCII(name)
		}
	}
	return name
}

// writeValue continues the line of a key or a dash.
func writeValue(b *strings.Builder, v any, depth int) {
	switch v := v.(type) {
	case []yara.Member:
		if len(v) == 0 {
			b.WriteString(" {}\n")
			return
		}
		b.WriteString("\n")
		writeMembers(b, v, depth)
	case []any:
		if len(v) == 0 {
			b.WriteString(" []\n")
			return
		}
		b.WriteString("\n")
		for _, e := range v {
			b.WriteString(strings.Repeat("    ", depth) + "-")
			writeValue(b, e, depth+1)
		}
	case []byte:
		b.WriteString(" " + strconv.QuoteToASCII(string(v)) + "\n")
	default:
		fmt.Fprintf(b, " %v\n", v)
	}
}
