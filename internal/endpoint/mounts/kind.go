package mounts

import "strings"

// Kind says who answers for a file system.
type Kind int

const (
	Local   Kind = iota // this kernel, from a disk, memory or layers of other local file systems
	Kernel              // made up by the kernel: no foreign programs lie there
	Network             // another machine
	User                // another process of this machine: FUSE
)

func (k Kind) String() string {
	return [...]string{"local", "kernel", "network", "user"}[k]
}

// kernelTypes hold what the kernel makes up as it is read. devtmpfs, tmpfs and
// ramfs are not here: anyone who may write there can put a program there.
const kernelTypes = " proc sysfs cgroup cgroup2 devpts mqueue debugfs tracefs securityfs selinuxfs smackfs pstore efivarfs bpf nsfs " +
	"binfmt_misc configfs fusectl rpc_pipefs resctrl autofs sockfs pipefs anon_inodefs apparmorfs nfsd functionfs ocfs2_dlmfs sdcardfs_ctl "

// networkTypes are answered by another machine.
const networkTypes = " nfs nfs4 cifs smb3 smbfs ceph afs 9p virtiofs lustre gfs2 ocfs2 glusterfs beegfs orangefs coda ncpfs gpfs "

// Kind goes by the type's name.
func (m Mount) Kind() Kind {
	switch {
	case m.Type == "fuse" || m.Type == "fuseblk" || strings.HasPrefix(m.Type, "fuse."):
		return User
	case strings.Contains(networkTypes, " "+m.Type+" "):
		return Network
	case strings.Contains(kernelTypes, " "+m.Type+" "):
		return Kernel
	}
	return Local
}

// Markable reports whether the guard can watch the file system; if not, why.
func (m Mount) Markable() (bool, string) {
	switch m.Kind() {
	case Kernel:
		return false, "made up by the kernel"
	case Network:
		return false, "answered by another machine, which could hold every program on this one"
	case User:
		return false, "answered by a process, which could hold every other one"
	}
	if m.Type == "overlay" && m.Foreign {
		return false, "made of layers of a user's own choice, which could hold every program of this machine"
	}
	return true, ""
}
