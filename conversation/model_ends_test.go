package conversation_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

// What the model knows of endings: forms, the goodbye, surveys, and what is
// measured between opening and closing. It keeps lists and reads them when
// somebody asks, where the machine keeps what they amount to.

func (q modelAsk) person() bool { return q.by.Kind == "agent" || q.by.Kind == "supervisor" }

func (q modelAsk) patience() time.Duration { return cmp.Or(q.policy.Courtesy.Patience, 2*time.Minute) }

// last returns the last closing, nil if there is none.
func (m *modelLife) last() *modelEnd { return m.end(0) }

// end returns the closing of a number, zero for the last, if it is remembered.
func (m *modelLife) end(number int) *modelEnd {
	if number == 0 {
		number = len(m.ends)
	}
	if number < 1 || number > len(m.ends) || m.ends[number-1].gone {
		return nil
	}
	return &m.ends[number-1]
}

// remember forgets the closings that nobody could answer for any more when the
// next one comes.
func (m *modelLife) remember(now time.Time) {
	kept := 0
	for i := len(m.ends) - 1; i >= 0; i-- {
		e := &m.ends[i]
		e.gone = e.gone || e.offered.IsZero() || !now.Before(e.until)
		if !e.gone {
			kept++
		}
		e.gone = e.gone || kept > 10
	}
}

// doubt reports whether a survey could be meant that is not the last closing's.
func (m *modelLife) doubt(now time.Time) bool {
	for i, e := range m.ends {
		if i < len(m.ends)-1 && !e.gone && now.Before(e.until) && e.rating == 0 {
			return true
		}
	}
	return false
}

// turn notes that a visitor wants something, without a word.
func (m *modelLife) turn(q modelAsk) {
	if q.by.Kind == "visitor" {
		m.word('v', q.now, nil)
	}
}

// modelSaid names a message and its marks, in whatever order.
func modelSaid(marks []closure.Mark) string {
	return fmt.Sprintf("said %q", slices.Sorted(slices.Values(marks)))
}

func (m *modelLife) offer(q modelAsk) {
	of := m.last()
	of.offered, of.until = q.now, q.now.Add(cmp.Or(q.policy.Survey.Open, 7*24*time.Hour))
	m.fact(fmt.Sprintf("survey_offered %d", len(m.ends)))
}

// modelForm returns what is kept of a form.
func modelForm(f closure.Form) closure.Form {
	f.Tags = slices.Compact(slices.Sorted(slices.Values(f.Tags)))
	var tickets []string
	for _, ticket := range f.Tickets {
		if !slices.Contains(tickets, ticket) {
			tickets = append(tickets, ticket)
		}
	}
	f.Tickets = tickets
	return f
}

// modelFormFits reports whether the values of a form, of those that lives make
// up, can be meant.
func modelFormFits(f closure.Form) bool {
	bad := func(s string) bool { return strings.HasPrefix(s, "ftp:") || strings.HasPrefix(s, " ") }
	return slices.Contains([]closure.Sentiment{"", "positive", "neutral", "negative"}, f.Sentiment) &&
		!slices.ContainsFunc(f.Tickets, bad) && !slices.ContainsFunc(f.Tags, bad) && !strings.Contains(f.Notes, "\x00")
}

// modelPhrases adds what the policy itself knows to the marks of a message of a
// person.
func modelPhrases(q modelAsk, c conversation.Say) []closure.Mark {
	marks := slices.Clone(c.Marks)
	known := map[string]closure.Mark{q.policy.Courtesy.CheckIn: "check_in", q.policy.Courtesy.Farewell: "farewell"}
	for _, step := range q.policy.Idle.Assigned.Steps {
		known[step.Phrase] = "check_in"
	}
	if q.policy.Idle.Assigned.IsZero() {
		known["Are you still there? Is there anything else I can help with?"] = "check_in"
	}
	for phrase, mark := range known {
		says := phrase != "" && strings.Contains(strings.ToUpper(c.Text), strings.ToUpper(phrase))
		if says && q.person() && !slices.Contains(marks, mark) {
			marks = append(marks, mark)
		}
	}
	return marks
}

// modelMarks reports whether a message of the kind of actor can mean that.
func modelMarks(marks []closure.Mark, kind conversation.ActorKind) bool {
	can := map[conversation.ActorKind]string{
		"visitor": "confirmation farewell", "agent": "check_in farewell", "supervisor": "check_in farewell",
	}[kind]
	for i, mark := range marks {
		if !slices.Contains(strings.Fields(can), string(mark)) || slices.Contains(marks[i+1:], mark) {
			return false
		}
	}
	return true
}

// tagsFit reports whether tags are of the catalogue, or were given before.
func (m *modelLife) tagsFit(q modelAsk) bool {
	var tags, had []string
	switch c := q.command.(type) {
	case conversation.Close:
		tags = c.Tags
	case conversation.Reclassify:
		if c.Form != nil {
			tags, had = c.Form.Tags, m.last().form.Tags
		}
	}
	for _, tag := range tags {
		if !slices.Contains(q.tags, tag) && !slices.Contains(had, tag) {
			return false
		}
	}
	return true
}

// same reports whether a decision changes nothing. Nobody knows what notes said.
func (m *modelLife) same(c conversation.Reclassify) bool {
	last := m.last()
	if last == nil || c.Outcome != last.outcome || c.Reason != last.reason {
		return false
	}
	if c.Form == nil {
		return true
	}
	f := modelForm(*c.Form)
	return f.Sentiment == last.form.Sentiment && f.Notes == "" && last.form.Notes == "" &&
		slices.Equal(f.Tags, last.form.Tags) && slices.Equal(f.Tickets, last.form.Tickets)
}

// incomplete says what of the required fields is empty.
func (m *modelLife) incomplete(f closure.Form, outcome closure.Outcome, reason closure.Reason, q modelAsk, force bool) error {
	m.lacks = nil
	for _, field := range q.policy.Required {
		empty := false
		switch field {
		case "reason":
			empty = outcome == "unresolved" && reason == ""
		case "sentiment":
			empty = f.Sentiment == ""
		case "notes":
			empty = strings.TrimSpace(f.Notes) == ""
		case "tags":
			empty = len(f.Tags) == 0 && len(q.tags) > 0
		case "tickets":
			empty = len(f.Tickets) == 0
		}
		if empty && !force {
			m.lacks = append(m.lacks, field)
		}
	}
	return modelIf(len(m.lacks) > 0, conversation.ErrFormIncomplete)
}

// undecided says what a new decision leaves empty; one that keeps the form can
// only lack a reason.
func (m *modelLife) undecided(c conversation.Reclassify, q modelAsk) error {
	form := closure.Form{}
	if c.Form != nil {
		form = *c.Form
	} else {
		q.policy.Required = slices.DeleteFunc(slices.Clone(q.policy.Required), func(f closure.Field) bool { return f != "reason" })
	}
	return m.incomplete(form, c.Outcome, c.Reason, q, false)
}

// hear takes in a message that is not automatic.
func (m *modelLife) hear(q modelAsk, marks []closure.Mark) {
	switch {
	case q.person():
		if slices.Contains(marks, "farewell") && m.answered() {
			marks = []closure.Mark{"farewell"} // which asks nothing any more
		}
		m.word('p', q.now, marks)
		if !m.wrote {
			m.wrote, m.response = true, max(0, q.now.Sub(m.reached()))
		}
	case q.by.Kind == "visitor":
		m.word('v', q.now, marks)
	default:
		m.word('b', q.now, marks)
	}
}

func (m *modelLife) word(by byte, at time.Time, marks []closure.Mark) {
	m.talk = append(m.talk, modelWord{by, at, marks})
}

func (w modelWord) is(mark closure.Mark) bool { return slices.Contains(w.marks, mark) }

