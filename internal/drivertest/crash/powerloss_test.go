//go:build linux

package crash_test

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/adjourn/adjourn/internal/proof"
)

// TestSQLitePowerLoss takes the power away from a process that writes, again and
// again: what was not flushed to the disk is gone.
func TestSQLitePowerLoss(t *testing.T) {
	t.Parallel()
	if !withPrivateMounts(t) {
		return
	}
	const each = 5 // rounds on a file
	r, seed := newRand(t)
	rounds := max(proof.Size(t, 20), each) // in one alone, on a busy machine, nothing may have been acknowledged
	d := newDisk(t)
	s := sqliteSuite{T: t, rand: r, longest: 200 * time.Millisecond, next: spawn(t)}
	var f *sqliteFile
	for i := range rounds {
		if i%each == 0 {
			f = s.newFile(d.dir, i/each)
		}
		s.losePower(d, f)
		s.look(f)
		if i%each == each-1 {
			s.lookBack(f)
		}
		if t.Failed() {
			t.Fatalf("in round %d, of file %d", i%each, i/each)
		}
	}
	proof.Count(t, s.figure("sqlite power loss", "losses of power", rounds, seed))
}

// losePower ends the worker first: it may be in the kernel, waiting for the disk,
// but will never come back to say so. A kernel that shuts a disk down under a
// flush may say that it was flushed.
func (s *sqliteSuite) losePower(d *disk, f *sqliteFile) {
	s.Helper()
	s.strike(f, func(p *process) {
		p.signal(syscall.SIGKILL)
		d.cut()
		p.kill()
	})
	d.restore()
}

// TestSQLitePowerLossControl is the positive control: with a driver that takes
// synchronous=FULL for something less, acknowledged commands are lost.
func TestSQLitePowerLossControl(t *testing.T) {
	t.Parallel()
	if !withPrivateMounts(t) {
		return
	}
	const most = 10
	r, seed := newRand(t)
	for _, level := range []string{"OFF", "NORMAL"} {
		d := newDisk(t)
		s := sqliteSuite{T: t, rand: r, longest: 200 * time.Millisecond, next: spawn(t)}
		for i := 0; len(s.verdict.lost) == 0; i++ {
			if i == most {
				t.Fatalf("with synchronous=%s nothing was lost in %d rounds: the suite is blind", level, most)
			}
			f := &sqliteFile{database: database{carelessDriver + level, filepath.Join(d.dir, fmt.Sprint(i, ".db"))}}
			s.losePower(d, f)
			v, _, err := f.audit(s.Context(), 0, f.ledgers...)
			if err != nil {
				t.Logf("the file cannot be used any more: %v", err)
				continue
			}
			s.verdict.add(v)
		}
		proof.Planted(t, "sqlite power loss", "synchronous="+level, len(s.verdict.lost) > 0)
		t.Logf("synchronous=%s loses %d of %d acknowledged, seed %d", level, len(s.verdict.lost), s.verdict.acknowledged, seed)
	}
}
