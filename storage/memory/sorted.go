package memory

import (
	"iter"
	"slices"
	"sort"
)

// chunkSize is the most values that a chunk of a sorted set holds: few enough to
// move, enough to keep the list of chunks short.
const chunkSize = 256

// A sorted is an ordered set, kept in ordered chunks of which none is empty. Two
// neighbours that are less than half full together become one.
type sorted[T any] struct {
	compare func(a, b T) int
	chunks  [][]T
}

// find returns where v is, or where it would go.
func (s *sorted[T]) find(v T) (chunk, place int, found bool) {
	chunk = sort.Search(len(s.chunks), func(i int) bool {
		c := s.chunks[i]
		return s.compare(c[len(c)-1], v) >= 0
	})
	if chunk == len(s.chunks) {
		return chunk, 0, false
	}
	place, found = slices.BinarySearchFunc(s.chunks[chunk], v, s.compare)
	return chunk, place, found
}

// insert adds v, which may be in the set already.
func (s *sorted[T]) insert(v T) {
	i, place, found := s.find(v)
	if found {
		return
	}
	if i == len(s.chunks) { // behind everything, as nearly always: chunks fill up
		if i == 0 || len(s.chunks[i-1]) == chunkSize {
			s.chunks = append(s.chunks, []T{v})
			return
		}
		i--
		place = len(s.chunks[i])
	}
	if len(s.chunks[i]) == chunkSize {
		s.split(i)
		if half := len(s.chunks[i]); place > half {
			i, place = i+1, place-half
		}
	}
	s.chunks[i] = slices.Insert(s.chunks[i], place, v)
}

// split makes two chunks of one.
func (s *sorted[T]) split(i int) {
	c := s.chunks[i]
	half := len(c) / 2
	s.chunks = slices.Insert(s.chunks, i+1, slices.Clone(c[half:]))
	clear(c[half:])
	s.chunks[i] = c[:half]
}

// remove takes v away, which need not be in the set.
func (s *sorted[T]) remove(v T) {
	i, place, found := s.find(v)
	if !found {
		return
	}
	s.chunks[i] = slices.Delete(s.chunks[i], place, place+1)
	switch left := len(s.chunks[i]); {
	case left == 0:
		s.chunks = slices.Delete(s.chunks, i, i+1)
	case i > 0 && len(s.chunks[i-1])+left < chunkSize/2:
		s.join(i - 1)
	case i+1 < len(s.chunks) && left+len(s.chunks[i+1]) < chunkSize/2:
		s.join(i)
	}
}

// join makes one chunk of two.
func (s *sorted[T]) join(i int) {
	s.chunks[i] = append(s.chunks[i], s.chunks[i+1]...)
	s.chunks = slices.Delete(s.chunks, i+1, i+2)
}

// after yields the values behind v, in order.
func (s *sorted[T]) after(v T) iter.Seq[T] {
	return func(yield func(T) bool) {
		i, place, found := s.find(v)
		if found {
			place++
		}
		for ; i < len(s.chunks); i, place = i+1, 0 {
			for _, next := range s.chunks[i][place:] {
				if !yield(next) {
					return
				}
			}
		}
	}
}

// before yields the values in front of v, from the last to the first.
func (s *sorted[T]) before(v T) iter.Seq[T] {
	return func(yield func(T) bool) {
		i, place, _ := s.find(v)
		s.back(i, place, yield)
	}
}

// backward yields all values, from the last to the first.
func (s *sorted[T]) backward() iter.Seq[T] {
	return func(yield func(T) bool) { s.back(len(s.chunks), 0, yield) }
}

func (s *sorted[T]) back(chunk, place int, yield func(T) bool) {
	for {
		for ; place > 0; place-- {
			if !yield(s.chunks[chunk][place-1]) {
				return
			}
		}
		if chunk == 0 {
			return
		}
		chunk--
		place = len(s.chunks[chunk])
	}
}
