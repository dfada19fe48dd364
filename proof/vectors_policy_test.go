package proof_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"vitrine/proof"
	"vitrine/proof/prooftest"
)

// vectorWitness is one of the witnesses of the policies below.
func vectorWitness(name string) *prooftest.Witness {
	return prooftest.NewWitness(strings.ToLower(name) + ".example")
}

func witnessLine(name string) string {
	return fmt.Sprintf("witness %s %s\n", name, vectorWitness(name).VKey)
}

// supervised is the policy of the documentation: S1 and two of W1, W2, W3.
func supervised() string {
	return "log " + vectorLog(0).VKey + "\n" +
		witnessLine("S1") + witnessLine("W1") + witnessLine("W2") + witnessLine("W3") +
		"group others 2 W1 W2 W3\ngroup both all S1 others\nquorum both\n"
}

func policyCases() []vector {
	good := supervised()
	log := "log " + vectorLog(0).VKey + "\n"
	w1, w2 := witnessLine("W1"), witnessLine("W2")
	base := log + w1 + w2
	logPublic, err := proof.ParseKey(vectorLog(0).VKey)
	if err != nil {
		panic(err)
	}
	data := func(name, s, refused string) vector {
		return vector{Name: name, In: input{Data: []byte(s)}, Refused: refused}
	}
	cases := []vector{
		data("supervisor and two of three", good, ""),
		data("one witness", log+w1+"quorum W1\n", ""),
		data("any", base+"group g any W1 W2\nquorum g\n", ""),
		data("a witness that is in no group", base+"quorum W1\n", ""),
		data("comments, tabs and empty lines", "# a policy\n\n \t\n\t"+strings.ReplaceAll(log+w1, " ", "\t ")+"  # end\nquorum  W1 \n", ""),
		data("log last", w1+"quorum W1\n"+log, ""),
		data("URLs", strings.TrimSuffix(log, "\n")+" https://log.example/\n"+strings.TrimSuffix(w1, "\n")+" https://w1.example/\nquorum W1\n", ""),
		data("names that are no UTF-8", log+"witness \xff\xfe "+vectorWitness("W1").VKey+"\nquorum \xff\xfe\n", ""),
		data("names like keywords", log+replaced(w1, " W1 ", " all ")+replaced(w2, " W2 ", " any ")+"group group any any all\nquorum group\n", ""),

		data("threshold 0", base+"group g 0 W1 W2\nquorum g\n", "expected 1 to 2"),
		data("negative threshold", base+"group g -1 W1 W2\nquorum g\n", "expected 1 to 2"),
		data("threshold beyond the members", base+"group g 3 W1 W2\nquorum g\n", "expected 1 to 2"),
		data("threshold with a leading zero", base+"group g 01 W1 W2\nquorum g\n", "expected any, all"),
		data("threshold with a sign", base+"group g +1 W1 W2\nquorum g\n", "expected any, all"),
		data("threshold that is a word", base+"group g most W1 W2\nquorum g\n", "expected any, all"),
		data("threshold in upper case", base+"group g ALL W1 W2\nquorum g\n", "expected any, all"),
		data("threshold beyond 2^64", base+"group g 18446744073709551617 W1 W2\nquorum g\n", "expected any, all"),
		data("empty group, all", base+"group g all\nquorum g\n", "at least one member"),
		data("empty group, any", base+"group g any\nquorum g\n", "at least one member"),
		data("empty group, 0", base+"group g 0\nquorum g\n", "at least one member"),
		data("member twice in a group", base+"group g 2 W1 W1\nquorum g\n", "listed in group"),
		data("member in two groups", base+"group g any W1\ngroup h any W1\ngroup i all g h\nquorum i\n", "listed in group"),
		data("member of two groups through one", base+"group g any W1\ngroup h any g\ngroup i all g h\nquorum i\n", "listed in group"),
		data("group in itself", base+"group g any g W1\nquorum g\n", "not defined"),
		data("member defined later", log+w1+"group g any W1 W2\n"+w2+"quorum g\n", "not defined"),
		data("group defined after use", base+"group h any g\ngroup g any W1\nquorum h\n", "not defined"),
		data("unknown member", base+"group g any W1 W9\nquorum g\n", "not defined"),
		data("member of another case", base+"group g any w1\nquorum g\n", "not defined"),
		data("member none", base+"group g any W1 none\nquorum g\n", "no member"),

		data("witness name twice", log+w1+replaced(w2, " W2 ", " W1 ")+"quorum W1\n", "defined twice"),
		data("group name twice", base+"group g any W1\ngroup g any W2\nquorum g\n", "defined twice"),
		data("group named like a witness", base+"group W1 any W2\nquorum W1\n", "defined twice"),
		data("witness named none", log+replaced(w1, " W1 ", " none ")+"quorum none\n", "is taken"),
		data("group named none", base+"group none any W1\nquorum W1\n", "is taken"),
		data("key under two names", log+w1+replaced(w1, " W1 ", " W2 ")+"group g 2 W1 W2\nquorum g\n", "same public key"),
		data("key under two key names", log+w1+"witness W2 "+keyText("other.example", 4, witnessPublic("W1"))+"\ngroup g 2 W1 W2\nquorum g\n", "same public key"),
		data("log's key as a witness", log+"witness W1 "+keyText("w1.example", 4, logPublic.Public)+"\nquorum W1\n", "same public key"),
		data("witness's key as the log", "witness W1 "+keyText("w1.example", 4, logPublic.Public)+"\n"+log+"quorum W1\n", "same public key"),
		data("two keys of one name and ID", log+sameID(), "same key name and ID"),
		data("witness key with the log's name", log+"witness W1 "+keyText(vectorOrigin, 4, witnessPublic("W1"))+"\nquorum W1\n", "the log's name"),
		data("log twice", log+log+w1+"quorum W1\n", "a second log"),
		data("two logs", log+"log "+prooftest.NewLog("log.example/other").VKey+"\n"+w1+"quorum W1\n", "a second log"),
		data("no log", w1+"quorum W1\n", "no log"),
		data("witness key for the log", "log "+vectorWitness("W2").VKey+"\n"+w1+"quorum W1\n", "0x04, expected 0x01"),
		data("log key for a witness", log+"witness W1 "+prooftest.NewLog("w1.example").VKey+"\nquorum W1\n", "0x01, expected 0x04"),
		data("ML-DSA-44 witness", log+"witness W1 "+keyText("w1.example", 6, make([]byte, 1312))+"\nquorum W1\n", "ML-DSA-44"),
		data("witness key of small order", log+"witness W1 "+keyText("w1.example", 4, make([]byte, 32))+"\nquorum W1\n", "small order"),

		data("no quorum", base, "no quorum"),
		data("quorum none", base+"quorum none\n", "cosignatures are required"),
		data("quorum and then none", base+"quorum W1\nquorum none\n", "a second quorum"),
		data("two quorums", base+"quorum W1\nquorum W2\n", "a second quorum"),
		data("the same quorum twice", base+"quorum W1\nquorum W1\n", "a second quorum"),
		data("quorum not defined", base+"quorum W9\n", "not defined"),
		data("quorum before the definition", log+"quorum W1\n"+w1, "not defined"),
		data("quorum of two names", base+"quorum W1 W2\n", "expected: quorum NAME"),
		data("quorum without a name", base+"quorum\n", "expected: quorum NAME"),

		data("unknown keyword", base+"quorum W1\nthreshold 1\n", "keyword"),
		data("keyword in upper case", base+"Quorum W1\n", "keyword"),
		data("byte order mark", "\ufeff"+base+"quorum W1\n", "keyword"),
		data("comment behind a line", base+"quorum W1 # all we need\n", "expected: quorum NAME"),
		data("witness without a key", log+"witness W1\nquorum W1\n", "expected: witness"),
		data("witness with more", log+strings.TrimSuffix(w1, "\n")+" https://w1.example/ more\nquorum W1\n", "expected: witness"),
		data("log without a key", "log\n"+w1+"quorum W1\n", "expected: log"),
		data("log with more", strings.TrimSuffix(log, "\n")+" https://log.example/ more\n"+w1+"quorum W1\n", "expected: log"),
		data("group without a threshold", base+"group g\nquorum W1\n", "at least one member"),
		data("line ends of two bytes", strings.ReplaceAll(good, "\n", "\r\n"), "control character 0x0d"),
		data("zero byte", good+"#\x00\n", "control character 0x00"),
		data("delete", good+"#\x7f\n", "control character 0x7f"),
		data("vertical tab", replaced(good, "quorum ", "quorum\v"), "control character 0x0b"),
		data("no-break space", replaced(good, "quorum ", "quorum\u00a0"), "keyword"),
		data("no line end", strings.TrimSuffix(good, "\n"), "line end"),
		data("empty", "", "line end"),
		padded("too large", []byte(good), 64<<10, "at most"),
		data("65 witnesses", log+manyWitnesses(65)+"quorum w0\n", "more than 64 witnesses"),
		data("65 groups", base+manyGroups(65)+"quorum W1\n", "more than 64 groups"),
	}
	return cases
}

