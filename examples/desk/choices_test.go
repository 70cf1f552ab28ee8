package main

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
)

// Tags are in the order of the alphabet, whatever their case; without any there is
// no field.
func TestTagsOfTheDialog(t *testing.T) {
	t.Parallel()
	a := openDesk(t, func(p *conversation.Policies) { p.Tags = []string{"zoo", "Apple", "banana_split", "<b>"} })
	ann := agentUser(t, a, "ann")
	opens(t, a, "c1", "Vic", "Hello?")
	ann.Does("c1", "close-form", url.Values{"outcome": {"resolved"}, "tag": {"zoo"}})
	setPolicies(t, a, func(p *conversation.Policies) { p.Tags = []string{"banana_split", "Apple", "<b>"} })
	at := -1
	for _, tag := range []string{"&lt;b&gt;", "Apple", "banana_split", "zoo"} {
		was := at
		if at = strings.Index(ann.Sees("c1").body, `value="`+tag+`"`); at <= was {
			t.Errorf("the tag %s is at %d, behind %d", tag, at, was)
		}
	}
	if got := ann.Sees("c1").forms["reclassify-form"].values["tag"]; !slices.Equal(got, []string{"zoo"}) {
		t.Errorf("ticked are %q, want the tag that has left the catalogue", got)
	}
	ann.Does("c1", "reclassify-form", url.Values{"tag": nil})
	setPolicies(t, a, func(p *conversation.Policies) { p.Tags = nil })
	if page := ann.Sees("c1"); strings.Contains(page.body, `name="tag"`) || strings.Contains(page.body, "<legend>Tags") {
		t.Error("there is a field for tags without any")
	}
}

func TestTickets(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                          nil,
		" \n,, \n":                  nil,
		"1,2\n 3 , T-4":             {"1", "2", "3", "T-4"},
		"https://x.example/a,b":     {"https://x.example/a,b"},
		"T-1, https://x.example/?,": {"T-1", "https://x.example/?,"},
	} {
		if diff := cmp.Diff(want, tickets(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}
