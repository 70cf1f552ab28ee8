package conversation_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// A modelLife is the reference model: the life of a conversation told a second
// time, from the documents and the doc comments, sharing nothing with the
// machine but names, [snooze.Until.Resolve] and [closure.Check].
// model_run_test.go runs the two side by side.
//
// What the documents say of the finer points:
//
//   - Whom somebody else's having it keeps from a command is told ErrHeld: a
//     person who may give it with an assigned conversation in hand, a bot that may
//     give it with its own. Anybody else is told ErrForbidden.
//   - Who opens for a person, or asks for one, waits for an answer like who wrote.
//     An answer, a hand-back or a closing leaves nothing open.
//   - Hands are the bot's, the queue's, each agent's and nobody's (closed): from
//     queue to queue, into a snooze and back to its keeper they do not change.
//   - Since is what the clock said, also if it stepped back, and starts only
//     where the state changes: agent to agent, group to group it stays.
//   - A visitor's closing is never too late, nor is what holds already.
//   - A snooze that its keeper ends by taking is a wake by an agent; taken by a
//     supervisor, assigned, transferred or requeued it is just that. Asking for a
//     person is recorded, and wakes it as a message of the visitor does.
//   - A snooze woken before its end goes back to its keeper, kept or not. That the
//     visitor wrote meanwhile stays flagged until the keeper answers, also over
//     another snooze.
//   - Automatic messages and follow-ups are unread like any answer.
//   - Typing restarts the wait, not the ladder. Before anybody spoke, a ladder
//     restricted to a speaker does not run.
//   - A ladder that was changed under a silence, and would close with no follow-up
//     in this silence, goes back to the last follow-up before that. Who writes, and
//     who gets it, begins another silence.
//   - A full history takes a closing, a block and a passed deadline; a visitor whom
//     it cannot take back is told that the window is over.
//   - What a snooze is until, nobody looks at before all else fits.
//   - What speaks against an agent is looked at after who may and who has it, and
//     before what was missed: nobody of that name, then full, then unavailable.
//     Leaving the group counts only where it goes back by itself.
//   - Only a snooze that ends is overfilled: not what a supervisor takes, not what
//     is transferred to its keeper, not what is opened again.
//   - An agent is away from when the system said, but not from what is still to
//     come; or from when they got it, by transfer or out of a snooze, unavailable.
//   - At the same instant the ladder goes first. What it does may take the
//     conversation out of the absent agent's hands.
//   - A conversation waits for a reason until it leaves the queue, or is passed to
//     another group.
//   - The agent before is who last lost it to somebody else, to the queue, to the
//     closing; who hands it back, or does nothing for so long that it is, leaves no
//     trace. Who reopens it finds who had it when it was closed.
//   - Automatic messages and follow-ups ask for an e-mail like any answer, also when
//     it is closed.
//   - Who was asked is whoever a person's message, or a follow-up at an agent's desk,
//     asked last; what was said before that is over. A message that asks and says
//     goodbye asks, unless the visitor has answered: then it says goodbye. A goodbye
//     holds until either side has something else to say; a follow-up does not end it.
//   - What a person says without asking or leaving is something new to answer: patience
//     begins again. The courtesy wait ends with whatever a person says without asking,
//     until they ask again, or it comes to a desk anew.
//   - A visitor who asks for a person has said something; another who does it for them
//     has not.
//   - Who does not have it is told to take it. What a person wrote in is theirs to say
//     goodbye in, also if the bot has it again.
//   - Only people are graded, fill in what is required, and are guarded. They are told
//     what is missing before that they are rude, and that the visitor has written
//     instead of that they are rude.
//   - The place of a survey is its closing. A closing is remembered as long as its
//     survey could be answered when the next one came, and no more than the last ten
//     before the last.
//   - Times of a cycle are stays: from entering a state to leaving it by the clock, and
//     nothing if that went back. People are reached when it first leaves the bot, again
//     if the bot gets it back before one of them wrote.
type modelLife struct {
	facts                 []string // what the last step caused
	version               conversation.Version
	state                 conversation.State
	visitor, group, agent string
	since                 time.Time
	blocked               bool
	unread                []conversation.Version
	articles              []string
	speaker               idle.Speaker         // who wrote last
	asked                 time.Time            // since when the visitor waits for an answer; zero: they do not
	spoke, handed         conversation.Version // the visitor's last message, the last change of hands
	quiet                 time.Time            // since when the ladder waits for its next rung
	rung, followUps       int
	told                  bool      // by a follow-up, in this silence
	wakeAt                time.Time // zero: at the reply
	keep, asleep, missed  bool      // of the snooze
	away                  time.Time // since when the agent is; zero: is not
	before                string    // the agent who lost it last
	why                   conversation.WaitReason
	mailed                bool // an e-mail was asked for since all was read
	ends                  []modelEnd

	// Since it was opened or reopened; what was said, since it was closed.
	began                        time.Time
	talk                         []modelWord
	log                          []modelMoment // after each command that did something
	wrote                        bool          // a person
	response                     time.Duration // of whom
	snoozes, prompts, followings int64

	lacks   []closure.Field // of the last refusal
	advised *closure.Advice
}

