package snooze_test

import (
	"errors"
	"testing"
	"time"

	"github.com/adjourn/adjourn/snooze"
)

func TestHoursCheck(t *testing.T) {
	t.Parallel()
	span := func(day time.Weekday, from, to int) snooze.Hours {
		return snooze.Hours{Zone: "Europe/Paris", Spans: []snooze.Span{{Day: time.Monday, From: 540, To: 1020}, {Day: day, From: from, To: to}}}
	}
	tests := []struct {
		name  string
		hours snooze.Hours
		errs  []error
		says  string
	}{
		{"office", span(time.Tuesday, 540, 1020), nil, ""},
		{"never works", snooze.Hours{Zone: "UTC"}, nil, ""},
		{"past midnight", span(time.Friday, 1320, 1800), nil, ""},
		{"a whole day", span(time.Saturday, 0, 1440), nil, ""},
		{"a whole day from the last minute", span(time.Saturday, 1439, 2879), nil, ""},
		{"overlapping", span(time.Monday, 600, 1200), nil, ""},
		{"most spans", snooze.Hours{Zone: "UTC", Spans: spans(snooze.MaxSpans)}, nil, ""},
		{"too many spans", snooze.Hours{Zone: "UTC", Spans: spans(snooze.MaxSpans + 1)}, []error{snooze.ErrHours}, "65 spans, at most 64"},
		{"zero value", snooze.Hours{}, []error{snooze.ErrHours, snooze.ErrZone}, `got ""`},
		{"local zone", snooze.Hours{Zone: "Local"}, []error{snooze.ErrHours, snooze.ErrZone}, `got "Local"`},
		{"no weekday", span(7, 540, 1020), []error{snooze.ErrHours}, "span 2: a day of 7"},
		{"negative weekday", span(-1, 540, 1020), []error{snooze.ErrHours}, "a day of -1"},
		{"negative from", span(0, -1, 1020), []error{snooze.ErrHours}, "a from of -1"},
		{"from on the next day", span(0, 1440, 1500), []error{snooze.ErrHours}, "a from of 1440"},
		{"no length", span(0, 540, 540), []error{snooze.ErrHours}, "a to of 540"},
		{"backwards", span(0, 1320, 360), []error{snooze.ErrHours}, "a to of 360, must be after from (1320)"},
		{"more than a day", span(0, 540, 1981), []error{snooze.ErrHours}, "a to of 1981"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.hours.Check()
			if tt.errs == nil && err != nil {
				t.Errorf("Check() = %v, want nil", err)
			}
			wantErrors(t, err, tt.errs, tt.says)

			got, suggestErr := snooze.Suggest(monday, true, &tt.hours)
			if (suggestErr == nil) != (err == nil) {
				t.Errorf("Suggest: %v, but Check: %v", suggestErr, err)
			}
			if suggestErr != nil && (got != snooze.Suggestion{} || !errors.Is(suggestErr, snooze.ErrHours)) {
				t.Errorf("Suggest = %v, %v, want no suggestion and %q", got, suggestErr, snooze.ErrHours)
			}
		})
	}
}

func spans(n int) []snooze.Span {
	all := make([]snooze.Span, n)
	for i := range all {
		all[i] = snooze.Span{Day: time.Monday, From: i, To: i + 1}
	}
	return all
}
