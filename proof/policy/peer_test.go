package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/tessera"
	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"vitrine/proof/policy"
	"vitrine/proof/prooftest"
)

// What a peer takes for satisfied, on random policies and cosignatures, is what
// we take for satisfied.
func TestQuorumAgreesWithPeer(t *testing.T) {
	log := prooftest.NewLog(origin)
	log.AppendNumbered(3)
	rapid.Check(t, func(t *rapid.T) {
		text, witnesses := drawPolicy(t)
		var withURLs strings.Builder // which the peer wants
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "witness") {
				line = strings.TrimSuffix(line, "\n") + " https://w.example/\n"
			}
			withURLs.WriteString(line)
		}
		ours, err := policy.Parse([]byte(withURLs.String()))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := tessera.NewWitnessGroupFromPolicy(ours.Encode())
		if err != nil {
			t.Fatalf("the peer refuses\n%s%v", ours.Encode(), err)
		}
		var signers []note.Signer
		for _, w := range witnesses {
			if rapid.Bool().Draw(t, "cosigns") {
				w.Time = prooftest.Now().Add(-time.Minute)
				signers = append(signers, w)
			}
		}
		msg := log.Sign(log.Checkpoint(3), signers...)
		_, err = ours.Verify(msg, prooftest.Now())
		if want := theirs.Satisfied(msg); want != (err == nil) {
			t.Fatalf("the peer says %v, we say %v of %d cosignatures on\n%s", want, err, len(signers), text)
		}
	})
}