// A modelEnd is a closing, and what became of it.
type modelEnd struct {
	outcome                  closure.Outcome
	reason                   closure.Reason
	cause                    closure.Cause
	by                       conversation.Actor
	agent, group             string
	at                       time.Time
	form                     closure.Form // tags ascending, nothing twice
	grade                    closure.Grade
	side                     closure.Side
	figures                  closure.Figures // those of the cycle
	reopened                 time.Time
	articles                 []string  // when it was
	offered, until, answered time.Time // of its survey
	rating                   int64
	gone                     bool // nobody remembers it
}

// A modelWord is something that bears on the goodbye: said by the v(isitor), a
// p(erson) or the b(ot), t(yped) by the visitor, a f(ollow-up) that asks, or that it
// came to a d(esk).
type modelWord struct {
	by    byte
	at    time.Time
	marks []closure.Mark
}

// A modelMoment is how it stood from an instant on.
type modelMoment struct {
	at    time.Time
	state conversation.State
	waits bool // an agent waits for the answer whether anything is left
}

// A modelAsk is a request with all that the decision depends on.
type modelAsk struct {
	by      conversation.Actor
	command conversation.Command
	asOf    conversation.Version
	now     time.Time
	policy  conversation.Policy
	ready   conversation.Readiness // of the agent on whom it depends
	offline bool                   // the visitor, and has left an address
	tags    []string               // the catalogue
}

var modelStates = []conversation.State{"", "bot", "waiting", "assigned", "snoozed", "closed"}

// modelGrid says who may, in each of modelStates: v(isitor), h(older), a(gent),
// s(upervisor), b(ot), x (the system), t(imer), or nobody.
var modelGrid = func() map[conversation.CommandName][]string {
	grid := map[conversation.CommandName][]string{}
	for row := range strings.Lines(`open vasbx vasbx vasbx vasbx vasbx vasbx
		say           - vbx   vx    vhx  vhx  vx
		request_agent - vasbx vasbx vasbx vx  -
		take          - as    as    hs   hs   -
		assign        - sx    sx    sx   sx   -
		hand_back     - as    -     hs   -    -
		transfer      - -     s     hs   hs   -
		requeue       - -     asx   hsx  hsx  -
		snooze        - -     -     h    h    -
		wake          - -     -     hs   hs   -
		close         - vasbx vasx  vhsx vhsx vasbx
		reclassify    - -     -     -    -    asx
		offer_survey  - -     -     -    -    asx
		answer_survey - vx    vx    vx   vx   vx
		reopen        - -     -     -    -    asx
		regroup       - sx    sx    sx   sx   -
		assignee_gone - x     x     x    x    x
		assignee_back - x     x     x    x    x
		notify_by_email - x   x     x    x    x
		typing        - v     v     v    v    v
		mark_read     - vx    vx    vx   vx   vx
		add_note      - asbx  asbx  asbx asbx asbx
		link_article  - asbx  asbx  asbx asbx asbx
		block         - asx   asx   asx  asx  asx
		unblock       - asx   asx   asx  asx  asx
		expire        - t     t     t    t    t`) {
		fields := strings.Fields(row)
		grid[conversation.CommandName(fields[0])] = fields[1:]
	}
	return grid
}()

func (m *modelLife) may(name conversation.CommandName) string {
	return modelGrid[name][slices.Index(modelStates, m.state)]
}

