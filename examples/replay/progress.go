package main

import (
	"fmt"
	"io"
	"time"
)

// A progress says how far a long replay has come, once a second.
type progress struct {
	out   io.Writer
	total int64 // bytes or messages; zero: unknown
	began time.Time
	next  time.Time
}

func newProgress(out io.Writer, total int64) *progress {
	now := time.Now()
	return &progress{out: out, total: total, began: now, next: now.Add(time.Second)}
}

// update is told how much of the total is done, and how many conversations.
func (p *progress) update(done int64, conversations int) {
	now := time.Now()
	if now.Before(p.next) {
		return
	}
	p.next = now.Add(time.Second)
	share := fmt.Sprintf("%d bytes", done)
	if p.total > 0 {
		share = fmt.Sprintf("%3d %%", 100*done/p.total)
	}
	fmt.Fprintf(p.out, "replay: %s, %d conversations, %.0f a second\n",
		share, conversations, float64(conversations)/now.Sub(p.began).Seconds())
}
