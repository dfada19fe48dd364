package proof_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"vitrine/proof"
	"vitrine/proof/prooftest"
	"vitrine/proof/tile"
)

const vectorOrigin = "log.example/av1"

func vectorLog(size int64) *prooftest.Log {
	log := prooftest.NewLog(vectorOrigin)
	log.AppendNumbered(size)
	return log
}

func checkpointCases() []vector {
	good := vectorLog(7).Checkpoint(7).Text()
	root := strings.Split(good, "\n")[2]
	text := func(name, s, refused string) vector { return vector{Name: name, In: input{Text: s}, Refused: refused} }
	return []vector{
		text("seven entries", good, ""),
		text("empty tree", proof.Checkpoint{Origin: vectorOrigin, Root: proof.EmptyRoot()}.Text(), ""),
		text("with extension lines", good+"one\ntwo\n", ""),
		text("largest tree", fmt.Sprintf("o\n%d\n%s\n", int64(1)<<40, root), ""),
		text("origin with spaces and letters beyond ASCII", "Prüfstand 7\n7\n"+root+"\n", ""),
		text("empty tree with another root", fmt.Sprintf("o\n0\n%s\n", root), "empty tree"),
		text("empty", "", "line end"),
		text("no line end", strings.TrimSuffix(good, "\n"), "line end"),
		text("two lines", "o\n7\n", "3 to"),
		text("too many lines", good+strings.Repeat("x\n", 17), "3 to"),
		text("too large", good+strings.Repeat("x", 4096)+"\n", "at most 4096"),
		text("empty origin", "\n7\n"+root+"\n", "line 1: empty"),
		text("long origin", strings.Repeat("o", 256)+"\n7\n"+root+"\n", "origin of 256"),
		text("empty line between", good+"\nx\n", "line 4: empty"),
		text("line end of two bytes", strings.ReplaceAll(good, "\n", "\r\n"), "control"),
		text("tab in the origin", "a\tb\n7\n"+root+"\n", "control"),
		text("size with a leading zero", replaced(good, "\n7\n", "\n07\n"), "leading zeroes"),
		text("size with a sign", replaced(good, "\n7\n", "\n+7\n"), "leading zeroes"),
		text("negative size", replaced(good, "\n7\n", "\n-7\n"), "leading zeroes"),
		text("negative zero", replaced(good, "\n7\n", "\n-0\n"), "leading zeroes"),
		text("size with a space", replaced(good, "\n7\n", "\n7 \n"), "leading zeroes"),
		text("hexadecimal size", replaced(good, "\n7\n", "\n0x7\n"), "leading zeroes"),
		text("size with underscores", replaced(good, "\n7\n", "\n1_0\n"), "leading zeroes"),
		text("size in other digits", replaced(good, "\n7\n", "\n٧\n"), "leading zeroes"),
		text("size beyond 2^40", replaced(good, "\n7\n", "\n1099511627777\n"), "at most 1099511627776"),
		text("size beyond 2^64", replaced(good, "\n7\n", "\n18446744073709551623\n"), "leading zeroes"),
		text("root of 31 bytes", fmt.Sprintf("o\n7\n%s\n", base64.StdEncoding.EncodeToString(make([]byte, 31))), "31 bytes, expected 32"),
		text("root of 33 bytes", fmt.Sprintf("o\n7\n%s\n", base64.StdEncoding.EncodeToString(make([]byte, 33))), "33 bytes, expected 32"),
		text("root without padding", replaced(good, "=\n", "\n"), "padding"),
		text("root with stray bits", "o\n7\n"+strayBits(root)+"\n", "stray bits"),
		text("root in base64url", "o\n7\n"+strings.Repeat("-_", 21)+"A=\n", "base64"),
		text("root in hex", "o\n7\n"+strings.Repeat("00", 32)+"\n", "48 bytes"),
		text("space behind the root", replaced(good, "=\n", "= \n"), "base64"),
	}
}

// strayBits sets a bit behind the last byte of base64 that ends in one "=".
func strayBits(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	i := strings.IndexByte(s, '=') - 1
	return s[:i] + string(alphabet[strings.IndexByte(alphabet, s[i])^1]) + s[i+1:]
}

