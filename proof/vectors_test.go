package proof_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"vitrine/proof"
	"vitrine/proof/policy"
	"vitrine/proof/statement"
	"vitrine/proof/tile"
)

var update = flag.Bool("update", false, "write the vectors instead of comparing")

// A vector file holds the cases of one check. Whoever implements the check again
// runs it on each input and must get out, or refuse. The reason for a refusal is
// for people; Go's errors contain it.
type vectorFile struct {
	About string   `json:"about"`
	Cases []vector `json:"cases"`
}

type vector struct {
	Name    string `json:"name"`
	In      input  `json:"in"`
	Out     any    `json:"out,omitempty"`
	Refused string `json:"refused,omitempty"`
}

// input is the union of what the checks take. An absent field is empty or 0.
type input struct {
	Data      []byte   `json:"data,omitempty"`      // base64
	Pad       int      `json:"pad,omitempty"`       // this many spaces behind data
	Text      string   `json:"text,omitempty"`      // of which UTF-8 is all that is asked
	VKey      string   `json:"vkey,omitempty"`      // verifier key
	Signature []byte   `json:"signature,omitempty"` // base64
	Leaf      string   `json:"leaf,omitempty"`      // hash in hex
	Index     int64    `json:"index,omitempty"`
	Size      int64    `json:"size,omitempty"`
	Root      string   `json:"root,omitempty"` // hex
	OlderSize int64    `json:"olderSize,omitempty"`
	OlderRoot string   `json:"olderRoot,omitempty"` // hex
	Hashes    []string `json:"hashes,omitempty"`    // hex
	Policy    string   `json:"policy,omitempty"`
	Now       int64    `json:"now,omitempty"`  // POSIX seconds
	Keys      []string `json:"keys,omitempty"` // Ed25519 public keys in hex
	Threshold int      `json:"threshold,omitempty"`
	Width     int      `json:"width,omitempty"`
}

func (in input) data() []byte {
	return append(bytes.Clone(in.Data), strings.Repeat(" ", in.Pad)...)
}

// checks is every check that has vectors, by the name of its file.
func checks() map[string]struct {
	about string
	run   func(input) (any, error)
	cases func() []vector
} {
	type check = struct {
		about string
		run   func(input) (any, error)
		cases func() []vector
	}
	return map[string]check{
		"checkpoint":  {"text: the body of a signed checkpoint. docs/spec/proof.md, Checkpoint", runCheckpoint, checkpointCases},
		"key":         {"vkey: a verifier key of a log or witness. docs/spec/proof.md, Keys", runKey, keyCases},
		"cosignature": {"vkey, text, signature: a witness's signature on a checkpoint's body. docs/spec/proof.md, Cosignature", runCosignature, cosignatureCases},
		"inclusion":   {"leaf, index, hashes: in the tree of size and root. docs/spec/proof.md, Inclusion", runInclusion, inclusionCases},
		"consistency": {"hashes: that the tree of size and root begins with that of olderSize and olderRoot. docs/spec/proof.md, Consistency", runConsistency, consistencyCases},
		"tlogproof":   {"data: a proof file. docs/spec/proof.md, Proof file", runInclusionProof, inclusionProofCases},
		"bundle":      {"data: an entry bundle of width entries. docs/spec/proof.md, Tiles", runBundle, bundleCases},
		"policy":      {"data: a policy; out is the same policy as this implementation writes it, in base64. docs/spec/policy.md", runPolicy, policyCases},
		"verify":      {"data: a signed checkpoint, policy, now. docs/spec/policy.md, Verification", runVerify, verifyCases},
		"statement":   {"data: a statement; out is its type. docs/spec/leaf.md", runStatement, statementCases},
		"leaf":        {"data: a leaf; of keys, threshold must have signed; out is the IDs of those that did. docs/spec/leaf.md", runLeaf, leafCases},
	}
}

// TestVectors writes the files with -update. Without, it holds them against what
// would be written, and then runs each case as the file tells it, which is what
// any other implementation does.
func TestVectors(t *testing.T) {
	for name, c := range checks() {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", "vectors", name+".json")
			want := encodeVectors(t, vectorFile{c.about, fillIn(t, c.cases(), c.run)})
			if *update {
				if err := os.WriteFile(file, want, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not what is generated: read the change, then go test -run TestVectors -update", file)
			}
			runVectors(t, got, c.run)
		})
	}
}

// fillIn computes the outputs of the cases that are to be accepted.
func fillIn(t *testing.T, cases []vector, run func(input) (any, error)) []vector {
	names := map[string]bool{}
	for i := range cases {
		v := &cases[i]
		if names[v.Name] {
			t.Errorf("two cases named %q", v.Name)
		}
		names[v.Name] = true
		out, err := run(v.In)
		if wantError(sub{t, v.Name}, err, v.Refused); err == nil {
			v.Out = out
		}
	}
	return cases
}

// sub names the case in an error.
type sub struct {
	*testing.T
	name string
}

func (s sub) Errorf(format string, args ...any) {
	s.T.Helper()
	s.T.Errorf(s.name+": "+format, args...)
}

