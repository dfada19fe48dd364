package child

import (
	"os"
	"os/user"
	"strconv"
	"syscall"

	"vitrine/internal/endpoint/sandbox"
)

func itoa(n int) string { return strconv.Itoa(n) }

// overflowID is what the kernel itself calls nobody.
const overflowID = 65534

// account finds who the child is to be. It gives nil when it stays who the
// parent is.
func account(name string) (*syscall.Credential, sandbox.Part) {
	part := sandbox.Part{Name: sandbox.User}
	switch {
	case name == "":
		part.InForce, part.Detail = true, "that of its parent, as asked"
		return nil, part
	case os.Geteuid() != 0:
		part.Detail = "only root can start a process as another user"
		part.Without = "a child that was taken over may do what the user of its parent may"
		return nil, part
	}
	if c := lookup(name); c != nil {
		part.InForce, part.Detail = true, name
		return c, part
	}
	part.InForce = true
	part.Detail = "nobody: there is no account " + name
	if c := lookup("nobody"); c != nil {
		return c, part
	}
	return &syscall.Credential{Uid: overflowID, Gid: overflowID}, part
}

func lookup(name string) *syscall.Credential {
	u, err := user.Lookup(name)
	if err != nil {
		return nil
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	gid, bad := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil || bad != nil || uid == 0 {
		return nil
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
