package child

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"vitrine/internal/endpoint/sandbox"

	"golang.org/x/sys/unix"
)

// Process is a child that was started.
type Process struct {
	spec    Spec
	process *os.Process
	report  sandbox.Report
	group   *group // nil: none
	begun   time.Time

	lines *lines
	done  chan struct{}
	exit  Exit // once done is closed

	stop sync.Once
}

// PID is its process id, which is nobody else's until Done is closed.
func (p *Process) PID() int { return p.process.Pid }

// Report tells what walls were put round it when it was started, and which are
// missing.
func (p *Process) Report() sandbox.Report { return p.report }

// Done is closed when it has ended and everything it wrote was told.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit is how it ended; it waits until it has.
func (p *Process) Exit() Exit {
	<-p.done
	return p.exit
}

// Kill ends it at once. It is safe at any time, from any goroutine.
func (p *Process) Kill() { _ = p.process.Kill() } // it has ended already: that is what was wanted

// Stop asks it to end with SIGTERM, kills it when it has not within grace, and
// waits until it is gone.
func (p *Process) Stop(grace time.Duration) Exit {
	p.stop.Do(func() {
		_ = p.process.Signal(syscall.SIGTERM)
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-p.done:
		case <-timer.C:
			p.Kill()
		}
	})
	return p.Exit()
}

// Start starts a child.
//
// A wall that this kernel or this user cannot put round it is missing in its
// Report, and is no error.
func Start(s Spec) (*Process, error) {
	if s.Program == "" {
		s.Program = "/proc/self/exe"
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Mode, err)
	}
	defer write.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		read.Close()
		return nil, fmt.Errorf("start %s: %w", s.Mode, err)
	}
	defer null.Close()
	p := &Process{spec: s, begun: s.Now(), done: make(chan struct{}), lines: &lines{tell: s.Line, now: s.Now, from: read}}
	if err := p.run(append([]*os.File{null, write, write}, s.Files...)); err != nil {
		read.Close()
		p.group.remove()
		return nil, fmt.Errorf("start %s: %w", s.Mode, err)
	}
	return p, nil
}

// run starts the program, and waits for its end on the same thread: the kernel
// ends a child with the thread that has started it, whatever becomes of the parent.
func (p *Process) run(files []*os.File) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.start(files)
		if err == nil {
			p.limit()
		}
		started <- err
		if err == nil {
			p.wait()
		}
	}()
	return <-started
}

// start starts the program, with every wall there is.
func (p *Process) start(files []*os.File) error {
	s := p.spec
	credential, who := account(s.User)
	p.group = newGroup(s.System, s.Mode, s.Memory)
	attr := &os.ProcAttr{
		Dir: "/", Files: files, Env: p.environment(),
		Sys: &syscall.SysProcAttr{Credential: credential, Pdeathsig: syscall.SIGKILL, Setsid: true, AmbientCaps: s.Caps},
	}
	if os.Geteuid() != 0 {
		attr.Sys.AmbientCaps = nil // it has none to give
	}
	apart := sandbox.Part{Name: sandbox.Namespace, InForce: true, Detail: "network, ipc, uts"}
	if s.NoNetwork {
		attr.Sys.Cloneflags = unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS
	} else {
		apart.Detail = "those of its parent, as asked"
	}
	argv := append([]string{"vitrine", s.Mode}, s.Args...)
	process, err := p.try(argv, attr)
	if err != nil && s.NoNetwork && !errors.Is(err, os.ErrNotExist) {
		apart.InForce, apart.Detail = false, err.Error()
		apart.Without = "a child that was taken over could reach the network, if its filter of system calls fell too"
		attr.Sys.Cloneflags = 0
		process, err = p.try(argv, attr)
	}
	if err != nil {
		return err
	}
	p.process = process
	p.report = sandbox.Report{who, apart, {Name: sandbox.ParentEnd, InForce: true}}
	return nil
}

// try starts the program, in its control group if the kernel can do both at once.
func (p *Process) try(argv []string, attr *os.ProcAttr) (*os.Process, error) {
	if fd, ok := p.group.open(); ok {
		defer unix.Close(fd)
		attr.Sys.UseCgroupFD, attr.Sys.CgroupFD = true, fd
		process, err := os.StartProcess(p.spec.Program, argv, attr)
		if err == nil {
			p.group.inside = true
			return process, nil
		}
		attr.Sys.UseCgroupFD = false
	}
	return os.StartProcess(p.spec.Program, argv, attr)
}

// environment is that of the child: nothing of the parent's comes along.
func (p *Process) environment() []string {
	env := append([]string{}, p.spec.Env...)
	if p.spec.Memory > 0 {
		env = append(env, fmt.Sprintf("GOMEMLIMIT=%d", p.spec.Memory/10*9))
	}
	return env
}

// slack is what a program may map beyond what it may use: a Go heap takes address
// space in pieces of 64 MiB.
const slack = 128 << 20

// limit holds a child that has just been started to its memory.
func (p *Process) limit() {
	part := sandbox.Part{Name: sandbox.Memory}
	if p.spec.Memory <= 0 {
		part.InForce, part.Detail = true, "any, as asked"
		p.report = append(p.report, part)
		return
	}
	most := uint64(p.spec.Memory + slack)
	err := unix.Prlimit(p.PID(), unix.RLIMIT_DATA, &unix.Rlimit{Cur: most, Max: most}, nil)
	if why := p.group.take(p.PID()); why != "" {
		part.Detail = why
		part.Without = "only what a child maps is limited, not what it uses; the kernel may choose another process to end when memory is short"
		if err != nil {
			part.Without = "a child may take all memory of this machine"
		}
	} else {
		part.InForce, part.Detail = true, p.group.String()
	}
	p.report = append(p.report, part)
}

// wait tells what the child writes until it has ended.
func (p *Process) wait() {
	defer close(p.done)
	told := make(chan struct{})
	go func() {
		defer close(told)
		p.lines.run()
	}()
	state, err := p.process.Wait()
	p.exit = exitOf(state, err)
	p.exit.Ran = p.spec.Now().Sub(p.begun)
	p.lines.end(told)
	p.exit.Last, p.exit.Reason = p.lines.last, p.lines.reason
	p.exit.Memory = p.exit.Signal == "SIGKILL" && p.group.killed()
	p.group.remove()
}

func exitOf(state *os.ProcessState, err error) Exit {
	if err != nil {
		return Exit{Code: -1, Signal: "unknown"}
	}
	e := Exit{Code: state.ExitCode()}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		e.Signal = unix.SignalName(status.Signal())
	}
	return e
}
