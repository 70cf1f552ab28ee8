package closure_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
)

// What keyboards and word processors write for the signs that phrases are told apart by.
func TestSignsOfEveryKeyboard(t *testing.T) {
	t.Parallel()
	tests := map[string][]closure.Mark{
		"no, thank you？": nil,
		"no, thank you؟": nil,

		// What is quoted is a word that is in no phrase.
		`No "error 5"`:                     nil,
		`it says "hello" and then "bye"`:   nil,
		`it says „hello“ and then ＂bye＂`:   nil,
		`it says «hello» and then "bye", `: nil,

		// A mark without another quotes nothing, and ends a word.
		`the 5" screen works, bye`: {leaves},
		`thanks"bye`:               {confirms, leaves},

		// Words go on with what no phrase has.
		"bye2":                nil,
		"bye\u0301":           nil,
		"ébye":                nil,
		"I said thanks, ébye": nil,
	}
	for _, apostrophe := range []string{"'", "’", "‘", "`", "´", "ʼ", "＇"} {
		tests["that"+apostrophe+"s all"] = []closure.Mark{confirms}
	}
	for _, quote := range []string{`"`, "“", "”", "„", "«", "»", "＂"} {
		tests["she said "+quote+"bye"+quote] = nil
	}
	for text, want := range tests {
		if diff := cmp.Diff(want, closure.DefaultPhrases().OfVisitor(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}