// keyText spells a key of any name, type and bytes with the right ID.
func keyText(name string, algorithm byte, public []byte) string {
	raw := append([]byte{algorithm}, public...)
	sum := sha256.Sum256(append([]byte(name+"\n"), raw...))
	return fmt.Sprintf("%s+%08x+%s", name, binary.BigEndian.Uint32(sum[:]), base64.StdEncoding.EncodeToString(raw))
}

func keyCases() []vector {
	pub := publicOf("a")
	good := keyText("log.example/av1", 1, pub)
	parts := strings.SplitN(good, "+", 3)
	reduced := bytes.Repeat([]byte{0xff}, 32)
	reduced[0], reduced[31] = 0xf0, 0x7f
	key := func(name, s, refused string) vector { return vector{Name: name, In: input{VKey: s}, Refused: refused} }
	return []vector{
		key("log", good, ""),
		key("witness", keyText("w.example", 4, pub), ""),
		key("name beyond ASCII", keyText("wächter.example", 4, pub), ""),
		key("ML-DSA-44", keyText("w.example", 6, make([]byte, 1312)), "ML-DSA-44"),
		key("ML-DSA-44 of another length", keyText("w.example", 6, make([]byte, 32)), "expected 1312"),
		key("ECDSA", keyText("w.example", 2, pub), "signature type 0x02"),
		key("type 0xff", keyText("w.example", 0xff, pub), "signature type 0xff"),
		key("empty", "", "NAME+ID+KEY"),
		key("two parts", parts[0]+"+"+parts[1], "NAME+ID+KEY"),
		key("empty name", keyText("", 1, pub), "key name"),
		key("name with a space", keyText("a b", 1, pub), "no space"),
		key("name with a no-break space", keyText("a\u00a0b", 1, pub), "no space"),
		key("name with a line end", keyText("a\nb", 1, pub), "no space"),
		key("long name", keyText(strings.Repeat("n", 256), 1, pub), "at most 255"),
		key("wrong ID", parts[0]+"+00000000+"+parts[2], "key ID"),
		key("ID of another type", strings.SplitN(keyText(parts[0], 4, pub), "+", 3)[0]+"+"+strings.SplitN(keyText(parts[0], 4, pub), "+", 3)[1]+"+"+parts[2], "key ID"),
		key("ID in upper case", parts[0]+"+"+strings.ToUpper(parts[1])+"+"+parts[2], "key ID"),
		key("ID with nine digits", parts[0]+"+0"+parts[1]+"+"+parts[2], "key ID"),
		key("no key", parts[0]+"+"+parts[1]+"+", "empty"),
		key("key of 31 bytes", keyText("a", 1, pub[:31]), "31 bytes"),
		key("key of 33 bytes", keyText("a", 1, append(bytes.Clone(pub), 0)), "33 bytes"),
		key("key without padding", replaced(keyText("a", 1, pub[:31]), "=", ""), "padding"),
		key("line end behind the key", good+"\n", "base64"),
		key("key of small order", keyText("a", 1, append([]byte{1}, make([]byte, 31)...)), "small order"),
		key("key that is not reduced", keyText("a", 1, reduced), "not reduced"),
		key("signer key", "PRIVATE+KEY+"+good, "secret"),
	}
}

func publicOf(name string) ed25519.PublicKey {
	seed := prooftest.Seed(name)
	return ed25519.PublicKey(ed25519.NewKeyFromSeed(seed[:])[32:])
}

func noteSignature(v note.Verifier, sig []byte) note.Signature {
	raw := binary.BigEndian.AppendUint32(nil, v.KeyHash())
	return note.Signature{Name: v.Name(), Hash: v.KeyHash(), Base64: base64.StdEncoding.EncodeToString(append(raw, sig...))}
}

