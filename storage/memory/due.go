package memory

import (
	"container/heap"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// A dueQueue is a binary heap of the conversations with a due instant. Each
// knows its place in it.
type dueQueue []*conversation

// put brings the place of c in line with its due instant.
func (q *dueQueue) put(c *conversation) {
	switch {
	case c.head.Due.IsZero() && c.place >= 0:
		heap.Remove(q, c.place)
	case c.head.Due.IsZero():
	case c.place >= 0:
		heap.Fix(q, c.place)
	default:
		heap.Push(q, c)
	}
}

// list returns what is due by an instant, in order and after a given one. It
// walks the heap best first, so that its cost follows from what it passes over
// and returns, not from how many sleep.
func (q dueQueue) list(by time.Time, after storage.Due, limit int) []storage.Due {
	var found []storage.Due
	next := frontier{queue: q}
	next.reach(0)
	for len(next.places) > 0 && len(found) < limit {
		place := heap.Pop(&next).(int)
		d := q[place].due()
		if d.At.After(by) {
			break
		}
		if d.Compare(after) > 0 {
			found = append(found, d)
		}
		next.reach(2*place + 1)
		next.reach(2*place + 2)
	}
	return found
}

func (c *conversation) due() storage.Due { return storage.Due{At: c.head.Due, Key: c.key} }

// Len, Less, Swap, Push and Pop implement [heap.Interface].

func (q dueQueue) Len() int           { return len(q) }
func (q dueQueue) Less(i, j int) bool { return q[i].due().Compare(q[j].due()) < 0 }

func (q dueQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

func (q *dueQueue) Push(x any) {
	c := x.(*conversation)
	c.place = len(*q)
	*q = append(*q, c)
}

func (q *dueQueue) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	c.place = -1
	return c
}

// A frontier is a heap of places in a dueQueue that a walk has reached.
type frontier struct {
	queue  dueQueue
	places []int
}

func (f *frontier) reach(place int) {
	if place < len(f.queue) {
		heap.Push(f, place)
	}
}

func (f *frontier) Len() int           { return len(f.places) }
func (f *frontier) Less(i, j int) bool { return f.queue.Less(f.places[i], f.places[j]) }
func (f *frontier) Swap(i, j int)      { f.places[i], f.places[j] = f.places[j], f.places[i] }
func (f *frontier) Push(x any)         { f.places = append(f.places, x.(int)) }

func (f *frontier) Pop() any {
	last := len(f.places) - 1
	place := f.places[last]
	f.places = f.places[:last]
	return place
}