func witnessPublic(name string) ed25519.PublicKey { return vectorWitness(name).Key().Public }

// sameID gives two witnesses whose different keys have the same name and ID. An
// ID has 32 bits, so among some 100,000 keys there are such two.
func sameID() string {
	seen := map[string]int{}
	public := func(i int) []byte { sum := sha256.Sum256(fmt.Appendf(nil, "key %d", i)); return sum[:] }
	for i := 0; ; i++ {
		id := strings.SplitN(keyText("w.example", 4, public(i)), "+", 3)[1]
		if j, ok := seen[id]; ok && proof.CheckPublic(public(i)) == nil && proof.CheckPublic(public(j)) == nil {
			return fmt.Sprintf("witness W1 %s\nwitness W2 %s\ngroup g 2 W1 W2\nquorum g\n", keyText("w.example", 4, public(i)), keyText("w.example", 4, public(j)))
		}
		seen[id] = i
	}
}

func manyWitnesses(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "witness w%d %s\n", i, keyText("w.example", 4, publicOf(fmt.Sprint(i))))
	}
	return b.String()
}

func manyGroups(n int) string {
	text := "group g0 any W2\n"
	for i := 1; i < n; i++ {
		text += fmt.Sprintf("group g%d any g%d\n", i, i-1)
	}
	return text
}

