package closure

import (
	"cmp"
	"strings"
)

// A Sentiment is how the customer felt, as the agent saw it. The zero value is
// not given.
type Sentiment string

// The sentiments. The values are stored: never change one.
const (
	Positive Sentiment = "positive"
	Neutral  Sentiment = "neutral"
	Negative Sentiment = "negative"
)

// Sentiments returns every sentiment, in the order a dialog would list them.
func Sentiments() []Sentiment { return []Sentiment{Positive, Neutral, Negative} }

// A Form is the wrap-up of a closing, as an agent fills it in. Every field is
// optional, unless the host demands it: see [Form.Missing].
type Form struct {
	Sentiment Sentiment `json:"sentiment,omitempty"`

	// Notes are for the next engagement with the customer. Only agents see them,
	// and they are erased with the customer's other texts. Tags and tickets are not.
	Notes string `json:"notes,omitempty"`

	Tags    []string `json:"tags,omitempty"`    // of the host's catalogue
	Tickets []string `json:"tickets,omitempty"` // numbers of tickets and links to them, and nothing personal
}

// A Field is a part of a closing that a host may demand of people.
type Field string

// The fields. The values are stored in policies: never change one.
const (
	FieldReason    Field = "reason" // of unresolved closings
	FieldSentiment Field = "sentiment"
	FieldNotes     Field = "notes"
	FieldTags      Field = "tags"
	FieldTickets   Field = "tickets"
)

// Fields returns every field, in the order a dialog would show them.
func Fields() []Field {
	return []Field{FieldReason, FieldSentiment, FieldNotes, FieldTags, FieldTickets}
}

// Missing returns those of the demanded fields that a closing leaves empty, in
// the order demanded. A reason is demanded of unresolved closings only, and tags
// only where the catalogue has any: nobody could give what there is not.
func (f Form) Missing(demanded []Field, outcome Outcome, reason Reason, catalogue []string) []Field {
	given := func(field Field) bool {
		switch field {
		case FieldReason:
			return reason != "" || outcome != Unresolved
		case FieldSentiment:
			return f.Sentiment != ""
		case FieldNotes:
			return strings.TrimSpace(f.Notes) != ""
		case FieldTags:
			return len(f.Tags) > 0 || len(catalogue) == 0
		case FieldTickets:
			return len(f.Tickets) > 0
		}
		return false
	}
	var missing []Field
	for _, field := range demanded {
		if !given(field) {
			missing = append(missing, field)
		}
	}
	return missing
}

// CompareTags orders tags as a list shows them where the host names no better
// order: without regard to case, and those that differ in nothing else byte by
// byte.
func CompareTags(a, b string) int {
	return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
}
