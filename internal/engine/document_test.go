package engine

import (
	"testing"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/document/documenttest"
)

// What a document holds is found under the name it has there.
func TestFindsInDocuments(t *testing.T) {
	eicar := archivetest.EICAR()
	project := documenttest.Project("", documenttest.Module{Name: "Module1", Source: "' " + string(eicar) + "\r\n"})
	macros := documenttest.Compound([16]byte{}, project...)
	doc := documenttest.Compound([16]byte{}, documenttest.Stream{Path: "ObjectPool/_1/\x01Ole10Native",
		Data: documenttest.Native(`C:\a.zip`, archivetest.Zip(entry("e", eicar)))})
	tests := []struct {
		name string
		data []byte
		want []string
	}{
		{"docm", archivetest.Zip(entry("word/vbaProject.bin", macros)), []string{"eicar!word/vbaProject.bin!Module1"}},
		{"zip in a packaged object", doc, []string{"eicar!ObjectPool/_1/a.zip!e"}},
	}
	for _, tt := range tests {
		wantLines(t, tt.name, scanLines(t, tt.data, Config{}), tt.want...)
	}
}
