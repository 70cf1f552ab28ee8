// Package sample has one of each thing that can be changed.
package sample

import "strings"

type kind uint8

const (
	small kind = 1 << iota
	large
	most = 3
)

type box struct {
	kind kind
	size int
	name string
}

var boxes = []box{
	{small, 1, "pill"},
	{small | large, 5, "crate"},
}

// Of returns the names of boxes that fit.
func Of(size int, of ...string) (names []string, all bool) {
	all = true
	for _, b := range boxes {
		if b.size > size || b.kind&large != 0 && size > most {
			all = false
			continue
		}
		names = append(names, strings.TrimSpace(b.name))
	}
	return append(names, of...), all
}

// Grade tells sizes apart.
func Grade(size int) string {
	switch {
	case size <= 0:
		return "none"
	case size/2 > 1:
		return "big"
	}
	return "small"
}

// Forgotten is what no test comes by.
func Forgotten(n int) int { return -n }

// Forever ends with its argument.
func Forever(n int) int {
	found := 0
	for n > 0 {
		n--
		found += 2
	}
	return found
}
