package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"golang.org/x/text/language"
)

func Example() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// default  aachen, Antwerpen, Oslo, Zürich, Ängelholm, Ånge, Örebro
	// German   aachen, Ånge, Ängelholm, Antwerpen, Örebro, Oslo, Zürich
	// Swedish  aachen, Antwerpen, Oslo, Zürich, Ånge, Ängelholm, Örebro
}

// A Desk compares for many at once.
func TestTagOrderIsSafe(t *testing.T) {
	t.Parallel()
	order := tagOrder(language.Swedish)
	want := []string{"anders", "Ofen", "Zoll", "Ändern", "Öl"}
	var sorting sync.WaitGroup
	for range 8 {
		sorting.Go(func() {
			for range 100 {
				tags := []string{"Öl", "Zoll", "Ändern", "Ofen", "anders"}
				slices.SortFunc(tags, order)
				if !slices.Equal(tags, want) {
					t.Errorf("sorted %q, want %q", tags, want)
				}
			}
		})
	}
	sorting.Wait()
}