func cosignatureCases() []vector {
	w := prooftest.NewWitness("w.example/1")
	text := vectorLog(7).Checkpoint(7).Text()
	sign := func(format string, timestamp uint64) []byte {
		seed := prooftest.Seed("witness w.example/1")
		sig := binary.BigEndian.AppendUint64(nil, timestamp)
		return append(sig, ed25519.Sign(ed25519.NewKeyFromSeed(seed[:]), fmt.Appendf(nil, format, timestamp, text))...)
	}
	const message = "cosignature/v1\ntime %d\n%s"
	good, err := w.Sign([]byte(text))
	if err != nil {
		panic(err)
	}
	wrong := bytes.Clone(good)
	wrong[7]++
	sig := func(name string, s []byte, refused string) vector {
		return vector{Name: name, In: input{VKey: w.VKey, Text: text, Signature: s}, Refused: refused}
	}
	extended := sig("over extension lines", nil, "")
	extended.In.Text += "extension\n"
	extended.In.Signature, _ = w.Sign([]byte(extended.In.Text))
	logKey := sig("by a log's key", good, "0x01, expected 0x04")
	logKey.In.VKey = vectorLog(0).VKey
	noKey := sig("by no key", good, "NAME+ID+KEY")
	noKey.In.VKey = "w.example/1"
	other := sig("over another text", good, "wrong signature")
	other.In.Text = vectorLog(6).Checkpoint(6).Text()
	return []vector{
		sig("good", good, ""),
		extended,
		sig("first second", sign(message, 1), ""),
		sig("last second of 9999", sign(message, 253402300799), ""),
		other,
		logKey,
		noKey,
		sig("another time than was signed", wrong, "wrong signature"),
		sig("time zero", sign(message, 0), "time 0"),
		sig("year 10000", sign(message, 253402300800), "time 253402300800"),
		sig("time beyond 2^63-1", sign(message, 1<<63), "wrong signature"),
		sig("time with a leading zero", sign("cosignature/v1\ntime 0%d\n%s", 1700000000), "wrong signature"),
		sig("another header", sign("cosignature/v2\ntime %d\n%s", 1700000000), "wrong signature"),
		sig("no time signed", append(binary.BigEndian.AppendUint64(nil, 1700000000), sign("%[2]s", 0)[8:]...), "wrong signature"),
		sig("plain note signature", sign("%[2]s", 0)[8:], "wrong signature"),
		sig("71 bytes", good[:71], "wrong signature"),
		sig("73 bytes", append(bytes.Clone(good), 0), "wrong signature"),
		sig("nothing", nil, "wrong signature"),
	}
}

func inclusionCases() []vector {
	log := vectorLog(300)
	var cases []vector
	claim := func(index, size int64) input {
		leaf, c := proof.LeafHash(log.Leaf(index)), log.Checkpoint(size)
		return input{Leaf: hex.EncodeToString(leaf[:]), Index: index, Size: size, Root: hex.EncodeToString(c.Root[:]), Hashes: hexAll(log.Prove(index, size, nil).Hashes)}
	}
	for _, at := range [][2]int64{{0, 1}, {0, 2}, {1, 2}, {2, 3}, {6, 7}, {3, 7}, {0, 8}, {7, 8}, {255, 256}, {256, 257}, {100, 300}, {299, 300}} {
		cases = append(cases, vector{Name: fmt.Sprintf("entry %d of %d", at[0], at[1]), In: claim(at[0], at[1])})
	}
	change := func(name, refused string, f func(*input)) {
		in := claim(3, 7)
		f(&in)
		cases = append(cases, vector{Name: name, In: in, Refused: refused})
	}
	zero := strings.Repeat("00", 32)
	change("index is the size", "below the tree's size", func(in *input) { in.Index = 7 })
	change("index beyond the tree", "below the tree's size", func(in *input) { in.Index = 1 << 41 })
	change("negative index", "below the tree's size", func(in *input) { in.Index = -1 })
	change("size beyond 2^40", "tree size", func(in *input) { in.Size = 1<<40 + 1 })
	change("negative size", "tree size", func(in *input) { in.Size = -1 })
	change("empty tree", "below the tree's size", func(in *input) { in.Index, in.Size, in.Root, in.Hashes = 0, 0, hexHash(proof.EmptyRoot()), nil })
	change("another entry", "not in the tree", func(in *input) { in.Leaf = claim(2, 7).Leaf })
	change("the root as the leaf", "not in the tree", func(in *input) { in.Leaf = in.Root })
	change("another index", "not in the tree", func(in *input) { in.Index = 2 })
	change("another root", "not in the tree", func(in *input) { in.Root = claim(3, 8).Root })
	change("another size", "3 hashes, expected 2", func(in *input) { in.Size = 4 })
	change("hashes in the other order", "not in the tree", func(in *input) { in.Hashes[0], in.Hashes[1] = in.Hashes[1], in.Hashes[0] })
	change("a hash too few", "2 hashes, expected 3", func(in *input) { in.Hashes = in.Hashes[:2] })
	change("a hash too many", "4 hashes, expected 3", func(in *input) { in.Hashes = append(in.Hashes, zero) })
	change("no hash", "0 hashes, expected 3", func(in *input) { in.Hashes = nil })
	change("one hash for a tree of one", "1 hashes, expected 0", func(in *input) { *in = claim(0, 1); in.Hashes = []string{zero} })
	return cases
}