// asks reports whether the visitor is asked whether anything is left.
func (w modelWord) asks() bool { return w.by == 'f' || w.by == 'p' && w.is("check_in") }

// adds reports whether a person gives the visitor something else to answer.
func (w modelWord) adds() bool { return w.by == 'p' && !w.is("check_in") && !w.is("farewell") }

// wants reports whether the visitor has something else to say.
func (w modelWord) wants() bool { return w.by == 'v' && !w.is("confirmation") && !w.is("farewell") }

// asking returns what was said since the visitor was last asked, and when they
// were last asked, got something else to answer, or typed; nothing if they never were
// asked.
func (m *modelLife) asking() (since []modelWord, active time.Time) {
	for i := len(m.talk) - 1; i >= 0; i-- {
		if w := m.talk[i]; active.IsZero() && (w.asks() || w.adds() || w.by == 't') {
			active = w.at
		}
		if m.talk[i].asks() {
			return m.talk[i:], active
		}
	}
	return nil, time.Time{}
}

func modelSpoken(words []modelWord) bool {
	return slices.ContainsFunc(words, func(w modelWord) bool { return w.by == 'v' })
}

// pending reports whether the visitor was asked and has not answered.
func (m *modelLife) pending() bool {
	since, _ := m.asking()
	return len(since) > 0 && !modelSpoken(since)
}

// answered reports whether the visitor was asked and has answered.
func (m *modelLife) answered() bool {
	since, _ := m.asking()
	return modelSpoken(since)
}

// waits reports whether an agent waits for the answer with courtesy: since they
// asked, or since it came to a desk after it, nobody wrote anything else.
func (m *modelLife) waits() bool {
	since, _ := m.asking()
	for i := len(since) - 1; i >= 0 && m.state == "assigned" && m.pending(); i-- {
		if w := since[i]; w.asks() || w.by == 'd' {
			return true
		} else if w.by == 'p' {
			return false
		}
	}
	return false
}

// left reports whether the visitor had the last word, and it was a question.
func (m *modelLife) left() bool {
	for i := len(m.talk) - 1; i >= 0; i-- {
		if !strings.ContainsRune("tfd", rune(m.talk[i].by)) {
			return m.talk[i].wants()
		}
	}
	return false
}

// confirmed reports whether a person asked, the visitor answered, a person said
// goodbye, and both left it at that.
func (m *modelLife) confirmed() bool {
	since, _ := m.asking()
	for i, w := range since {
		more := slices.ContainsFunc(since[i:], func(w modelWord) bool { return w.wants() || w.adds() })
		if w.by == 'p' && w.is("farewell") && modelSpoken(since[:i]) && !more {
			return true
		}
	}
	return false
}

func (m *modelLife) grade(q modelAsk) closure.Grade {
	_, active := m.asking()
	switch {
	case m.left():
		return "unanswered"
	case m.confirmed():
		return "confirmed"
	case m.pending() && q.now.Sub(active) >= q.patience():
		return "checked_in"
	}
	return "abrupt"
}

// rude reports whether the guard is against a closing, if a person gives it.
func (m *modelLife) rude(q modelAsk, c conversation.Close) bool {
	guard := q.policy.Courtesy.Guard
	grade := m.grade(q)
	guarded := guard == "enforce" || guard == "warn" && c.Acknowledged != grade
	needless := c.Force || c.Cause == "spam" || c.Cause == "merged" || m.blocked || m.version >= conversation.MaxHistory
	needless = needless || m.state == "bot" && !m.left() && !m.wrote // it is the bot's alone
	return guarded && !needless && (grade == "abrupt" || grade == "unanswered")
}

func (m *modelLife) advice(q modelAsk) *closure.Advice {
	since, active := m.asking()
	a := closure.Advice{Grade: m.grade(q)}
	switch {
	case m.state == "bot" || m.state == "waiting":
		a.Next = "take"
	case m.left():
		a.Next = "answer"
	case since == nil:
		a.Next = "check_in"
		a.Phrase = cmp.Or(q.policy.Courtesy.CheckIn, "Is there anything else I can help you with?")
	case m.pending():
		a.Next, a.Wait = "wait", q.patience()-q.now.Sub(active)
	default:
		a.Next = "say_goodbye"
		a.Phrase = cmp.Or(q.policy.Courtesy.Farewell, "Thank you for contacting us. Have a nice day!")
	}
	return &a
}

// begin begins to measure.
func (m *modelLife) begin(q modelAsk) {
	m.began, m.log, m.wrote, m.response = q.now, nil, false, 0
	m.snoozes, m.prompts, m.followings = 0, 0, 0
}

// reached returns when it came to people, the last time that it left the bot.
func (m *modelLife) reached() time.Time {
	at := m.began
	for i, l := range m.log {
		if i > 0 && m.log[i-1].state == "bot" && l.state != "bot" {
			at = l.at
		}
	}
	return at
}

// stays returns for how long, until now, the moments were as they should be: each
// stay by itself, and nothing where the clock went back over it.
func (m *modelLife) stays(now time.Time, should func(modelMoment) bool) int64 {
	var sum time.Duration
	var since time.Time
	for i, l := range m.log {
		if !should(l) {
			continue
		}
		if i == 0 || !should(m.log[i-1]) {
			since = l.at
		}
		if i+1 == len(m.log) {
			sum += max(0, now.Sub(since))
		} else if !should(m.log[i+1]) {
			sum += max(0, m.log[i+1].at.Sub(since))
		}
	}
	return sum.Microseconds()
}

// measure returns what a closing now is measured by.
func (m *modelLife) measure(now time.Time) (closure.Side, closure.Figures) {
	in := func(s conversation.State) int64 {
		return m.stays(now, func(l modelMoment) bool { return l.state == s })
	}
	asked := m.stays(now, func(l modelMoment) bool { return l.waits })
	f := closure.Figures{
		closure.FirstResponse: -1, closure.Handling: in("assigned") / 1000,
		closure.NetHandling: max(0, in("assigned")-asked) / 1000, closure.Resolution: (in("bot") + in("waiting") + in("assigned") + in("snoozed")) / 1000,
		closure.InBot: in("bot") / 1000, closure.InWaiting: in("waiting") / 1000, closure.InSnoozed: in("snoozed") / 1000,
		closure.Snoozes: m.snoozes, closure.Prompts: m.prompts, closure.FollowUps: m.followings,
	}
	if m.wrote {
		f[closure.FirstResponse] = m.response.Milliseconds()
	}
	bot := slices.ContainsFunc(m.log, func(l modelMoment) bool { return l.state == "bot" })
	if bot && !m.wrote {
		return "bot", f
	}
	return "team", f
}

// records returns the closings that are remembered.
func (m *modelLife) records() []closure.Record {
	var all []closure.Record
	for i, e := range m.ends {
		if e.gone {
			continue
		}
		r := closure.Record{
			Conversation: "c", Number: i + 1, At: e.at, Outcome: e.outcome, Reason: e.reason, Cause: e.cause, Side: e.side,
			Agent: e.agent, Group: e.group, Sentiment: e.form.Sentiment, Grade: e.grade, Tags: e.form.Tags,
			Articles: slices.Sorted(slices.Values(e.articles)), Figures: e.figures,
		}
		if i == len(m.ends)-1 && m.state == "closed" {
			r.Articles = slices.Sorted(slices.Values(m.articles))
		}
		if r.Agent == "" && (e.by.Kind == "agent" || e.by.Kind == "supervisor") {
			r.Agent = e.by.ID
		}
		r.Figures[closure.Rating] = -1
		if e.rating > 0 {
			r.Figures[closure.Rating] = e.rating
		}
		if !e.reopened.IsZero() {
			r.Figures[closure.Reopened] = 1
		}
		if !e.offered.IsZero() {
			r.Figures[closure.Surveyed] = 1
		}
		all = append(all, r)
	}
	return all
}