func (m *modelLife) roles(by conversation.Actor) string {
	switch by.Kind {
	case "visitor":
		if m.state != "" && by.ID != m.visitor {
			return ""
		}
	case "agent", "supervisor":
		if m.agent != "" && by.ID == m.agent {
			return string(by.Kind[0]) + "h"
		}
	case "system":
		return "x"
	}
	return string(by.Kind[0])
}

// step does what is asked, or says by which sentinel it is refused.
func (m *modelLife) step(q modelAsk) error {
	m.facts, m.lacks, m.advised = nil, nil, nil
	if err := m.refusal(q); err != nil {
		return err
	}
	ends := slices.Contains([]conversation.CommandName{"close", "block", "expire"}, q.command.Name())
	if lost, ok := q.command.(conversation.Requeue); ok && lost.Reason != "" || q.command.Name() == "regroup" {
		ends = true
	}
	if m.version >= conversation.MaxHistory && !ends {
		if then := m.copy(); then.do(q) {
			return conversation.ErrHistoryFull
		}
	}
	if c, ok := q.command.(conversation.Snooze); ok {
		if _, err := c.Until.Resolve(q.now); err != nil {
			return conversation.ErrInvalid
		}
	}
	if !m.tagsFit(q) {
		return conversation.ErrInvalid
	}
	m.do(q)
	return nil
}

// copy returns a life of its own.
func (m *modelLife) copy() *modelLife {
	other := *m
	other.unread, other.articles = slices.Clone(m.unread), slices.Clone(m.articles)
	other.ends, other.talk, other.log = slices.Clone(m.ends), slices.Clip(m.talk), slices.Clip(m.log)
	return &other
}

// do does what nothing stands against, and reports whether that was anything.
func (m *modelLife) do(q modelAsk) bool {
	m.facts = nil
	if m.act(q); len(m.facts) == 0 {
		return false
	}
	m.log = append(m.log, modelMoment{q.now, m.state, m.waits()})
	return true
}

