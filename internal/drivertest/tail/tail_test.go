package tail_test

import (
	"strings"
	"testing"

	"github.com/adjourn/adjourn/internal/drivertest/tail"
)

func TestTheEndIsKept(t *testing.T) {
	var said tail.Tail
	for range 3 {
		if n, err := said.Write([]byte(strings.Repeat("a", 10_000))); n != 10_000 || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
	}
	if _, err := said.Write([]byte("the end")); err != nil {
		t.Fatal(err)
	}
	if got := said.String(); len(got) != 16<<10 || !strings.HasSuffix(got, "athe end") {
		t.Errorf("%d bytes are kept, and end in %q", len(got), got[len(got)-10:])
	}
}