func hexHash(h tlog.Hash) string { return hex.EncodeToString(h[:]) }

func consistencyCases() []vector {
	log := vectorLog(300)
	var cases []vector
	claim := func(older, newer int64) input {
		in := input{OlderSize: older, Size: newer, OlderRoot: hexHash(log.Checkpoint(older).Root), Root: hexHash(log.Checkpoint(newer).Root)}
		if older > 0 {
			hashes, err := tlog.ProveTree(newer, older, log)
			if err != nil {
				panic(err)
			}
			in.Hashes = hexAll(hashes)
		}
		return in
	}
	for _, at := range [][2]int64{{0, 0}, {0, 7}, {1, 1}, {1, 2}, {3, 7}, {4, 7}, {6, 7}, {7, 7}, {8, 9}, {256, 257}, {255, 300}, {299, 300}} {
		cases = append(cases, vector{Name: fmt.Sprintf("%d to %d", at[0], at[1]), In: claim(at[0], at[1])})
	}
	change := func(name, refused string, f func(*input)) {
		in := claim(3, 7)
		f(&in)
		cases = append(cases, vector{Name: name, In: in, Refused: refused})
	}
	change("a smaller tree", "not to be larger", func(in *input) { in.OlderSize, in.Size, in.OlderRoot, in.Root = 7, 3, in.Root, in.OlderRoot })
	change("a fork", "the log forked", func(in *input) { in.Size, in.Hashes = 3, nil })
	change("empty tree with a root", "empty tree", func(in *input) { in.OlderSize = 0 })
	change("hashes from the empty tree", "expected none", func(in *input) { in.OlderSize, in.OlderRoot = 0, hexHash(proof.EmptyRoot()) })
	change("hashes between equal sizes", "expected none", func(in *input) { in.OlderSize, in.OlderRoot = 7, in.Root })
	change("size beyond 2^40", "tree size", func(in *input) { in.Size = 1<<40 + 1 })
	change("negative size", "tree size", func(in *input) { in.OlderSize = -3 })
	change("another older root", "not shown to begin", func(in *input) { in.OlderRoot = claim(4, 7).OlderRoot })
	change("another newer root", "not shown to begin", func(in *input) { in.Root = claim(3, 8).Root })
	change("another older size", "not shown to begin", func(in *input) { in.OlderSize = 4 })
	change("a hash too few", "not shown to begin", func(in *input) { in.Hashes = in.Hashes[:len(in.Hashes)-1] })
	change("a hash too many", "not shown to begin", func(in *input) { in.Hashes = append(in.Hashes, in.Root) })
	change("no hash", "not shown to begin", func(in *input) { in.Hashes = nil })
	change("64 hashes", "at most 63", func(in *input) { in.Hashes = strings.Split(strings.Repeat(in.Root+" ", 63)+in.Root, " ") })
	return cases
}

