//go:build linux

package crash_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// privateVariable says that the test has mounts of its own, which nobody else
// sees and which end with its last process, however that ends.
const privateVariable = "CRASH_PRIVATE_MOUNTS"

// withPrivateMounts runs the test once more as a process with mounts of its own,
// and reports how that went. In that process it returns true.
func withPrivateMounts(t *testing.T) bool {
	t.Helper()
	if os.Getenv(privateVariable) != "" {
		return true
	}
	runtime.LockOSThread() // the process dies with the thread that started it
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v",
		"-test.short="+strconv.FormatBool(testing.Short()))
	cmd.Env = append(os.Environ(), privateVariable+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		t.Skipf("NOT TESTED without power: mounts of its own need root: %v", err)
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	case bytes.Contains(out, []byte("--- SKIP")):
		t.Skip(lines(out))
	default:
		t.Log(lines(out))
	}
	return false
}

// lines are what a test logged, without what the tool says around it.
func lines(out []byte) string {
	var all []string
	for line := range strings.Lines(string(out)) {
		_, said, ok := strings.Cut(line, "_test.go:")
		if _, said, ok2 := strings.Cut(said, ": "); ok && ok2 {
			all = append(all, strings.TrimSpace(said))
		}
	}
	return strings.Join(all, "\n")
}

// A disk is an ext4 file system in a file, which can lose its power.
type disk struct {
	*testing.T
	image string
	dir   string // where it is mounted
}

// newDisk makes a disk, or skips the test.
func newDisk(t *testing.T) *disk {
	t.Helper()
	for _, tool := range []string{"mkfs.ext4", "mount", "umount"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("NOT TESTED without power: %v", err)
		}
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	check(t, err)
	d := &disk{T: t, image: filepath.Join(dir, "image"), dir: filepath.Join(dir, "disk")}
	check(t, os.Mkdir(d.dir, 0o700))
	check(t, os.WriteFile(d.image, nil, 0o600))
	check(t, os.Truncate(d.image, 64<<20))
	check(t, command("mkfs.ext4", "-q", "-F", d.image))
	if err := d.mount(); err != nil {
		t.Skipf("NOT TESTED without power: no loop device could be mounted: %v", err)
	}
	t.Cleanup(func() { _ = command("umount", "--lazy", d.dir) })
	return d
}

func command(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, bytes.TrimSpace(out))
	}
	return nil
}

func (d *disk) mount() error { return command("mount", "-o", "loop", d.image, d.dir) }

// cut takes the power away: nothing that was not flushed will reach the disk.
func (d *disk) cut() {
	d.Helper()
	const shutdown = 2<<30 | 4<<16 | 'X'<<8 | 125 // EXT4_IOC_SHUTDOWN: _IOR('X', 125, __u32)
	how := uint32(2)                              // EXT4_GOING_FLAGS_NOLOGFLUSH
	f, err := os.Open(d.dir)
	check(d, err)
	defer f.Close()
	d.mustBeOwn(f)
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), shutdown, uintptr(unsafe.Pointer(&how)))
	if errno != 0 {
		d.Fatalf("EXT4_IOC_SHUTDOWN: %v", errno)
	}
}

// mustBeOwn ends the test unless the open directory is on the loop device of the
// image: no other file system may ever be shut down.
func (d *disk) mustBeOwn(f *os.File) {
	d.Helper()
	var s syscall.Stat_t
	check(d, syscall.Fstat(int(f.Fd()), &s))
	const loop = 7
	major, minor := s.Dev>>8&0xfff, s.Dev&0xff|s.Dev>>12&0xfff00
	if major != loop {
		d.Fatalf("%s is on device %d:%d, which is no loop device", d.dir, major, minor)
	}
	file, err := os.ReadFile(fmt.Sprintf("/sys/dev/block/%d:%d/loop/backing_file", major, minor))
	check(d, err)
	if got := strings.TrimSpace(string(file)); got != d.image {
		d.Fatalf("%s is on a loop device of %s, want %s", d.dir, got, d.image)
	}
}

// restore gives the power back.
func (d *disk) restore() {
	d.Helper()
	check(d, command("umount", d.dir))
	check(d, d.mount())
}
