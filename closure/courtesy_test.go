package closure_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// A beat is what happens in a conversation, and how long after what came before.
type beat struct {
	name  string
	after time.Duration
	do    func(closure.Courtesy, time.Time) closure.Courtesy
}

func agentSays(marks ...closure.Mark) beat {
	return beat{fmt.Sprint("agent ", marks), time.Second, func(c closure.Courtesy, at time.Time) closure.Courtesy { return c.AgentSaid(at, marks) }}
}

func visitorSays(marks ...closure.Mark) beat {
	return beat{fmt.Sprint("visitor ", marks), time.Second, func(c closure.Courtesy, at time.Time) closure.Courtesy { return c.VisitorSaid(at, marks) }}
}

func silence(d time.Duration) beat {
	return beat{fmt.Sprint("silence of ", d), d, func(c closure.Courtesy, _ time.Time) closure.Courtesy { return c }}
}

var (
	typing   = beat{"typing", time.Second, closure.Courtesy.VisitorTyped}
	followUp = beat{"follow-up", time.Second, closure.Courtesy.FollowedUp}
	botSays  = beat{"bot", time.Second, func(c closure.Courtesy, _ time.Time) closure.Courtesy { return c.BotSaid() }}
)

// play returns the courtesy after the beats, and when that is.
func play(beats []beat) (c closure.Courtesy, now time.Time) {
	now = noon
	for _, b := range beats {
		now = now.Add(b.after)
		c = b.do(c, now)
	}
	return c, now
}

const patience = 2 * time.Minute

func graded(beats []beat) closure.Grade {
	c, now := play(beats)
	return c.Grade(now, patience)
}

