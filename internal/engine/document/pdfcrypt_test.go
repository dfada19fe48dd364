package document

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stored reads a document kept as base64. Those in testdata/pdf are one
// document of our own, encrypted by qpdf in every way it knows.
func stored(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "pdf", name+".b64"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(text), "\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestPDFEmptyPassword(t *testing.T) {
	for _, name := range []string{"rc4-40.pdf", "rc4-128.pdf", "rc4-v4.pdf", "aes-128.pdf", "aes-r5.pdf", "aes-r6.pdf"} {
		k := take(t, stored(t, name))
		k.wantProblems(t, name)
		found := map[string]bool{}
		for _, p := range k.parts {
			if strings.HasSuffix(p.name, ".js") {
				found[p.data] = true
			}
		}
		if !found["app.alert('string')"] || !found["var stream = 1;"] {
			t.Errorf("%s: %q", name, k.parts)
		}
	}
}

func TestPDFPassword(t *testing.T) {
	k := take(t, stored(t, "secret.pdf"))
	k.wantProblems(t, "secret", "encrypted: pdf: the document needs a password")
	if len(k.parts) > 0 {
		t.Errorf("parts of what cannot be read: %q", k.parts)
	}
}

// A document whose encryption is damaged is never clean: its parts cannot be
// read, and that is told.
func TestPDFDamagedEncryption(t *testing.T) {
	for _, name := range []string{"rc4-40.pdf", "aes-128.pdf", "aes-r6.pdf"} {
		good := string(stored(t, name))
		for _, key := range []string{"/U <", "/O <", "/UE <", "/Standard", "/CF <<", "/V ", "/R "} {
			k := take(t, []byte(strings.Replace(good, key, "/X <", 1)))
			if (key == "/U <" || key == "/Standard") && (len(k.lines) == 0 || !strings.HasPrefix(k.lines[0], "encrypted")) {
				t.Errorf("%s without %s: %q", name, key, k.lines)
			}
		}
	}
}
