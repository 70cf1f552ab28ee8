package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/internal/proof"
)

const opening = `{"id":"c","workspace":"w","messages":[{"at":"2026-03-02T09:00:00Z","from":"visitor","author":"v","chars":3}]}`

func TestBadInput(t *testing.T) {
	t.Parallel()
	message := func(old, replacement string) string { return strings.Replace(opening, old, replacement, 1) }
	tests := []struct{ name, line, says string }{
		{"no JSON", "hello", "invalid JSON at byte 1"},
		{"cut off", opening[:60], "invalid JSON at byte 60"},
		{"two on a line", opening + opening, "invalid JSON at byte 110: invalid character '{' after top-level value"},
		{"too deep", strings.Repeat("[", 20_000), "exceeded max depth"},
		{"an array", "[" + opening + "]", "must be an object, is array"},
		{"null", "null", "the conversation has no id"},
		{"no ID", message(`"id":"c"`, `"id":""`), "the conversation has no id"},
		{"a number as ID", message(`"c"`, `7`), "field id (byte 7): must be a string, is number"},
		{"no workspace", message(`"w"`, `""`), `conversation "c" has no workspace`},
		{"no messages", `{"id":"c","workspace":"w","messages":[]}`, `conversation "c" has no messages`},
		{"messages of another kind", `{"id":"c","workspace":"w","messages":{}}`, "field messages (byte 38): must be an array, is object"},
		{"a message of another kind", `{"id":"c","workspace":"w","messages":["hi"]}`, "field messages (byte 42): must be an object, is string"},
		{"unknown from", message(`"visitor"`, `"bot"`), `message 1: from is "bot", must be visitor or agent`},
		{"no from", message(`"from":"visitor",`, ``), `message 1: from is "", must be visitor or agent`},
		{"no author", message(`"author":"v",`, ``), "message 1: it has no author"},
		{"no time", message(`"at":"2026-03-02T09:00:00Z",`, ``), "message 1: it has no time"},
		{"a time in words", message("2026-03-02T09:00:00Z", "yesterday"), `message 1: at is "yesterday", must be a time as in`},
		{"a time without zone", message("00Z", "00"), "must be a time as in"},
		{"no such day", message("03-02", "02-30"), "must be a time as in"},
		{"a leap second", message("09:00:00", "23:59:60"), "must be a time as in"},
		{"the zero time", message("2026-03-02T09", "0001-01-01T00"), "must be within the years 1000 and 9000"},
		{"the last year", message("2026", "9999"), "must be within the years"},
		{"negative characters", message(":3}", ":-3}"), "message 1: chars is -3, must not be negative"},
		{"half a character", message(":3}", ":0.5}"), "field messages.chars (byte 108): must be a whole number that is not too large, is number 0.5"},
		{"characters beyond all bounds", message(":3}", ":1e99}"), "must be a whole number that is not too large"},
		{"characters in words", message(":3}", `:"3"}`), "must be a whole number that is not too large, is string"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			input := "\n" + opening + "\n" + tt.line + "\n"
			stdout, stderr, status := program(t, input, "-")
			if want := "replay: standard input: line 3: "; status != 2 || stdout != "" || !strings.HasPrefix(stderr, want) || !strings.Contains(stderr, tt.says) {
				t.Errorf("ended with %d, %q and %q, want 2 and %q … %q", status, stdout, stderr, want, tt.says)
			}
			stdout, stderr, status = program(t, input, "-skip-bad", "-")
			if status != 0 || !strings.Contains(stdout, "lines skipped              1\n") || !strings.Contains(stderr, "skipped: standard input: line 3: ") {
				t.Errorf("-skip-bad ended with %d and %q:\n%s", status, stderr, stdout)
			}
		})
	}
}

func TestManyBadLines(t *testing.T) {
	t.Parallel()
	_, stderr, status := program(t, strings.Repeat("{\n", 1000), "-skip-bad", "-")
	if lines := strings.Count(stderr, "\n"); status != 0 || lines != maxShown+2 {
		t.Errorf("ended with %d and %d lines on stderr, want 0 and %d", status, lines, maxShown+2)
	}
}