func (m *modelLife) act(q modelAsk) {
	switch c := q.command.(type) {
	case conversation.Open:
		m.begin(q)
		m.visitor, m.group, m.before = cmp.Or(c.Visitor, q.by.ID), c.Group, c.PreviousAgent
		if c.ForAgent {
			m.enter(q, "opened for a person", "waiting", "")
			m.asked = q.now
			m.turn(q)
		} else if q.policy.Bot {
			m.enter(q, "opened", "bot", "")
		} else {
			m.enter(q, "opened", "waiting", "")
		}
	case conversation.Say:
		m.say(q, c.Automatic || q.by.Kind == "system", modelPhrases(q, c))
	case conversation.RequestAgent:
		m.request(q, c.Group)
	case conversation.Take:
		if m.state == "snoozed" && m.agent == q.by.ID {
			m.wake(q, "agent", true)
		} else if m.agent != q.by.ID {
			m.enter(q, "taken from "+m.agent, "assigned", q.by.ID)
		}
	case conversation.Assign:
		if !m.has(c.Agent) {
			m.enter(q, "assigned from "+m.agent, "assigned", c.Agent)
		}
	case conversation.HandBack:
		m.handBack(q)
	case conversation.Transfer:
		if c.Agent != "" && !m.has(c.Agent) {
			m.give(q, fmt.Sprintf("transferred from %s, unavailable %t", m.agent, q.ready == "unavailable"), c.Agent)
		} else if c.Group != "" && (m.state != "waiting" || m.group != c.Group) {
			m.group = c.Group
			m.giveUp(func() { m.enter(q, "transferred from "+m.agent+", unavailable false", "waiting", "") })
		}
	case conversation.Requeue:
		if m.state != "waiting" {
			m.giveUp(func() { m.queue(q, "requeued from "+m.agent, c.Reason) })
		}
	case conversation.Snooze:
		deadline, _ := c.Until.Resolve(q.now)
		missed := m.missed
		m.enter(q, "snoozed", "snoozed", m.agent)
		m.snoozes++
		m.wakeAt, m.keep, m.asleep = deadline.At, c.AtEnd != snooze.Release, c.OnReply == snooze.StayAsleep
		m.missed = missed
	case conversation.Wake:
		if m.state == "snoozed" {
			m.wake(q, "agent", q.by.ID == m.agent || q.takesBack())
		}
	case conversation.Close:
		d, _ := modelDecision(c, q.by.Kind)
		d.form = modelForm(c.Form)
		over := false
		if q.person() {
			d.grade = m.grade(q)
			unseen := c
			unseen.Acknowledged = ""
			over = m.rude(q, unseen)
		}
		m.close(q, d, over)
	case conversation.Reclassify:
		if last := m.last(); !m.same(c) {
			m.fact(fmt.Sprintf("reclassified, form %t, noted %t", c.Form != nil, c.Form != nil && c.Form.Notes != ""))
			last.outcome, last.reason = c.Outcome, c.Reason
			if c.Form != nil {
				last.form = modelForm(*c.Form)
			}
		}
	case conversation.OfferSurvey:
		if m.last().offered.IsZero() {
			m.offer(q)
		}
	case conversation.AnswerSurvey:
		of := m.end(c.Number)
		of.rating, of.answered = int64(c.Rating), q.now
		m.fact(fmt.Sprintf("survey_answered with %d", c.Rating))
	case conversation.Reopen:
		m.reopen(q)
	case conversation.Regroup:
		if m.group != c.Group {
			m.fact("regrouped from " + m.group + " to " + c.Group)
			m.group = c.Group
			if m.state == "waiting" {
				m.rung, m.quiet, m.told = 0, q.now, false
			}
		}
	case conversation.AssigneeGone:
		if m.has(c.Agent) && m.away.IsZero() {
			m.away = c.Since.Truncate(time.Microsecond)
			if m.away.After(q.now) {
				m.away = q.now
			}
			m.fact("assignee_left")
		}
	case conversation.AssigneeBack:
		if m.has(c.Agent) {
			m.returned()
		}
	case conversation.NotifyByEmail:
		m.mail(q)
	case conversation.Typing:
		_, step, ok := m.next(q.policy)
		notable := ok && q.now.Sub(m.quiet) >= min(conversation.TypingGrain, step.After/4)
		if m.state == "assigned" && m.pending() {
			_, active := m.asking()
			notable = notable || q.now.Sub(active) >= min(conversation.TypingGrain, q.patience()/4)
		}
		if notable {
			m.fact("typed")
			m.quiet = q.now
			m.word('t', q.now, nil)
		}
	case conversation.MarkRead:
		read := func(v conversation.Version) bool { return c.UpTo == 0 || v <= c.UpTo }
		if slices.ContainsFunc(m.unread, read) {
			m.fact("marked_read")
			m.unread = slices.DeleteFunc(slices.Clone(m.unread), read)
			m.mailed = m.mailed && len(m.unread) > 0
		}
	case conversation.AddNote:
		m.fact("note_added")
	case conversation.LinkArticle:
		if !slices.Contains(m.articles, c.Article) {
			m.fact("article_linked")
			m.articles = append(m.articles, c.Article)
		}
	case conversation.Block:
		m.set(&m.blocked, true, "blocked")
	case conversation.Unblock:
		m.set(&m.blocked, false, "unblocked")
	case conversation.Expire:
		m.expire(q)
	}
}

