package daemon

import (
	"strings"

	"vitrine/internal/endpoint/local"
)

// notifier tells systemd how it is, where systemd has asked to be told
// (sd_notify(3)). A name that begins with @ is an abstract socket.
type notifier struct{ path string }

// tell never fails: protection does not depend on who watches it.
func (n notifier) tell(lines ...string) {
	if n.path == "" {
		return
	}
	d, err := local.DialDatagram(n.path)
	if err != nil {
		return
	}
	defer d.Close()
	_ = d.Send([]byte(strings.Join(lines, "\n")))
}
