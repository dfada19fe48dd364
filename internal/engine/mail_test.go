package engine

import (
	"encoding/base64"
	"fmt"
	"testing"

	"vitrine/internal/engine/archive/archivetest"
)

// What a mail carries is found under the name of the attachment, in enclosed
// messages and mailboxes too.
func TestFindsInMail(t *testing.T) {
	packed := base64.StdEncoding.EncodeToString(archivetest.Zip(entry("e", archivetest.EICAR())))
	mail := fmt.Sprintf("From: a\nTo: b\nSubject: c\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\ntext\n--x\n"+
		"Content-Disposition: attachment; filename=a.zip\nContent-Transfer-Encoding: base64\n\n%s\n--x--\n", packed)
	tests := []struct{ name, data, want string }{
		{"attachment", mail, "eicar!a.zip!e"},
		{"enclosed", "MIME-Version: 1.0\nContent-Type: message/rfc822\n\n" + mail, "eicar!1.eml!a.zip!e"},
		{"mailbox", "From x\n" + mail + "\nFrom y\n" + mail, "eicar!1.eml!a.zip!e"},
		{"looks like pdf", "Subject: %PDF-1.7\n" + mail, "eicar!a.zip!e"},
	}
	for _, tt := range tests {
		got := scanLines(t, []byte(tt.data), Config{})
		found := false
		for _, line := range got {
			found = found || line == tt.want
		}
		if !found {
			t.Errorf("%s: %q is not among %q", tt.name, tt.want, got)
		}
	}
}
