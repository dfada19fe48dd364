package vitrine

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestUnitsAreHardened: what we hand out for systemd gives each program the
// folder and the sockets it needs and nothing else. 2.5 of 10 is what "safe" may
// become before somebody has to say why.
func TestUnitsAreHardened(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	units, err := filepath.Glob("packaging/systemd/*.service")
	if err != nil || len(units) < 4 {
		t.Fatalf("%d units found: %v", len(units), err)
	}
	for _, unit := range units {
		if out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--threshold=25", "--no-pager", "./"+unit).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", unit, err, out)
		}
	}
}
