package yaracmd

import (
	"strings"
	"testing"

	"vitrine/yara"
)

func TestWriteMembers(t *testing.T) {
	var b strings.Builder
	writeMembers(&b, []yara.Member{{Name: "pe", Value: []yara.Member{
		{Name: "is_pe", Value: true},
		{Name: "entropy", Value: 1.5},
		{Name: "imports", Value: []any{}},
		{Name: "version_info", Value: []yara.Member{{Name: "Company Name", Value: []byte("a\"b\n\xff")}}},
		{Name: "none", Value: []yara.Member{}},
		{Name: "sections", Value: []any{[]yara.Member{{Name: "size", Value: int64(7)}}, int64(8)}},
	}}}, 0)
	const want = `pe:
    is_pe: true
    entropy: 1.5
    imports: []
    version_info:
        "Company Name": "a\"b\n\xff"
    none: {}
    sections:
        -
            size: 7
        - 8
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
