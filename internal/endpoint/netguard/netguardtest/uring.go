package netguardtest

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Offsets in the structs of io_uring(7), and what its calls are named by.
const (
	setupCall, enterCall   = 425, 426
	ringSQ, ringSQEs       = 0, 0x10000000
	singleMapping          = 1
	getEvents              = 1
	opConnect              = 16
	sqeSize                = 64
	paramsSize             = 120
	paramsFeatures         = 20
	sqTail, sqList, cqList = 40 + 4, 40 + 24, 80 + 20
)

// uring connects without the system call connect: through a ring that the kernel
// reads. Some programs do so to pass those who watch system calls.
func uring(to netip.AddrPort) error {
	if !to.Addr().Is4() {
		return fmt.Errorf("only IPv4")
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var p [paramsSize]byte
	ring, _, errno := unix.Syscall(setupCall, 1, uintptr(unsafe.Pointer(&p)), 0)
	if errno != 0 {
		return errno
	}
	defer unix.Close(int(ring))
	at := func(offset int) uint32 { return binary.NativeEndian.Uint32(p[offset:]) }
	if at(paramsFeatures)&singleMapping == 0 {
		return unix.ENOSYS
	}
	rings, err := unix.Mmap(int(ring), ringSQ, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return err
	}
	defer unix.Munmap(rings)
	entry, err := unix.Mmap(int(ring), ringSQEs, sqeSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return err
	}
	defer unix.Munmap(entry)
	addr := &unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: to.Addr().As4()}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&addr.Port))[:], to.Port())
	entry[0] = opConnect
	binary.NativeEndian.PutUint32(entry[4:], uint32(fd))
	binary.NativeEndian.PutUint64(entry[8:], unix.SizeofSockaddrInet4)
	binary.NativeEndian.PutUint64(entry[16:], uint64(uintptr(unsafe.Pointer(addr))))
	binary.NativeEndian.PutUint32(rings[at(sqList):], 0)
	binary.NativeEndian.PutUint32(rings[at(sqTail):], 1)
	if _, _, errno := unix.Syscall6(enterCall, ring, 1, 1, getEvents, 0, 0); errno != 0 {
		return errno
	}
	done := at(cqList)
	if res := int32(binary.NativeEndian.Uint32(rings[done+8:])); res < 0 {
		return unix.Errno(-res)
	}
	runtime.KeepAlive(addr)
	return nil
}