func encodeVectors(t *testing.T, f vectorFile) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func runVectors(t *testing.T, data []byte, run func(input) (any, error)) {
	var f vectorFile
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, v := range f.Cases {
		out, err := run(v.In)
		wantError(sub{t, v.Name}, err, v.Refused)
		if err != nil {
			refused++
			continue
		}
		got, _ := json.Marshal(out)
		want, _ := json.Marshal(v.Out)
		if !sameJSON(t, got, want) {
			t.Errorf("%s: %s, expected %s", v.Name, got, want)
		}
	}
	if refused == 0 || refused == len(f.Cases) {
		t.Errorf("%d of %d cases are refused: a check that always says the same would pass", refused, len(f.Cases))
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		t.Fatalf("not JSON: %s, %s", a, b)
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return bytes.Equal(p, q)
}

type object = map[string]any

func runCheckpoint(in input) (any, error) {
	c, err := proof.ParseCheckpoint(in.Text)
	return object{"origin": c.Origin, "size": c.Size, "root": hex.EncodeToString(c.Root[:]), "extensions": len(c.Extensions)}, err
}

func runKey(in input) (any, error) {
	k, err := proof.ParseKey(in.VKey)
	return object{"name": k.Name, "id": k.ID, "algorithm": k.Algorithm, "public": hex.EncodeToString(k.Public)}, err
}

func runCosignature(in input) (any, error) {
	v, err := proof.NewCosignatureVerifier(in.VKey)
	if err != nil {
		return nil, err
	}
	if !v.Verify([]byte(in.Text), in.Signature) {
		return nil, fmt.Errorf("wrong signature")
	}
	at, err := proof.CosignatureTime(noteSignature(v, in.Signature))
	return object{"time": at.Unix()}, err
}

func runInclusion(in input) (any, error) {
	hashes, err := unhexAll(in.Hashes)
	if err != nil {
		return nil, err
	}
	c := proof.Checkpoint{Origin: "o", Size: in.Size, Root: unhex(in.Root)}
	return true, proof.CheckInclusion(unhex(in.Leaf), in.Index, hashes, c)
}

func runConsistency(in input) (any, error) {
	hashes, err := unhexAll(in.Hashes)
	if err != nil {
		return nil, err
	}
	older := proof.Checkpoint{Origin: "o", Size: in.OlderSize, Root: unhex(in.OlderRoot)}
	newer := proof.Checkpoint{Origin: "o", Size: in.Size, Root: unhex(in.Root)}
	return true, proof.CheckConsistency(older, newer, hashes)
}

func runInclusionProof(in input) (any, error) {
	p, err := proof.ParseInclusionProof(in.data())
	return object{"index": p.Index, "hashes": hexAll(p.Hashes), "extra": hex.EncodeToString(p.Extra), "checkpoint": string(p.Checkpoint)}, err
}

func runBundle(in input) (any, error) {
	entries, err := tile.ParseBundle(in.Data, in.Width)
	var all []string
	for _, e := range entries {
		all = append(all, hex.EncodeToString(e))
	}
	return all, err
}

func runPolicy(in input) (any, error) {
	p, err := policy.Parse(in.data())
	if err != nil {
		return nil, err
	}
	return p.Encode(), nil
}

func runVerify(in input) (any, error) {
	p, err := policy.Parse([]byte(in.Policy))
	if err != nil {
		return nil, err
	}
	v, err := p.Verify(in.Data, time.Unix(in.Now, 0))
	if err != nil {
		return nil, err
	}
	cosigned := object{}
	for _, c := range v.Cosigned {
		cosigned[c.Witness] = c.Time.Unix()
	}
	return object{"size": v.Checkpoint.Size, "fresh": v.Fresh.Unix(), "cosigned": cosigned}, nil
}

func runStatement(in input) (any, error) {
	s, err := statement.Parse(in.data())
	if err != nil {
		return nil, err
	}
	return s.Predicate.Type(), nil
}

func runLeaf(in input) (any, error) {
	e, err := statement.ParseLeaf(in.data())
	if err != nil {
		return nil, err
	}
	var keys []statement.Key
	for _, k := range in.Keys {
		raw, err := hex.DecodeString(k)
		if err != nil {
			return nil, err
		}
		keys = append(keys, statement.NewKey(raw))
	}
	signers, err := e.Verify(keys, in.Threshold)
	ids := []string{}
	for _, k := range signers {
		ids = append(ids, k.ID)
	}
	return ids, err
}

func hexAll(hashes []tlog.Hash) []string {
	all := []string{}
	for _, h := range hashes {
		all = append(all, hex.EncodeToString(h[:]))
	}
	return all
}

func unhexAll(list []string) ([]tlog.Hash, error) {
	var all []tlog.Hash
	for _, s := range list {
		all = append(all, unhex(s))
	}
	return all, nil
}

// unhex reads a hash; the vectors' own hex is never what is tested.
func unhex(s string) tlog.Hash {
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != tlog.HashSize {
		panic("vector with a hash of another length: " + s)
	}
	return tlog.Hash(raw)
}

// replaced gives a text with the first old replaced, and fails if there is none:
// a case that changes nothing would test nothing.
func replaced(s, old, new string) string {
	if !strings.Contains(s, old) {
		panic(fmt.Sprintf("no %q in %q", old, s))
	}
	return strings.Replace(s, old, new, 1)
}

// padded is a case of data with spaces behind it.
func padded(name string, data []byte, pad int, refused string) vector {
	return vector{Name: name, In: input{Data: data, Pad: pad}, Refused: refused}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
