// Collation shows the tags of a catalogue in the order of the agents' language.
// Å and Ä are kinds of A to Germans, and letters behind Z to Swedes, Å first;
// without a language they are bytes behind Z, Ä first.
//
//	go run ./examples/collation
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"sync"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage/memory"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, stdout io.Writer) error {
	orders := []struct {
		name  string
		order func(a, b string) int
	}{
		{"default", nil},
		{"German", tagOrder(language.German)},
		{"Swedish", tagOrder(language.Swedish)},
	}
	for _, o := range orders {
		desk, err := lifecycle.New(memory.New(), &lifecycle.Options{TagOrder: o.order})
		if err != nil {
			return err
		}
		catalogue := conversation.Policies{Tags: []string{"Örebro", "Zürich", "aachen", "Ängelholm", "Oslo", "Ånge", "Antwerpen"}}
		if _, err := desk.SetPolicies(ctx, "acme", catalogue, 0); err != nil {
			return err
		}
		tags, err := desk.Tags(ctx, "acme")
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%-8s %s\n", o.name, strings.Join(tags, ", "))
	}
	return nil
}

// tagOrder returns the order of a language. A Collator is for one goroutine, and
// a Desk is asked by many: each comparison borrows one.
func tagOrder(of language.Tag) func(a, b string) int {
	collators := sync.Pool{New: func() any { return collate.New(of, collate.IgnoreCase) }}
	return func(a, b string) int {
		c := collators.Get().(*collate.Collator)
		defer collators.Put(c)
		return c.CompareString(a, b)
	}
}
