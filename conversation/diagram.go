package conversation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

//go:generate go run ../internal/diagram

// Mermaid returns the state diagram of the rule table, in the Mermaid notation
// that many viewers of Markdown draw. Rows that refuse, or that stay where they
// are, are left out.
func Mermaid() string {
	labels := map[[2]State][]string{}
	var arrows [][2]State
	for _, t := range Transitions() {
		if !t.Changes || t.From == t.To {
			continue
		}
		arrow := [2]State{t.From, t.To}
		if labels[arrow] == nil {
			arrows = append(arrows, arrow)
		}
		if label := t.label(); !slices.Contains(labels[arrow], label) {
			labels[arrow] = append(labels[arrow], label)
		}
	}
	order := append([]State{StateNone}, States()...)
	slices.SortFunc(arrows, func(a, b [2]State) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a[0]), slices.Index(order, b[0])),
			cmp.Compare(slices.Index(order, a[1]), slices.Index(order, b[1])),
		)
	})
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, a := range arrows {
		from := string(a[0])
		if a[0] == StateNone {
			from = "[*]"
		}
		fmt.Fprintf(&b, "    %s --> %s: %s\n", from, a[1], strings.Join(labels[a], ", "))
	}
	return b.String()
}

// label names what makes the transition: the command, or the deadline.
func (t Transition) label() string {
	switch {
	case t.Command != NameExpire:
		return strings.ReplaceAll(string(t.Command), "_", " ")
	case t.From == StateSnoozed:
		return "snooze over"
	}
	return "silence"
}

// Table returns the whole rule table in Markdown, one line a row and state.
func Table() string {
	var b strings.Builder
	b.WriteString("| state | command | who | when | then | refused if missed |\n|---|---|---|---|---|---|\n")
	for _, t := range Transitions() {
		from := t.From
		if from == StateNone {
			from = "(none)"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", from, t.Command, t.Who, t.When, t.then(), t.AsOf)
	}
	return b.String()
}

func (t Transition) then() string {
	switch {
	case t.Refused != nil:
		return "refused: " + t.Refused.Error()
	case !t.Changes:
		return "holds already"
	case t.From == t.To:
		return "recorded"
	}
	return "→ " + string(t.To)
}
