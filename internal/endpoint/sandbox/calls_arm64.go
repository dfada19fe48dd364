package sandbox

import "golang.org/x/sys/unix"

// architecture is what the kernel calls this one.
const architecture = unix.AUDIT_ARCH_AARCH64

// oldCalls: this architecture has none of the calls that others have from before.
func oldCalls() []uint32 { return nil }

func statCalls() []uint32 { return []uint32{unix.SYS_NEWFSTATAT} }

func oldOpening() []uint32 { return nil }