// Files that are odd, but of the form.
func TestOddInput(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		lines []string
		says  []string // in the table
	}{
		{"empty", nil, []string{"conversations in the file  0"}},
		{"blank lines", []string{"", " \t", "\r"}, []string{"conversations in the file  0"}},
		{"BOM, CR LF", []string{"\ufeff" + opening + "\r", "\r"}, []string{"messages                   1 "}},
		{"no messages but an agent's", []string{line("c", "0 agent a 5", "90000 agent b 5", "90001 agent a 5")},
			[]string{"(0 by visitors, 3 by agents)", "transfers               1", "1 by the timer", "0 by the visitor, 1 by an agent"}},
		{"an agent begins", []string{line("c", "0 agent a 5", "60 visitor v 5")}, []string{"taken by an agent       1"}},
		{"one message", []string{line("c", "0 visitor v 5")}, []string{"queue_timeout, unresolved  1"}},
		{"the same ID on both sides", []string{line("c", "0 visitor x 1", "1 agent x 1", "2 visitor x 1")}, []string{"(2 by visitors, 1 by agents)"}},
		{"equal times", []string{line("c", "0 visitor v 1", "0 agent a 1", "0 agent b 1", "0 visitor v 1")}, []string{"transfers               1"}},
		{"unsorted", []string{line("c", "9 agent a 1", "0 visitor v 1", "5 visitor v 1")}, []string{"taken by an agent       1", "00:00:09"}},
		{"gaps of years", []string{line("c", "0 visitor v 1", "99999999 agent a 1", "999999999 visitor v 1", "4000000000 agent a 1")}, []string{"2 by an agent", "(1 successors)"}},
		{"far apart", []string{at("c", "2100-12-31T23:59:59Z"), at("d", "1970-01-01T00:00:00Z"), at("e", "1000-01-01T00:00:00Z"), at("f", "9000-12-31T00:00:00Z")},
			[]string{"conversations in the file  4"}},
		{"zones and fractions", []string{at("c", "2026-03-02T09:00:00.123456789+14:00"), at("d", "2026-03-02T09:00:00.5-11:30")}, []string{"conversations in the file  2"}},
		{"no characters", []string{line("c", "0 visitor v 0", "1 agent a 0")}, []string{"messages                   2 "}},
		{"many characters", []string{line("c", "0 visitor v 65536", "1 agent a 65537", "2 agent a 999999999999999999")}, []string{"messages cut               2  (to 65536 bytes)"}},
		{"an unknown field", []string{strings.Replace(opening, "{", `{"mood":"good",`, 1)}, []string{"messages                   1 "}},
		{"IDs of another form", []string{line("žluťoučký kůň", "0 visitor ви/зитор 5"), line(strings.Repeat("x", 200), "0 visitor v 5")}, []string{"IDs replaced               3 "}},
		{"IDs that come again", []string{line("c", "0 visitor v 5"), line("c", "7 visitor v 5"), line("c:2", "9 agent a 5")}, []string{"IDs made distinct          2 ", "conversations in the file  3"}},
		{"several visitors", []string{line("c", "0 visitor v 5", "1 visitor w 5", "2 agent w 5")}, []string{"messages of other visitors  1 "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			alone, stderr, status := program(t, strings.Join(tt.lines, "\n"), "-")
			if status != 0 {
				t.Fatalf("ended with %d: %s", status, stderr)
			}
			for _, says := range tt.says {
				if !strings.Contains(squeeze(alone), squeeze(says)) {
					t.Errorf("want %q in\n%s", says, alone)
				}
			}
			if together, stderr, _ := program(t, strings.Join(tt.lines, "\n"), "-together", "-"); together != alone {
				t.Errorf("-together: %s%s\nwant\n%s", stderr, together, alone)
			}
		})
	}
}

// A visitor's article is linked by the host: visitors cannot.
func TestArticleOfVisitor(t *testing.T) {
	t.Parallel()
	input := strings.Replace(opening, `:3}`, `:3,"article":"q"}`, 1)
	stdout, stderr, status := program(t, input, "-timeline", "c", "-")
	if status != 0 || !strings.Contains(stdout, "system linked the article q") {
		t.Errorf("ended with %d and %s:\n%s", status, stderr, stdout)
	}
}

// The library takes 20,000 events; what comes after them goes on elsewhere.
func TestFullHistory(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	var messages []string
	for i := range 6_800 { // 3 events each, with the receipt
		messages = append(messages, fmt.Sprint(2*i, " visitor v 1"), fmt.Sprint(2*i+1, " agent a 1"))
	}
	stdout, stderr, status := program(t, line("c", messages...), "-")
	if status != 0 || !strings.Contains(stdout, "(1 successors)") || !strings.Contains(stdout, "merged, unresolved") {
		t.Errorf("ended with %d and %s:\n%s", status, stderr, stdout)
	}
}

// line returns a line of a file. Each message is its second, from, author and
// chars.
func line(id string, messages ...string) string {
	var all []string
	for _, m := range messages {
		var second, chars int
		var from, author string
		if _, err := fmt.Sscan(m, &second, &from, &author, &chars); err != nil {
			panic(err)
		}
		all = append(all, fmt.Sprintf(`{"at":%q,"from":%q,"author":%q,"chars":%d}`,
			morning.Add(seconds(second)).Format(stampForm), from, author, chars))
	}
	return fmt.Sprintf(`{"id":%q,"workspace":"w","messages":[%s]}`, id, strings.Join(all, ","))
}

func at(id, when string) string {
	return strings.Replace(line(id, "0 visitor v 3"), morning.Format(stampForm), when, 1)
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }
