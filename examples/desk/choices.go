package main

import (
	"slices"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/lifecycle"
)

// A choice is something to choose in a form.
type choice struct {
	Value  string
	Says   string
	Chosen bool
}

func choices[T ~string](values []T, says func(T) string, chosen ...string) []choice {
	var all []choice
	for _, value := range values {
		all = append(all, choice{string(value), says(value), slices.Contains(chosen, string(value))})
	}
	return all
}

func outcomeSays(o closure.Outcome) string {
	if o == closure.Resolved {
		return "Resolved"
	}
	return "Not resolved"
}

func reasonSays(r closure.Reason) string       { return reasonTexts["reason."+string(r)] }
func sentimentSays(s closure.Sentiment) string { return words(s) }
func itself(s string) string                   { return s }

var reasonTexts = lifecycle.DefaultTexts()