func inclusionProofCases() []vector {
	log := vectorLog(7)
	w := prooftest.NewWitness("w.example/1")
	p := log.Prove(3, 7, log.Sign(log.Checkpoint(7), w))
	good := string(p.Marshal())
	one := log.Prove(0, 1, log.Sign(log.Checkpoint(1)))
	extra := p
	extra.Extra = []byte("anything\x00")
	large := p
	large.Extra = make([]byte, 16<<10+1)
	hash := p.Hashes[0].String()
	data := func(name, s, refused string) vector {
		return vector{Name: name, In: input{Data: []byte(s)}, Refused: refused}
	}
	return []vector{
		data("good", good, ""),
		data("with extra data", string(extra.Marshal()), ""),
		data("no hashes", string(one.Marshal()), ""),
		data("empty", "", "empty line"),
		data("another version", replaced(good, "@v1", "@v2"), "first line"),
		data("space behind the first line", replaced(good, "@v1\n", "@v1 \n"), "first line"),
		data("line ends of two bytes", strings.ReplaceAll(good, "\n", "\r\n"), "empty line"),
		data("only the first line", "c2sp.org/tlog-proof@v1\n\n", "index line"),
		data("empty extra", replaced(good, "index", "extra \nindex"), "no such line"),
		data("extra without a space", replaced(good, "index", "extra\nindex"), "no such line"),
		data("extra twice", replaced(string(extra.Marshal()), "index", "extra AAAA\nindex"), "index N"),
		data("extra behind the index", replaced(good, "index 3\n", "index 3\nextra AAAA\n"), "hash 1"),
		data("extra that is not base64", replaced(good, "index", "extra %\nindex"), "base64"),
		data("extra too large", string(large.Marshal()), "at most"),
		data("index with a leading zero", replaced(good, "index 3", "index 03"), "leading zeroes"),
		data("negative index", replaced(good, "index 3", "index -3"), "leading zeroes"),
		data("two spaces before the index", replaced(good, "index 3", "index  3"), "leading zeroes"),
		data("index in upper case", replaced(good, "index 3", "Index 3"), "index N"),
		data("index beyond the tree", replaced(good, "index 3", "index 7"), "below the tree's size 7"),
		data("index beyond 2^40", replaced(good, "index 3", "index 1099511627776"), "at most"),
		data("hash too few", replaced(good, hash+"\n", ""), "2 hashes, expected 3"),
		data("hash too many", replaced(good, hash+"\n", hash+"\n"+hash+"\n"), "4 hashes, expected 3"),
		data("41 hashes", replaced(good, hash+"\n", strings.Repeat(hash+"\n", 39)), "at most 40"),
		data("hash of 31 bytes", replaced(good, hash, base64.StdEncoding.EncodeToString(make([]byte, 31))), "31 bytes"),
		data("hash with stray bits", replaced(good, hash, strayBits(hash)), "stray bits"),
		data("no empty line", replaced(good, "\n\n", "\n"), ""+"hash 4"),
		data("two empty lines", replaced(good, "\n\n", "\n\n\n"), "line 1: empty"),
		data("no checkpoint", good[:strings.Index(good, "\n\n")+2], "empty line before the signatures"),
		data("checkpoint without signatures", good[:strings.LastIndex(good, "\n\n")+2], "line end"),
		data("checkpoint that is none", replaced(good, "\n7\n", "\nseven\n"), "tree size"),
		data("text behind the checkpoint", good+"x", "line end"),
		data("line behind the checkpoint", good+"x\n", "em dash"),
		data("signature without a name", good+"— AAAAAAA=\n", "a name, a space"),
		data("signature with stray bits", good[:strings.LastIndex(good, "— ")]+respell(good[strings.LastIndex(good, "— "):]), "stray bits"),
		padded("too large", []byte(good), proof.MaxInclusionProof, "at most"),
	}
}

// respell gives a line whose base64 decodes to the same bytes: 76 bytes end in
// two signs of padding, behind four stray bits.
func respell(line string) string { return strayBits(line) }

func bundleCases() []vector {
	join := func(entries ...string) (data []byte) {
		for _, e := range entries {
			data, _ = tile.AppendEntry(data, []byte(e))
		}
		return data
	}
	bundle := func(name string, data []byte, width int, refused string) vector {
		return vector{Name: name, In: input{Data: data, Width: width}, Refused: refused}
	}
	return []vector{
		bundle("one entry", join("a"), 1, ""),
		bundle("three entries, one empty", join("a", "", "ccc"), 3, ""),
		bundle("an entry of 258 bytes", join(strings.Repeat("x", 258)), 1, ""),
		bundle("256 empty entries", make([]byte, 512), 256, ""),
		bundle("nothing", nil, 1, "ends before entry 1"),
		bundle("width 0", nil, 0, "expected 1 to 256"),
		bundle("width 257", make([]byte, 514), 257, "expected 1 to 256"),
		bundle("an entry too few", join("a"), 2, "ends before entry 2"),
		bundle("an entry too many", join("a", "b"), 1, "bytes behind"),
		bundle("half a length", []byte{0}, 1, "ends before entry 1"),
		bundle("length beyond the end", []byte{0, 2, 'a'}, 1, "1 are there"),
		bundle("length in the other order of bytes", append([]byte{1, 0}, 'a'), 1, "1 are there"),
		bundle("a byte behind the end", append(join("a"), 0), 1, "bytes behind"),
	}
}

func consistencyProof(log *prooftest.Log, older, newer int64) ([]tlog.Hash, error) {
	return tlog.ProveTree(newer, older, log)
}