// refusal says why not: because it could never be meant, the grid does not grant
// it, the conversation stands against it, or something came after asOf.
func (m *modelLife) refusal(q modelAsk) error {
	kind := q.by.Kind
	bot, visitor := kind == "bot", kind == "visitor"
	name := q.command.Name()
	legal := q.asOf >= 0 && q.asOf <= m.version && !(bot && q.asOf == 0 && (name == "say" || name == "close"))
	if m.state == "" && name != "open" {
		legal = true // what it is as of makes no difference
	}
	var against error
	var message, hands bool // must have been seen
	switch c := q.command.(type) {
	case conversation.Open:
		legal = legal && (visitor && (c.Visitor == "" || c.Visitor == q.by.ID) || !visitor && c.Visitor != "")
		against = modelIf(m.state != "", conversation.ErrExists)
	case conversation.Say:
		against = modelIf(visitor && m.blocked, conversation.ErrBlocked)
		legal = legal && modelMarks(c.Marks, kind)
		if m.state == "closed" && visitor && !c.Automatic {
			window := cmp.Or(q.policy.ReopenWindow, 24*time.Hour)
			over := window < 0 || q.now.Sub(m.last().at) > window || m.version >= conversation.MaxHistory
			against = cmp.Or(against, modelIf(over, conversation.ErrWindowOver))
		}
		message, hands = bot, bot
	case conversation.RequestAgent, conversation.Typing:
		against = modelIf(visitor && m.blocked, conversation.ErrBlocked)
	case conversation.Take:
		hands = !m.has(q.by.ID)
		if m.state == "snoozed" && m.agent == q.by.ID {
			against = q.cannotWake()
		} else if hands {
			against = q.cannotHave()
		}
	case conversation.Assign:
		hands = !m.has(c.Agent)
		if hands {
			against = q.cannotHave()
		}
	case conversation.Wake:
		if m.state == "snoozed" && m.agent == q.by.ID {
			against = q.cannotWake()
		}
	case conversation.Reopen:
		if kind != "system" {
			against = q.cannotHave()
		}
	case conversation.Requeue:
		reasons := strings.Fields("unavailable full left_group removed unknown released given_up logged_out")
		legal = legal && (c.Reason == "" || kind == "system" && slices.Contains(reasons, string(c.Reason)) ||
			kind == "supervisor" && c.Reason == "logged_out")
	case conversation.AssigneeGone:
		legal = legal && c.Agent != "" && !c.Since.IsZero()
	case conversation.AssigneeBack:
		legal = legal && c.Agent != ""
	case conversation.HandBack:
		against = modelIf(m.state == "assigned" && !q.policy.Bot, conversation.ErrNoBot)
		message = m.state == "assigned"
	case conversation.Transfer:
		legal = legal && (c.Agent == "") != (c.Group == "")
		if c.Agent != "" && !m.has(c.Agent) {
			against = q.cannotHave()
			if against == conversation.ErrAgentUnavailable {
				against = nil
			}
		}
	case conversation.Snooze:
		legal = legal && !(c.Until.Reply && c.OnReply == snooze.StayAsleep)
		message = true
	case conversation.Close:
		_, fits := modelDecision(c, kind)
		legal = legal && (fits || kind == "timer")
		against = modelIf(m.state == "closed", conversation.ErrAlreadyClosed)
		message, hands = !c.Force && !visitor, bot
		rude := m.rude(q, c) && !(q.asOf != 0 && m.spoke > q.asOf)
		if against == nil && legal && q.person() {
			against = m.incomplete(c.Form, c.Outcome, c.Reason, q, c.Force)
			if against == nil && rude {
				against, m.advised = conversation.ErrDiscourteous, m.advice(q)
			}
		}
	case conversation.Reclassify:
		legal = legal && closure.Check(c.Outcome, c.Reason) == nil && (c.Form == nil || modelFormFits(*c.Form))
		if m.state == "closed" && q.person() && legal && !m.same(c) {
			against = m.undecided(c, q)
		}
	case conversation.OfferSurvey:
		against = modelIf(m.blocked && m.state == "closed" && m.last().offered.IsZero(), conversation.ErrBlocked)
	case conversation.AnswerSurvey:
		legal = legal && c.Number >= 0 && c.Rating >= 1 && c.Rating <= 5
		of := m.end(c.Number)
		against = cmp.Or(modelIf(visitor && m.blocked, conversation.ErrBlocked),
			modelIf(of == nil || of.offered.IsZero() || c.Number == 0 && m.doubt(q.now), conversation.ErrNoSurvey))
		if against == nil {
			against = cmp.Or(modelIf(of.rating > 0, conversation.ErrSurveyAnswered),
				modelIf(!q.now.Before(of.until), conversation.ErrSurveyOver))
		}
	case conversation.AddNote:
		legal = legal && c.Text != ""
	case conversation.LinkArticle:
		full := len(m.articles) >= conversation.MaxArticles && !slices.Contains(m.articles, c.Article)
		against = modelIf(full, conversation.ErrTooManyArticles)
	}
	missed := message && m.spoke > q.asOf || hands && m.handed > q.asOf
	return cmp.Or(modelIf(!legal, conversation.ErrInvalid), m.barred(q), against,
		modelIf(q.asOf != 0 && missed, conversation.ErrStale))
}

// cannotHave says what speaks against giving the agent something new.
func (q modelAsk) cannotHave() error {
	switch q.ready {
	case "removed", "unknown":
		return conversation.ErrAgentGone
	case "full":
		return conversation.ErrAgentFull
	case "unavailable":
		return conversation.ErrAgentUnavailable
	}
	return nil
}

// cannotWake says what speaks against the keeper's own end of a snooze.
func (q modelAsk) cannotWake() error {
	why := q.cannotHave()
	if why == conversation.ErrAgentUnavailable || why == conversation.ErrAgentFull && q.policy.WakeOverCapacity {
		return nil
	}
	return why
}

// takesBack reports whether the keeper gets it when somebody or something else
// ends the snooze.
func (q modelAsk) takesBack() bool {
	return q.ready == "" || q.ready == "full" && q.policy.WakeOverCapacity
}

func modelIf(refused bool, why error) error {
	if refused {
		return why
	}
	return nil
}

// modelCauses are those that somebody may name; the first is meant by naming
// none.
var modelCauses = map[conversation.ActorKind][]closure.Cause{
	"visitor": {"visitor_left"}, "bot": {"bot"}, "timer": {""}, // the timer closes nothing this way
	"agent": {"agent", "spam", "merged"}, "supervisor": {"agent", "spam", "merged"},
	"system": {"", "visitor_left", "queue_timeout", "spam", "merged"},
}

func modelDecision(c conversation.Close, kind conversation.ActorKind) (d modelEnd, ok bool) {
	d = modelEnd{outcome: c.Outcome, reason: c.Reason, cause: cmp.Or(c.Cause, modelCauses[kind][0])}
	ok = d.cause != "" && slices.Contains(modelCauses[kind], d.cause)
	if c.Force {
		ok = (kind == "supervisor" || kind == "system") && (c.Cause == "" || c.Cause == "forced")
		d.cause = "forced"
	}
	if kind == "visitor" {
		d.outcome = cmp.Or(d.outcome, "unresolved")
		ok = ok && c.Sentiment == "" && c.Notes == "" && len(c.Tags)+len(c.Tickets) == 0
	}
	if d.cause == "visitor_left" {
		ok = ok && d.outcome == "unresolved"
		d.reason = cmp.Or(d.reason, "visitor_left")
	}
	return d, ok && closure.Check(d.outcome, d.reason) == nil && modelFormFits(c.Form)
}

// barred refuses what the grid does not grant: a person as held if it would with
// the conversation in hand, the bot if it would where the bot has it.
func (m *modelLife) barred(q modelAsk) error {
	roles, may := m.roles(q.by), m.may(q.command.Name())
	inBot, inHand := modelGrid[q.command.Name()][1], modelGrid[q.command.Name()][3]
	open := m.state != "" && m.state != "closed"
	switch {
	case strings.ContainsAny(may, roles):
		return nil
	case m.state == "" && may == "-":
		return conversation.ErrNotFound
	case may == "-":
		return conversation.ErrNotPossible
	case open && (roles == "a" || roles == "s") && strings.Contains(inHand, "h"),
		open && roles == "b" && m.state != "bot" && strings.Contains(inBot, "b"):
		return conversation.ErrHeld
	}
	return conversation.ErrForbidden
}

func (m *modelLife) has(agent string) bool { return m.state == "assigned" && m.agent == agent }

func (m *modelLife) fact(what string) {
	m.version++
	m.facts = append(m.facts, what)
}

func (m *modelLife) set(what *bool, to bool, fact string) {
	if *what != to {
		*what = to
		m.fact(fact)
	}
}

// enter puts the conversation into a state and an agent's or nobody's hands. Any
// snooze is over, and a new silence begins.
func (m *modelLife) enter(q modelAsk, fact string, state conversation.State, agent string) {
	m.fact(fact)
	if m.agent != agent || agent == "" && m.state != state {
		m.handed = m.version
	}
	if m.state != state {
		m.since = q.now
		if state == "assigned" {
			m.word('d', q.now, nil)
		}
	}
	if m.agent != "" && m.agent != agent {
		m.before = m.agent
	}
	m.away, m.why = time.Time{}, ""
	m.state, m.agent, m.rung, m.quiet, m.told = state, agent, 0, q.now, false
	m.wakeAt, m.keep, m.asleep, m.missed = time.Time{}, false, false, false
}

// give enters it into the hands of an agent who may be away.
func (m *modelLife) give(q modelAsk, fact, agent string) {
	m.enter(q, fact, "assigned", agent)
	if q.ready == "unavailable" {
		m.away = q.now
	}
}

// queue lets it wait for a reason.
func (m *modelLife) queue(q modelAsk, fact string, why conversation.WaitReason) {
	m.enter(q, fact+" for "+string(why), "waiting", "")
	m.why = why
}

