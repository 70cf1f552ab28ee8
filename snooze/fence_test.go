package snooze_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/snooze"
)

// TestWhatLiesBesideTheZones puts files into a zone database. Those that are named as zones are zones; the others are
// not, though time.LoadLocation would take them.
func TestWhatLiesBesideTheZones(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Z", 64)
	zones := []string{"A", "Z", "AZ/Zaz", "Etc/Zone09", "With_under-and+plus", long}
	others := []string{
		"a", "aA", "0A", "_A", "@A", "[A", "Etc/b", "Etc/0", long + "Z",
		"A b", "A@", "A[", "A`", "A{", "A:", "A.", "A,", "A!", "Aä",
	}
	if os.Getenv("ZONEINFO") == "" { // the zone database is chosen once in a process
		dir := t.TempDir()
		utc := []byte("TZif" + strings.Repeat("\x00", 16+4*4+3) + "\x01" + "\x00\x00\x00\x04" + "\x00\x00\x00\x00\x00\x00" + "UTC\x00")
		for _, name := range append(zones, others...) {
			file := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, utc, 0o600); err != nil && !errors.Is(err, os.ErrExist) {
				t.Fatal(err)
			}
		}
		again := exec.Command(os.Args[0], "-test.run=^TestWhatLiesBesideTheZones$")
		again.Env = append(os.Environ(), "ZONEINFO="+dir)
		if out, err := again.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	for _, zone := range zones {
		if _, err := snooze.Tomorrow(monday, zone, 9, 0); err != nil {
			t.Errorf("Tomorrow(%q): %v", zone, err)
		}
	}
	for _, zone := range others {
		if _, err := time.LoadLocation(zone); err != nil {
			t.Errorf("LoadLocation(%q): %v, so that nothing is tested", zone, err)
		}
		if _, err := snooze.Tomorrow(monday, zone, 9, 0); !errors.Is(err, snooze.ErrZone) {
			t.Errorf("Tomorrow(%q): %v, want %q", zone, err, snooze.ErrZone)
		}
	}
}
