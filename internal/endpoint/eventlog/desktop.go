package eventlog

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"vitrine/internal/endpoint/event"
)

// Desktop shows detections on the desktops of users who are logged in, through
// notify-send of the machine, which is run as each of them: a session's bus
// answers nobody else. It needs setpriv, env and notify-send, and shows at most
// one message each two seconds.
type Desktop struct {
	Root string // of the machine's files; empty: /
	// Run starts a program and does not wait for it.
	Run func(argv []string) error
	Now func() time.Time

	last time.Time
}

// ErrNoDesktop is given when this machine cannot show messages on desktops.
var ErrNoDesktop = errors.New("there is no notify-send: detections are not shown on desktops")

// Check gives ErrNoDesktop if that is so.
func (d *Desktop) Check() error {
	for _, name := range []string{"setpriv", "env", "notify-send"} {
		if d.program(name) == "" {
			return ErrNoDesktop
		}
	}
	return nil
}

// program finds a program where only root can put it.
func (d *Desktop) program(name string) string {
	for _, dir := range []string{"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"} {
		if info, err := os.Stat(filepath.Join(d.Root, dir, name)); err == nil && info.Mode().IsRegular() {
			return dir + name
		}
	}
	return ""
}

// Keep shows the event if it is a detection.
func (d *Desktop) Keep(l Line) error {
	now := d.Now()
	if l.Event.Kind != event.Detection || now.Sub(d.last) < 2*time.Second {
		return nil
	}
	d.last = now
	if err := d.Check(); err != nil {
		return err
	}
	buses, err := filepath.Glob(filepath.Join(d.Root, "/run/user/*/bus"))
	for _, bus := range buses {
		uid := filepath.Base(filepath.Dir(bus))
		if n, bad := strconv.ParseUint(uid, 10, 32); bad != nil || n == 0 {
			continue
		}
		err = errors.Join(err, d.show(uid, bus, l.Event.Message))
	}
	return err
}

// show runs notify-send with the rights of the one user.
func (d *Desktop) show(uid, bus, message string) error {
	info, err := os.Stat(bus)
	if err != nil {
		return err
	}
	gid := strconv.FormatUint(uint64(info.Sys().(*syscall.Stat_t).Gid), 10)
	return d.Run([]string{
		d.program("setpriv"), "--reuid=" + uid, "--regid=" + gid, "--clear-groups", "--no-new-privs", "--",
		d.program("env"), "-i", "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/" + uid + "/bus",
		d.program("notify-send"), "--app-name=vitrine", "--urgency=critical", "--icon=security-high", "--", "Malware was found", markup(oneLine(message)),
	})
}

// markup keeps a name of a file from being read as markup, which desktops take.
func markup(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// Sync does nothing.
func (*Desktop) Sync() error { return nil }

// Close does nothing.
func (*Desktop) Close() error { return nil }