func TestCourtesy(t *testing.T) {
	t.Parallel()
	const (
		confirmed  = closure.Confirmed
		checkedIn  = closure.CheckedIn
		unanswered = closure.Unanswered
		abrupt     = closure.Abrupt
	)
	wait := func(d time.Duration) closure.Advice {
		return closure.Advice{Grade: abrupt, Next: closure.StepWait, Wait: d}
	}
	answer := closure.Advice{Grade: unanswered, Next: closure.StepAnswer}
	ask := closure.Advice{Grade: abrupt, Next: closure.StepCheckIn, Phrase: closure.DefaultCheckIn}
	goodbye := closure.Advice{Grade: abrupt, Next: closure.StepFarewell, Phrase: closure.DefaultFarewell}
	none := func(g closure.Grade) closure.Advice { return closure.Advice{Grade: g} }

	said, asked, bye, both := agentSays(), agentSays(asks), agentSays(leaves), agentSays(asks, leaves)
	wrote, agreed, left := visitorSays(), visitorSays(confirms), visitorSays(leaves)
	tests := []struct {
		name  string
		beats []beat
		want  closure.Advice // nothing to do next if the grade is courteous
	}{
		{"nobody wrote", nil, ask},
		{"the agent alone", []beat{said}, ask},
		{"the visitor alone", []beat{wrote}, answer},
		{"answered", []beat{wrote, said}, ask},
		{"answered by the bot", []beat{wrote, botSays}, ask},
		{"a goodbye without asking", []beat{wrote, said, agreed, bye}, ask},
		{"only the visitor says goodbye", []beat{wrote, said, left}, ask},
		{"only the visitor says that nothing is left", []beat{wrote, said, agreed}, ask},

		{"the whole goodbye", []beat{wrote, asked, agreed, bye}, none(confirmed)},
		{"the visitor answers with a farewell", []beat{asked, left, bye}, none(confirmed)},
		{"a goodbye to an answer that marks nothing", []beat{asked, wrote, bye}, none(confirmed)},
		{"the visitor has the last word", []beat{asked, agreed, bye, left}, none(confirmed)},
		{"confirmed once more", []beat{asked, agreed, bye, agreed}, none(confirmed)},
		{"the agent goes on after the goodbye", []beat{asked, agreed, bye, said}, goodbye},
		{"the agent goes on, and says goodbye again", []beat{asked, agreed, bye, said, bye}, none(confirmed)},
		{"a goodbye that offers more help", []beat{asked, agreed, both}, none(confirmed)},
		{"a goodbye that offers more help, in the other order", []beat{asked, agreed, agentSays(leaves, asks)}, none(confirmed)},
		{"a goodbye that offers more help, to another question", []beat{asked, wrote, both}, none(confirmed)},
		{"a second one that offers more help", []beat{asked, agreed, both, both}, none(confirmed)},
		{"a follow-up after the goodbye", []beat{asked, agreed, bye, followUp}, none(confirmed)},
		{"a follow-up long after the goodbye", []beat{asked, agreed, bye, silence(time.Hour), followUp}, none(confirmed)},
		{"a follow-up before the goodbye", []beat{asked, agreed, followUp}, wait(patience)},
		{"a follow-up after a goodbye that is over", []beat{asked, agreed, bye, said, followUp}, wait(patience)},
		{"a follow-up after another question", []beat{asked, agreed, bye, wrote, followUp}, answer},
		{"the bot goes on after the goodbye", []beat{asked, agreed, bye, botSays}, none(confirmed)},
		{"typing after the goodbye", []beat{asked, agreed, bye, typing}, none(confirmed)},
		{"the visitor comes back after the goodbye", []beat{asked, agreed, bye, wrote}, answer},
		{"answered after the goodbye", []beat{asked, agreed, bye, wrote, said}, goodbye},
		{"another goodbye", []beat{asked, agreed, bye, wrote, bye}, none(confirmed)},
		{"asked again after the goodbye", []beat{asked, agreed, bye, asked}, wait(patience)},
		{"asked and a goodbye at once", []beat{wrote, both, agreed}, goodbye},
		{"asked and a goodbye at once, in the other order", []beat{wrote, agentSays(leaves, asks), agreed}, goodbye},
		{"a goodbye before the answer", []beat{asked, bye, agreed}, goodbye},
		{"no goodbye", []beat{asked, agreed}, goodbye},
		{"no goodbye, long ago", []beat{asked, agreed, silence(time.Hour)}, goodbye},
		{"a new question as the answer", []beat{asked, wrote}, answer},
		{"a new question, answered", []beat{asked, wrote, said}, goodbye},
		{"a question beside the confirmation", []beat{asked, agreed, wrote}, answer},

		{"just asked", []beat{wrote, asked}, wait(patience)},
		{"asked, short of patience", []beat{asked, silence(patience - 1)}, wait(1)},
		{"asked, and waited", []beat{asked, silence(patience)}, none(checkedIn)},
		{"asked, and waited long", []beat{asked, silence(time.Hour)}, none(checkedIn)},
		{"typing restarts patience", []beat{asked, silence(patience - time.Second), typing, silence(time.Minute)}, wait(time.Minute)},
		{"typing, and then patience", []beat{asked, typing, silence(patience)}, none(checkedIn)},
		{"more of the agent restarts patience", []beat{asked, silence(patience), said, silence(time.Minute)}, wait(time.Minute)},
		{"more of the agent, and then patience", []beat{asked, silence(time.Minute), said, silence(patience)}, none(checkedIn)},
		{"a goodbye restarts no patience", []beat{asked, silence(patience - time.Second), bye}, none(checkedIn)},
		{"the bot restarts no patience", []beat{asked, silence(patience - time.Second), botSays}, none(checkedIn)},
		{"asking again restarts patience", []beat{asked, silence(patience), asked}, wait(patience)},
		{"a goodbye while waiting", []beat{asked, bye}, wait(patience - time.Second)},
		{"a goodbye after waiting", []beat{asked, silence(patience), bye}, none(checkedIn)},
		{"an answer after waiting", []beat{asked, silence(patience), agreed}, goodbye},

		{"a follow-up asks", []beat{wrote, said, followUp}, wait(patience)},
		{"a follow-up is no answer", []beat{wrote, followUp, silence(patience)}, answer},
		{"a follow-up, and waited", []beat{wrote, said, followUp, silence(patience)}, none(checkedIn)},
		{"a follow-up, and a goodbye", []beat{wrote, said, followUp, agreed, bye}, none(confirmed)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, now := play(tt.beats)
			if got := c.Grade(now, patience); got != tt.want.Grade {
				t.Errorf("Grade = %q, want %q", got, tt.want.Grade)
			}
			advice, needed := c.Advise(now, patience)
			want := tt.want
			if needed == want.Grade.Courteous() {
				t.Errorf("Advise says %v of %q", needed, want.Grade)
			}
			if want.Grade.Courteous() {
				want = closure.Advice{}
			}
			if diff := cmp.Diff(want, advice); diff != "" {
				t.Errorf("Advise (-want +got):\n%s", diff)
			}
		})
	}
}

// goodbyes is what went before, told a second time: by looking back at all of it
// instead of folding it.
func goodbyes(beats []beat, patience time.Duration) closure.Grade {
	asked, answer, bye := whereabouts(beats)
	question := lastOf(beats, 0, "visitor []")
	switch {
	case question >= 0 && lastOf(beats, question+1, "agent []", "agent [check_in]", "agent [farewell]", "agent [check_in farewell]",
		"bot", "visitor [confirmation]", "visitor [farewell]") < 0:
		return closure.Unanswered
	case bye >= 0:
		return closure.Confirmed
	case asked >= 0 && answer < 0:
		var quiet time.Duration
		for _, b := range beats[max(asked, lastOf(beats, asked, "typing", "agent []"))+1:] {
			quiet += b.after
		}
		if quiet >= patience {
			return closure.CheckedIn
		}
	}
	return closure.Abrupt
}

// whereabouts returns where the visitor was last asked, first answered that, and was
// last wished goodbye after it with nothing to come; -1 for what is not there.
func whereabouts(beats []beat) (asked, answer, bye int) {
	asked, answer, bye = -1, -1, -1
	for i := len(beats) - 1; i >= 0 && asked < 0; i-- {
		if !slices.Contains([]string{"agent [check_in]", "agent [check_in farewell]", "follow-up"}, beats[i].name) {
			continue
		}
		_, answered, left := whereabouts(beats[:i])
		over := beats[i].name == "agent [check_in farewell]" && answered >= 0 || beats[i].name == "follow-up" && left >= 0
		if !over {
			asked = i
		}
	}
	if asked < 0 {
		return asked, answer, bye
	}
	if i := slices.IndexFunc(beats[asked:], func(b beat) bool { return strings.HasPrefix(b.name, "visitor") }); i >= 0 {
		answer = asked + i
		bye = lastOf(beats, max(answer, lastOf(beats, 0, "visitor []", "agent []")), "agent [farewell]", "agent [check_in farewell]")
	}
	return asked, answer, bye
}

// lastOf returns the last of the beats from one on that has one of the names, or -1.
func lastOf(beats []beat, from int, names ...string) int {
	for i := len(beats) - 1; i >= from; i-- {
		if slices.Contains(names, beats[i].name) {
			return i
		}
	}
	return -1
}

// differences counts the conversations, every one of up to four beats and random
// longer ones, that grade and looking back judge differently.
func differences(seed uint64, grade func(beats []beat) closure.Grade) (found int, first string, grades map[closure.Grade]int) {
	alphabet := []beat{
		agentSays(), agentSays(asks), agentSays(leaves), agentSays(asks, leaves), visitorSays(), visitorSays(confirms), visitorSays(leaves),
		typing, followUp, botSays, silence(patience - time.Second),
	}
	grades = map[closure.Grade]int{}
	compare := func(beats []beat) {
		got, want := grade(beats), goodbyes(beats, patience)
		grades[want]++
		if got == want {
			return
		}
		found++
		if first != "" {
			return
		}
		first = fmt.Sprintf("%q, looking back %q:", got, want)
		for _, b := range beats {
			first += " " + b.name + ","
		}
	}
	var every func(beats []beat)
	every = func(beats []beat) {
		compare(beats)
		if len(beats) == 4 {
			return
		}
		for _, b := range alphabet {
			every(append(slices.Clip(beats), b))
		}
	}
	every(nil)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 10_000 {
		beats := make([]beat, 5+rng.IntN(40))
		for i := range beats {
			beats[i] = alphabet[rng.IntN(len(alphabet))]
		}
		compare(beats)
	}
	return found, first, grades
}

func TestCourtesyByLookingBack(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	found, first, grades := differences(seed, graded)
	if found > 0 {
		t.Errorf("seed %d: %d differences, the first: %s", seed, found, first)
	}
	for _, g := range closure.Grades() {
		if grades[g] < 300 {
			t.Errorf("seed %d: %q only %d times", seed, g, grades[g])
		}
	}
	t.Logf("seed %d: %v", seed, grades)
}

