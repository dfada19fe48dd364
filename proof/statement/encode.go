package statement

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// jsonObject and jsonList are what is encoded; their values are these two,
// string and int64. What may stand in a string is not checked here: whatever
// this package encodes it also reads again before it is used.
type (
	jsonObject map[string]any
	jsonList   []any
)

// appendJSON appends the canonical spelling of v: keys ascending by their bytes,
// no space, strings as they are but for the quote and the backslash.
func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendString(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case jsonList:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, item)
		}
		return append(b, ']')
	case jsonObject:
		b = append(b, '{')
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, key), ':')
			b = appendJSON(b, v[key])
		}
		return append(b, '}')
	}
	panic("statement: a value of another kind than the codec's own")
}

func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	if !strings.ContainsAny(s, `"\`) {
		return append(append(b, s...), '"')
	}
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}