// cosignAt signs as a witness of the policies above, at a time of its own.
func cosignAt(name string, ago time.Duration) note.Signer {
	w := vectorWitness(name)
	w.Time = prooftest.Now().Add(-ago)
	return w
}

func verifyCases() []vector {
	log := vectorLog(7)
	c := log.Checkpoint(7)
	now := prooftest.Now().Unix()
	verify := func(name, policy string, msg []byte, refused string) vector {
		return vector{Name: name, In: input{Policy: policy, Data: msg, Now: now}, Refused: refused}
	}
	of := func(signers ...note.Signer) []byte { return log.Sign(c, signers...) }
	const minute = time.Minute
	all := []note.Signer{cosignAt("S1", 4*minute), cosignAt("W1", 3*minute), cosignAt("W2", 2*minute), cosignAt("W3", minute)}
	foreign := c
	foreign.Origin = "log.example/other"
	empty := proof.Checkpoint{Origin: c.Origin, Root: c.Root}
	unsigned := bytes.Replace(of(all...), []byte("— log.example/av1 "), []byte("— log.example/av2 "), 1)
	later := c
	later.Extensions = []string{"an extension"}
	return []vector{
		verify("all four", supervised(), of(all...), ""),
		verify("one of three missing", supervised(), of(all[0], all[1], all[3]), ""),
		verify("supervisor is the oldest", supervised(), of(cosignAt("S1", time.Hour), all[2], all[3]), ""),
		verify("one very old cosignature does not age the rest", supervised(), of(all[0], cosignAt("W1", 1000*time.Hour), all[2], all[3]), ""),
		verify("one very new cosignature does not renew the rest", supervised(), of(cosignAt("S1", time.Hour), cosignAt("W1", time.Hour), cosignAt("W2", time.Hour), cosignAt("W3", -9*minute)), ""),
		verify("exactly ten minutes ahead", supervised(), of(cosignAt("S1", -10*minute), all[1], all[2]), ""),
		verify("other signatures", supervised(), of(all[0], all[1], all[2], prooftest.NewLog("other.example").Signer, prooftest.NewWitness("w9.example")), ""),
		verify("ML-DSA-44 signature beside", supervised(), append(of(all...), mldsaLine()...), ""),
		verify("extension lines", supervised(), log.Sign(later, all...), ""),
		verify("supervisor alone suffices for any", "log "+log.VKey+"\n"+witnessLine("S1")+witnessLine("W1")+"group g any S1 W1\nquorum g\n", of(all[0]), ""),

		verify("log only", supervised(), of(), "not enough cosignatures"),
		verify("supervisor missing", supervised(), of(all[1:]...), "not enough cosignatures"),
		verify("only one of the others", supervised(), of(all[0], all[1]), "not enough cosignatures"),
		verify("one witness twice", supervised(), of(all[0], all[1], cosignAt("W1", 0)), "not enough cosignatures"),
		verify("strangers", supervised(), of(all[0], all[1], prooftest.NewWitness("w9.example")), "not enough cosignatures"),
		verify("supervisor eleven minutes ahead", supervised(), of(cosignAt("S1", -11*minute), all[1], all[2]), "not enough cosignatures"),
		verify("supervisor in the year 10000", supervised(), of(all[1], all[2], atSecond("S1", 253402300800)), "not enough cosignatures"),
		verify("supervisor at the largest time", supervised(), of(all[1], all[2], atSecond("S1", 1<<63-1)), "not enough cosignatures"),
		verify("supervisor at time zero", supervised(), of(all[1], all[2], atSecond("S1", 0)), "not enough cosignatures"),
		verify("witnesses without the log", supervised(), unsigned, "no signature by the log"),
		verify("wrong signature of the log", supervised(), flip(of(all...), "— log.example/av1 "), "invalid signature"),
		verify("wrong signature of one witness of enough", supervised(), flip(of(all...), "— w3.example "), "invalid signature"),
		verify("cosignature of another size", supervised(), of(all[0], all[1], borrowed("W2", log.Checkpoint(6))), "invalid signature"),
		verify("plain note signature by a witness's name", supervised(), of(all[0], all[1], prooftest.NewLog("w2.example").Signer), "not enough cosignatures"),
		verify("another origin", supervised(), log.Sign(foreign, all...), "origin"),
		verify("another root", supervised(), bytes.Replace(of(all...), []byte(c.Root.String()), []byte(log.Checkpoint(6).Root.String()), 1), "invalid signature"),
		verify("empty tree with a root", supervised(), unchecked(log, empty), "empty tree"),
		verify("no note", supervised(), []byte(c.Text()), "empty line"),
		verify("signature with stray bits", supervised(), []byte(respellLast(string(of(all...)))), "stray bits"),
		verify("malformed policy", "quorum none\n", of(all...), "quorum"),
	}
}

