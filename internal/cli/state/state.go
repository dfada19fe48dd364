// Package state says where a machine keeps what it has installed. Commands that
// scan and commands that update must agree on it; it opens nothing.
package state

import (
	"errors"
	"os"
	"path/filepath"

	"vitrine/internal/chain/installed"
	"vitrine/internal/cli/term"

	"github.com/spf13/cobra"
)

// system is where the machine's own state is, for everybody to read.
const system = "/var/lib/vitrine/chain"

// Installed is the state to read rules from: the user's own if there is one,
// else the machine's.
func Installed(env term.Env, flag string) (installed.Dir, error) {
	own, err := Dir(env, flag)
	if flag != "" || err == nil && own.Used() || !(installed.Dir{Path: system}).Used() {
		return own, err
	}
	return installed.Dir{Path: system}, nil
}

// Flag puts --state on a command.
func Flag(c *cobra.Command, value *string) {
	c.Flags().StringVar(value, "state", "", "the machine's `FOLDER` (default: /var/lib/vitrine/chain for root, else ~/.local/state/vitrine)")
}

// Dir is where the state is: what the flag says, or VITRINE_STATE, or the place
// for the user.
func Dir(env term.Env, flag string) (installed.Dir, error) {
	switch {
	case flag != "":
		return installed.Dir{Path: flag}, nil
	case env.Getenv("VITRINE_STATE") != "":
		return installed.Dir{Path: env.Getenv("VITRINE_STATE")}, nil
	case os.Geteuid() == 0:
		return installed.Dir{Path: system}, nil
	case env.Getenv("XDG_STATE_HOME") != "":
		return installed.Dir{Path: filepath.Join(env.Getenv("XDG_STATE_HOME"), "vitrine")}, nil
	case env.Getenv("HOME") != "":
		return installed.Dir{Path: filepath.Join(env.Getenv("HOME"), ".local", "state", "vitrine")}, nil
	}
	return installed.Dir{}, term.Hint(errors.New("nobody says where the machine's state is"), "--state FOLDER, or set HOME")
}
