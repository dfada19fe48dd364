package clamd

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"vitrine/internal/endpoint/local"
	"vitrine/internal/endpoint/verdict"
)

// eicar is the test file of the antivirus industry, put together here so that
// this source is not one.
func eicar() []byte {
	return []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}` + "$" + `EICAR-STANDARD-` + `ANTIVIRUS-TEST-FILE!` + "$" + `H+H*`)
}

// fake is a scanner that looks for two texts, as the signatures of the tests do.
type fake struct {
	hold <-chan struct{} // if set, scans wait until it is closed
}

func (s fake) Scan(ctx context.Context, _ string, f *os.File) (verdict.Verdict, error) {
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			return verdict.Verdict{}, ctx.Err()
		}
	}
	data, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<30))
	if err != nil {
		return verdict.Verdict{State: verdict.Failed, Why: "cannot be read"}, nil
	}
	switch {
	case bytes.Contains(data, eicar()):
		return verdict.Verdict{State: verdict.Malicious, Findings: []verdict.Finding{
			{Name: "Eicar-Test.UNOFFICIAL"}, {Name: "Other-Test.UNOFFICIAL"}, {Name: "Eicar-Test.UNOFFICIAL"}}}, nil
	case bytes.HasPrefix(data, []byte("half")):
		return verdict.Verdict{State: verdict.Incomplete, Why: "too large\nby far"}, nil
	}
	return verdict.Verdict{State: verdict.Clean, Size: int64(len(data))}, nil
}

// serve runs a server until the end of the test and gives its socket.
func serve(t testing.TB, s Server) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "clamd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "socket")
	l, err := local.Listen(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return path
}