// A comparison that never finds a difference shows nothing: these are the
// plausible wrong ways.
func TestLookingBackCatches(t *testing.T) {
	t.Parallel()
	later := func(grade func(c closure.Courtesy, now time.Time) closure.Grade) func([]beat) closure.Grade {
		return func(beats []beat) closure.Grade { return grade(play(beats)) }
	}
	instead := func(name string, do func(closure.Courtesy, time.Time) closure.Courtesy) func([]beat) closure.Grade {
		return func(beats []beat) closure.Grade {
			beats = slices.Clone(beats)
			for i := range beats {
				if beats[i].name == name {
					beats[i].do = do
				}
			}
			return graded(beats)
		}
	}
	planted := map[string]func(beats []beat) closure.Grade{
		"an open question is forgotten": later(func(c closure.Courtesy, now time.Time) closure.Grade {
			c.Open = false
			return c.Grade(now, patience)
		}),
		"no goodbye is needed": later(func(c closure.Courtesy, now time.Time) closure.Grade {
			c.Farewell = c.Answered
			return c.Grade(now, patience)
		}),
		"typing is no activity": later(func(c closure.Courtesy, now time.Time) closure.Grade {
			c.ActiveAt = c.AskedAt
			return c.Grade(now, patience)
		}),
		"impatience": later(func(c closure.Courtesy, now time.Time) closure.Grade {
			return c.Grade(now, patience-time.Second)
		}),
		"what the agent adds gives nothing to answer": instead("agent []", func(c closure.Courtesy, _ time.Time) closure.Courtesy {
			c.Open = false
			return c
		}),
		"a goodbye outlives what the agent adds": instead("agent []", func(c closure.Courtesy, at time.Time) closure.Courtesy {
			after := c.AgentSaid(at, nil)
			after.Farewell = c.Farewell
			return after
		}),
		"a goodbye that offers more help begins anew": instead("agent [check_in farewell]", func(c closure.Courtesy, at time.Time) closure.Courtesy {
			return c.AgentSaid(at, []closure.Mark{asks})
		}),
		"a goodbye that offers more help asks nothing": instead("agent [check_in farewell]", func(c closure.Courtesy, at time.Time) closure.Courtesy {
			return c.AgentSaid(at, []closure.Mark{leaves})
		}),
		"a follow-up begins anew": instead("follow-up", closure.Courtesy.Asked),
		"a follow-up after the answer is none": instead("follow-up", func(c closure.Courtesy, at time.Time) closure.Courtesy {
			if c.Answered {
				return c
			}
			return c.Asked(at)
		}),
		"a follow-up answers": instead("follow-up", func(c closure.Courtesy, at time.Time) closure.Courtesy {
			c.Open = false
			return c.FollowedUp(at)
		}),
	}
	for name, grade := range planted {
		if found, _, _ := differences(1, grade); found == 0 {
			t.Errorf("looking back finds nothing wrong with: %s", name)
		}
	}
}

func TestCourteous(t *testing.T) {
	t.Parallel()
	want := map[closure.Grade]bool{closure.Confirmed: true, closure.CheckedIn: true}
	for _, g := range append(closure.Grades(), "", "polite") {
		if g.Courteous() != want[g] {
			t.Errorf("%q: %v, want %v", g, g.Courteous(), want[g])
		}
	}
}

// What an agent is advised to do is what leads to a courteous closing.
func TestAdviceLeadsToACourteousClosing(t *testing.T) {
	t.Parallel()
	phrases := closure.DefaultPhrases()
	starts := map[string][]beat{
		"nobody wrote":                 nil,
		"an open question":             {visitorSays()},
		"a goodbye only":               {visitorSays(), agentSays(leaves)},
		"a question after the goodbye": {agentSays(asks), visitorSays(confirms), agentSays(leaves), visitorSays()},
	}
	for name, beats := range starts {
		for _, answers := range []bool{true, false} {
			c, now := play(beats)
			var steps []closure.Step
			for advice, ok := c.Advise(now, patience); ok && len(steps) < 10; advice, ok = c.Advise(now, patience) {
				steps = append(steps, advice.Next)
				now = now.Add(time.Second)
				switch advice.Next {
				case closure.StepAnswer:
					c = c.AgentSaid(now, nil)
				case closure.StepWait:
					now = now.Add(advice.Wait)
				default:
					c = c.AgentSaid(now, phrases.OfAgent(advice.Phrase))
					if advice.Next == closure.StepCheckIn && answers {
						c = c.VisitorSaid(now, phrases.OfVisitor("No, thank you"))
					}
				}
			}
			if len(steps) > 4 || !c.Grade(now, patience).Courteous() {
				t.Errorf("%s, the visitor answers: %v: after %q it is %q", name, answers, steps, c.Grade(now, patience))
			}
		}
	}
}

// Courtesy is stored in conversations.
func TestStoredCourtesy(t *testing.T) {
	t.Parallel()
	c, _ := play([]beat{agentSays(asks), visitorSays(), agentSays(leaves), visitorSays()})
	tests := map[string]closure.Courtesy{
		`{}`: {},
		`{"asked_at":"2026-03-02T12:00:01Z","active_at":"2026-03-02T12:00:04Z","answered":true,"open":true}`: c,
		`{"farewell":true}`: {Farewell: true},
	}
	for want, c := range tests {
		stored, err := json.Marshal(c)
		if err != nil || string(stored) != want {
			t.Errorf("stored as %s, %v, want %s", stored, err, want)
		}
		var back closure.Courtesy
		if err := json.Unmarshal(stored, &back); err != nil || back != c {
			t.Errorf("read back as %+v, %v, want %+v", back, err, c)
		}
	}
}
