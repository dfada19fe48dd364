package chaincmd

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/check"
	"vitrine/internal/cli/term"
	"vitrine/proof/policy"
	"vitrine/proof/statement"

	"golang.org/x/mod/sumdb/tlog"
)

// entryJSON is an entry of the log, as verify entry and verify file tell it.
type entryJSON struct {
	Index     int64           `json:"index"`
	Leaf      string          `json:"leaf"`
	Type      string          `json:"type"`
	Subjects  []subjectJSON   `json:"subjects"`
	Statement json.RawMessage `json:"statement"`
	SignedBy  []string        `json:"signed_by"`
	Problem   string          `json:"problem"` // why it must not be believed, or nothing
	Log       string          `json:"log"`
	Size      int64           `json:"size"`
	Root      string          `json:"root"`
	Cosigned  []cosignedJSON  `json:"cosigned"`
}

type subjectJSON struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// describe tells an entry of which it is known that it is in the log, and asks
// whether its authors may say what it says.
func describe(who authors.Trust, index int64, leaf []byte, hash tlog.Hash, v *policy.Verified) *entryJSON {
	out := &entryJSON{
		Index: index, Leaf: hex.EncodeToString(hash[:]), Subjects: []subjectJSON{}, SignedBy: []string{}, Statement: json.RawMessage("null"),
		Log: v.Checkpoint.Origin, Size: v.Checkpoint.Size, Root: v.Checkpoint.Root.String(), Cosigned: cosignatures(v),
	}
	e, err := statement.ParseLeaf(leaf)
	for _, s := range e.Statement.Subject {
		out.Subjects = append(out.Subjects, subjectJSON{s.Name, s.SHA256.String()})
	}
	if e.Payload != nil {
		out.Statement = e.Payload
	}
	if unknown := (*statement.UnknownTypeError)(nil); errors.As(err, &unknown) {
		out.Type = unknown.Type
	}
	if err == nil {
		out.Type = e.Statement.Predicate.Type()
		err = out.signers(who, e)
	}
	if err != nil {
		out.Problem = err.Error()
	}
	return out
}

func (out *entryJSON) signers(who authors.Trust, e statement.Envelope) error {
	may, err := authors.Of(who, e.Statement)
	if err != nil {
		return err
	}
	signed, err := e.Verify(may.Keys, may.Threshold)
	for _, k := range signed {
		out.SignedBy = append(out.SignedBy, k.ID)
	}
	return err
}

// describeResult tells a claim that was judged good.
func describeResult(who authors.Trust, c check.Claim, r *check.Result) *entryJSON {
	return describe(who, r.Index, c.Leaf, r.Leaf, r.Verified)
}

// shortType is the type without what all types have.
func shortType(name string) string {
	return strings.TrimSuffix(strings.TrimPrefix(name, statement.TypePrefix), statement.TypeSuffix)
}

func (out *entryJSON) text(b *strings.Builder) {
	fmt.Fprintf(b, "entry       %d of %s, leaf %s\n", out.Index, out.Log, out.Leaf)
	fmt.Fprintf(b, "type        %s\n", term.Clean(shortType(out.Type)))
	for _, s := range out.Subjects {
		fmt.Fprintf(b, "speaks of   %s\n            sha256 %s\n", term.Clean(s.Name), s.SHA256)
	}
	for _, k := range out.SignedBy {
		fmt.Fprintf(b, "signed      by the author's key %.16s…\n", k)
	}
	fmt.Fprintf(b, "logged      in the tree of %s with root %s\n", term.Plural(out.Size, "entry", "entries"), out.Root)
	printWitnesses(b, out.Cosigned)
}

// details prints what the statement says beside its subjects, one field a line.
func (out *entryJSON) details(b *strings.Builder) {
	var s struct {
		Predicate map[string]json.RawMessage `json:"predicate"`
	}
	if json.Unmarshal(out.Statement, &s) != nil {
		return
	}
	table := &term.Table{}
	for _, name := range sortedKeys(s.Predicate) {
		table.Row(name, term.Clean(string(s.Predicate[name])))
	}
	table.Print(b, "  ")
}