func respellLast(msg string) string {
	i := strings.LastIndex(msg, "— ")
	return msg[:i] + strayBits(msg[i:])
}

// mldsaLine is a signature line as a witness with an ML-DSA-44 key has it.
func mldsaLine() []byte {
	n := note.Note{Text: "x\n"}
	msg, err := note.Sign(&n, rawSigner{"s1.example", 0x12345678, make([]byte, 8+2420)})
	if err != nil {
		panic(err)
	}
	return msg[len("x\n\n"):]
}

// rawSigner gives bytes for a signature.
type rawSigner struct {
	name string
	hash uint32
	sig  []byte
}

func (s rawSigner) Name() string                { return s.name }
func (s rawSigner) KeyHash() uint32             { return s.hash }
func (s rawSigner) Sign([]byte) ([]byte, error) { return s.sig, nil }

// timedSigner cosigns at any second, believable or not.
type timedSigner struct {
	*prooftest.Witness
	timestamp uint64
	seed      [32]byte
}

func atSecond(name string, timestamp uint64) note.Signer {
	w := vectorWitness(name)
	return timedSigner{w, timestamp, prooftest.Seed("witness " + w.Name())}
}

func (s timedSigner) Sign(msg []byte) ([]byte, error) {
	sig := binary.BigEndian.AppendUint64(nil, s.timestamp)
	return append(sig, ed25519.Sign(ed25519.NewKeyFromSeed(s.seed[:]), fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", s.timestamp, msg))...), nil
}

// borrowed gives a witness's cosignature on another checkpoint.
func borrowed(name string, c proof.Checkpoint) note.Signer {
	w := vectorWitness(name)
	sig, err := w.Sign([]byte(c.Text()))
	if err != nil {
		panic(err)
	}
	return rawSigner{w.Name(), w.KeyHash(), sig}
}

// flip changes a signature behind a prefix, and keeps it base64.
func flip(msg []byte, prefix string) []byte {
	i := bytes.Index(msg, []byte(prefix)) + len(prefix) + 20
	out := bytes.Clone(msg)
	if out[i] == 'A' {
		out[i] = 'B'
	} else {
		out[i] = 'A'
	}
	return out
}

// unchecked signs a checkpoint as a log and witnesses would that check nothing.
func unchecked(log *prooftest.Log, c proof.Checkpoint) []byte {
	now := uint64(prooftest.Now().Unix())
	return log.Sign(c, atSecond("S1", now), atSecond("W1", now), atSecond("W2", now))
}
