package documenttest

import (
	"bytes"
	"compress/zlib"
	"fmt"
)

// PDF writes the objects of a document, numbered from 1, each as it stands
// between "obj" and "endobj".
func PDF(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	for i, o := range objects {
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	b.WriteString("trailer\n<< /Root 1 0 R >>\n%%EOF\n")
	return b.Bytes()
}

// StreamObject writes a stream with the entries given in its dict.
func StreamObject(entries, data string) string {
	return fmt.Sprintf("<< /Length %d %s >>\nstream\r\n%s\nendstream", len(data), entries, data)
}

// Flate packs text as FlateDecode unpacks it.
func Flate(text string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(text)) // a buffer takes all
	_ = w.Close()
	return b.String()
}

// ObjectStream writes objects into one packed stream, with numbers from first.
func ObjectStream(first int, objects ...string) string {
	var index, body string
	for i, o := range objects {
		index += fmt.Sprintf("%d %d ", first+i, len(body))
		body += o + " "
	}
	return StreamObject(fmt.Sprintf("/Type /ObjStm /N %d /First %d /Filter /FlateDecode", len(objects), len(index)), Flate(index+body))
}
