package closure_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
)

func TestMissing(t *testing.T) {
	t.Parallel()
	full := closure.Form{Sentiment: closure.Neutral, Notes: "n", Tags: []string{"billing"}, Tickets: []string{"T-1"}}
	without := func(change func(*closure.Form)) closure.Form {
		f := full
		change(&f)
		return f
	}
	catalogue := []string{"billing"}
	type fields = []closure.Field
	tests := []struct {
		name      string
		form      closure.Form
		demanded  fields
		outcome   closure.Outcome
		reason    closure.Reason
		catalogue []string
		want      fields
	}{
		{"nothing demanded of nothing", closure.Form{}, nil, closure.Unresolved, "", catalogue, nil},
		{"all of a full form", full, closure.Fields(), closure.Unresolved, closure.ReasonOther, catalogue, nil},
		{"all of an empty form", closure.Form{}, closure.Fields(), closure.Unresolved, "", catalogue, closure.Fields()},
		{"no reason of a resolved one", full, closure.Fields(), closure.Resolved, "", catalogue, nil},
		{"no tags of an empty catalogue", closure.Form{}, closure.Fields(), closure.Resolved, "", nil,
			fields{closure.FieldSentiment, closure.FieldNotes, closure.FieldTickets}},
		{"an empty catalogue that is not nil", closure.Form{}, fields{closure.FieldTags}, closure.Resolved, "", []string{}, nil},
		{"reason", full, closure.Fields(), closure.Unresolved, "", catalogue, fields{closure.FieldReason}},
		{"sentiment", without(func(f *closure.Form) { f.Sentiment = "" }), closure.Fields(), closure.Resolved, "", catalogue, fields{closure.FieldSentiment}},
		{"notes", without(func(f *closure.Form) { f.Notes = "" }), closure.Fields(), closure.Resolved, "", catalogue, fields{closure.FieldNotes}},
		{"notes of nothing but space", without(func(f *closure.Form) { f.Notes = " \n\t\u00a0" }), closure.Fields(), closure.Resolved, "", catalogue, fields{closure.FieldNotes}},
		{"tags", without(func(f *closure.Form) { f.Tags = []string{} }), closure.Fields(), closure.Resolved, "", catalogue, fields{closure.FieldTags}},
		{"tickets", without(func(f *closure.Form) { f.Tickets = nil }), closure.Fields(), closure.Resolved, "", catalogue, fields{closure.FieldTickets}},
		{"in the order demanded", closure.Form{}, fields{closure.FieldTickets, closure.FieldReason, closure.FieldNotes}, closure.Unresolved, "", catalogue,
			fields{closure.FieldTickets, closure.FieldReason, closure.FieldNotes}},
		{"what is not demanded is not missed", closure.Form{}, fields{closure.FieldNotes}, closure.Unresolved, "", catalogue, fields{closure.FieldNotes}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.form.Missing(tt.demanded, tt.outcome, tt.reason, tt.catalogue)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Missing (-want +got):\n%s", diff)
			}
		})
	}
}

// The form is in the journals of hosts.
func TestStoredForm(t *testing.T) {
	t.Parallel()
	tests := map[string]closure.Form{
		`{}`: {},
		`{"sentiment":"negative","notes":"n","tags":["a"],"tickets":["T-1"]}`: {
			Sentiment: closure.Negative, Notes: "n", Tags: []string{"a"}, Tickets: []string{"T-1"},
		},
	}
	for want, form := range tests {
		stored, err := json.Marshal(form)
		if err != nil || string(stored) != want {
			t.Errorf("stored as %s, %v, want %s", stored, err, want)
		}
		var back closure.Form
		if err := json.Unmarshal(stored, &back); err != nil || !cmp.Equal(form, back) {
			t.Errorf("read back as %+v, %v, want %+v", back, err, form)
		}
	}
}

func TestCompareTags(t *testing.T) {
	t.Parallel()
	want := []string{"", "App", "app", "APPLE", "Billing", "billing 2", "Zone", "Äpfel", "ÖL", "öl"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, closure.CompareTags)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sorted (-want +got):\n%s", diff)
	}
	for _, a := range want {
		for _, b := range want {
			if closure.CompareTags(a, b) != -closure.CompareTags(b, a) || (closure.CompareTags(a, b) == 0) != (a == b) {
				t.Errorf("%q and %q: %d and %d", a, b, closure.CompareTags(a, b), closure.CompareTags(b, a))
			}
		}
	}
}