// giveUp queues it, for the reason that the agent gave it up if there is no other.
func (m *modelLife) giveUp(queue func()) {
	held := m.agent != ""
	if queue(); held && m.why == "" {
		m.why = "given_up"
	}
}

// returned notes that the agent is there again.
func (m *modelLife) returned() {
	if !m.away.IsZero() {
		m.away = time.Time{}
		m.fact("assignee_returned")
	}
}

// mail asks for an e-mail about what is unread.
func (m *modelLife) mail(q modelAsk) {
	if len(m.unread) > 0 && q.policy.NotifyByEmail && q.offline {
		m.set(&m.mailed, true, "email_requested")
	}
}

// ask leaves something open, unless it is already.
func (m *modelLife) ask(q modelAsk) {
	if m.asked.IsZero() {
		m.asked = q.now
	}
}

// answer is a fact that the visitor can read: it is unread, as are no more than
// the last, and who is not there may need an e-mail.
func (m *modelLife) answer(q modelAsk, fact string) {
	m.fact(fact)
	if m.unread = append(m.unread, m.version); len(m.unread) > conversation.MaxUnread {
		m.unread = m.unread[1:]
	}
	m.mail(q)
}

func (m *modelLife) request(q modelAsk, group string) {
	switch {
	case m.state == "bot":
		m.enter(q, "agent_requested for "+group, "waiting", "")
	case m.state == "waiting" && group != "" && group != m.group:
		m.fact("agent_requested for " + group)
		m.rung, m.quiet, m.told = 0, q.now, false
	case m.state == "snoozed":
		m.fact("agent_requested for " + group)
		m.wake(q, "visitor", q.takesBack())
	default:
		return
	}
	m.group = cmp.Or(group, m.group)
	m.ask(q)
	m.turn(q)
}

func (m *modelLife) say(q modelAsk, automatic bool, marks []closure.Mark) {
	visitor := q.by.Kind == "visitor"
	if visitor {
		m.fact(modelSaid(marks))
	} else {
		m.answer(q, modelSaid(marks))
	}
	if automatic {
		return
	}
	m.rung, m.quiet, m.told = 0, q.now, false
	m.hear(q, marks)
	if !visitor {
		m.speaker, m.asked, m.missed = "responder", time.Time{}, false
		return
	}
	m.ask(q)
	m.speaker, m.spoke, m.followUps = "visitor", m.version, 0
	if m.state == "closed" {
		m.reopen(q)
	} else if m.state == "bot" && !q.policy.Bot {
		m.queue(q, "requeued from ", "")
	} else if m.asleep {
		m.missed = true
	} else if m.state == "snoozed" {
		m.wake(q, "visitor", q.takesBack())
	}
}

// handBack leaves it to the bot, with nothing to answer.
func (m *modelLife) handBack(q modelAsk) {
	if m.state != "bot" {
		m.enter(q, "handed_back from "+m.agent, "bot", "")
		m.asked, m.before = time.Time{}, ""
	}
}

// wake ends the snooze: back to its keeper, or into the queue.
func (m *modelLife) wake(q modelAsk, cause string, back bool) {
	var late time.Duration
	if cause == "timer" {
		late = q.now.Sub(m.wakeAt)
	}
	woken := fmt.Sprintf("woken by %s, %v late, to ", cause, late)
	switch {
	case back:
		m.give(q, fmt.Sprintf("%s%s for , unavailable %t", woken, m.agent, q.ready == "unavailable"), m.agent)
	case cause == "timer" && !m.keep:
		m.queue(q, woken, "released")
	default:
		m.queue(q, woken, conversation.WaitReason(q.ready))
	}
}

func (m *modelLife) close(q modelAsk, d modelEnd, over bool) {
	full := m.version >= conversation.MaxHistory
	d.by, d.agent, d.group, d.at = q.by, m.agent, m.group, q.now
	d.side, d.figures = m.measure(q.now)
	m.remember(q.now)
	m.ends = append(m.ends, d)
	m.enter(q, fmt.Sprintf("closed as %s, over a warning %t, noted %t", d.grade, over, d.form.Notes != ""), "closed", "")
	m.asked, m.talk = time.Time{}, nil
	if q.policy.Survey.Offer && d.cause != "spam" && d.cause != "merged" && !m.blocked && !full {
		m.offer(q)
	}
}

