package yaracmd

import (
	"bytes"
	"os"
	"testing"
)

func TestOpenInput(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), smallFile/16)
	tree(t, map[string]string{"small": "hello", "empty": "", "full": string(big), "big": string(big) + "!", "dir/": "", "fifo": "fifo"})
	tests := []struct {
		path   string
		want   string
		mapped bool
		err    string
	}{
		{path: "small", want: "hello"},
		{path: "empty"},
		{path: "full", want: string(big)},
		{path: "big", want: string(big) + "!", mapped: true},
		{path: os.DevNull},
		{path: "dir", err: "not a regular file"},
		{path: "fifo", err: "not a regular file"},
		{path: "/dev/zero", err: "not a regular file"},
		{path: "/proc/version", err: "files of /proc are not scanned"},
		{path: "none", err: "no such file or directory"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			in, err := openInput(tt.path, nil)
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Fatalf("error %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(in.data) != tt.want || in.mapped != tt.mapped {
				t.Errorf("%d bytes, mapped %v; want %d, %v", len(in.data), in.mapped, len(tt.want), tt.mapped)
			}
			if err := in.close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOpenInputReusesItsBuffer(t *testing.T) {
	tree(t, map[string]string{"a": "first", "b": "2nd"})
	buf := make([]byte, 0, 16)
	in, err := openInput("a", buf)
	if err != nil || &in.data[0] != &buf[:1][0] {
		t.Errorf("a buffer that is large enough was not used (%v)", err)
	}
	in, err = openInput("b", in.data[:0])
	if err != nil || string(in.data) != "2nd" {
		t.Errorf("got %q, %v: bytes of the file before", in.data, err)
	}
}
