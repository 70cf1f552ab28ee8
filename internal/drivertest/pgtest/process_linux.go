package pgtest

import "syscall"

// attributes make a process die with the test binary, also when that is killed.
func attributes(owner *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: owner, Pdeathsig: syscall.SIGQUIT}
}