// reopen gives it to the person who asks, or else to the bot, the agent who had
// it, or the queue.
func (m *modelLife) reopen(q modelAsk) {
	person := q.by.Kind == "agent" || q.by.Kind == "supervisor"
	former := m.last().agent
	m.last().reopened, m.last().articles = q.now, slices.Clone(m.articles)
	m.begin(q)
	switch {
	case person:
		m.enter(q, "reopened to "+q.by.ID+" for ", "assigned", q.by.ID)
	case q.policy.Bot:
		m.enter(q, "reopened to  for ", "bot", "")
	case former == "":
		m.queue(q, "reopened to ", "")
	case q.ready != "":
		m.queue(q, "reopened to ", conversation.WaitReason(q.ready))
	default:
		m.enter(q, "reopened to "+former+" for ", "assigned", former)
	}
}

func (m *modelLife) mustAnswer() conversation.Answerer {
	switch {
	case m.state == "waiting":
		return "queue"
	case m.asked.IsZero():
		return ""
	case m.state == "bot":
		return "bot"
	case m.state == "assigned":
		return "agent"
	}
	return ""
}

// next returns the rung that the ladder waits for, or false. It never closes on a
// visitor whom no follow-up told in this silence.
func (m *modelLife) next(p conversation.Policy) (int, idle.Step, bool) {
	var l idle.Ladder
	switch {
	case m.state == "bot":
		l = p.Idle.Bot
	case m.state == "waiting":
		l = p.Idle.Waiting
	case m.state == "assigned" && p.Idle.Assigned.IsZero():
		l = idle.Default()
	case m.state == "assigned":
		l = p.Idle.Assigned
	}
	rung := m.rung
	if rung >= len(l.Steps) || l.LastSpeaker != "" && l.LastSpeaker != m.speaker {
		return 0, idle.Step{}, false
	}
	if l.Steps[rung].Action == "close" && !m.told {
		for rung--; l.Steps[rung].Action != "follow_up"; {
			rung--
		}
	}
	return rung, l.Steps[rung], true
}

// taken returns when it is taken from the agent who is away; zero: never.
func (m *modelLife) taken(p conversation.Policy) time.Time {
	after := cmp.Or(p.ReassignAfter, 24*time.Hour)
	if m.away.IsZero() || m.asked.IsZero() || after < 0 {
		return time.Time{}
	}
	if m.asked.After(m.away) {
		return m.asked.Add(after)
	}
	return m.away.Add(after)
}

// due returns when the conversation does something by itself; zero: never.
func (m *modelLife) due(p conversation.Policy) time.Time {
	taken := m.taken(p)
	if _, step, ok := m.next(p); ok {
		due := m.quiet.Add(step.After)
		if taken.IsZero() || !taken.Before(due) {
			return due
		}
	}
	if !taken.IsZero() {
		return taken
	}
	return m.wakeAt
}

func (m *modelLife) expire(q modelAsk) {
	due := m.due(q.policy)
	if due.IsZero() || q.now.Before(due) {
		return
	}
	if m.state == "snoozed" {
		m.wake(q, "timer", m.keep && q.takesBack())
		return
	}
	_, step, climbs := m.next(q.policy)
	if !climbs || m.quiet.Add(step.After).After(due) {
		if slices.Contains([]conversation.Readiness{"unavailable", "removed", "unknown"}, q.ready) {
			m.queue(q, "requeued from "+m.agent, conversation.WaitReason(q.ready))
		} else {
			m.returned()
		}
		return
	}
	rung, step, _ := m.next(q.policy)
	switch step.Action {
	case "prompt":
		m.fact("prompted")
		m.prompts++
		m.rung, m.quiet = rung+1, q.now
	case "follow_up":
		m.answer(q, "followed_up")
		m.followings++
		if m.state == "assigned" && !m.confirmed() {
			m.word('f', q.now, nil)
		}
		m.rung, m.quiet, m.told, m.followUps = rung+1, q.now, true, m.followUps+1
	case "hand_back":
		m.handBack(q)
	case "requeue":
		m.giveUp(func() { m.queue(q, "requeued from "+m.agent, "") })
	case "close":
		cause := closure.Idle
		if m.state == "waiting" {
			cause = closure.QueueTimeout
		}
		m.close(q, modelEnd{outcome: cmp.Or(closure.Outcome(step.Outcome), "unresolved"), cause: cause}, false)
	}
}
