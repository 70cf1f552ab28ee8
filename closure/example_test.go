package closure_test

import (
	"errors"
	"fmt"

	"github.com/adjourn/adjourn/closure"
)

func ExampleCheck() {
	fmt.Println(closure.Check(closure.Unresolved, closure.ReasonMissingKnowledge))

	err := closure.Check(closure.Resolved, closure.ReasonVisitorLeft)
	fmt.Println(errors.Is(err, closure.ErrReason))
	fmt.Println(err)

	fmt.Println(closure.Check("Not resolved", ""))
	// Output:
	// <nil>
	// true
	// closure: the reason is for unresolved conversations and must be a known one: got "visitor_left" beside "resolved"
	// closure: the outcome must be resolved or unresolved: got "Not resolved"
}

// The words of a dialog are the host's; the codes are stored.
func ExampleOutcomes() {
	words := map[closure.Outcome]string{
		closure.Resolved:   "Resolved",
		closure.Unresolved: "Not resolved",
	}
	for _, outcome := range closure.Outcomes() {
		fmt.Println(words[outcome], "is stored as", outcome)
	}
	// Output:
	// Resolved is stored as resolved
	// Not resolved is stored as unresolved
}
