// Package tail keeps what processes said last, for the report of a test that
// started them. It never says which process said it.
package tail

import "sync"

// most is how many bytes are kept.
const most = 16 << 10

// A Tail keeps the last 16 KiB of what is written to it. The zero value is empty,
// and may be used by several goroutines.
type Tail struct {
	mu   sync.Mutex // guards text
	text []byte
}

// Write implements io.Writer. It never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-most):]
	return len(p), nil
}

// String returns what was kept.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
