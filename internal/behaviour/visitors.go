package behaviour

import (
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/snooze"
)

// vic is the visitor of these conversations, and of c-1 if w.talk opened it.
var vic = conversation.Visitor("vic")

const address = "vic@example.com"

func (w *world) presence(online bool) lifecycle.Visitor {
	w.Helper()
	v, err := w.Desk.SetPresence(w.Context(), workspace, vic.ID, online)
	w.ok(err)
	return v
}

func (w *world) email(to string) {
	w.Helper()
	_, err := w.Desk.SetEmail(w.Context(), workspace, vic.ID, to)
	w.ok(err)
}

func (w *world) vic() lifecycle.Visitor {
	w.Helper()
	v, err := w.Desk.Visitor(w.Context(), workspace, vic.ID)
	w.ok(err)
	return v
}

// talk opens conversations of vic's that ann has.
func (w *world) talk(ids ...string) {
	w.Helper()
	for _, id := range ids {
		w.do(id, vic, conversation.Open{})
		w.do(id, ann, conversation.Take{})
	}
}

// unread returns the texts that vic has not read, and ends the test if the
// number for the button of the chat is another.
func (w *world) unread() (texts []string) {
	w.Helper()
	answers, err := w.Desk.Unread(w.Context(), workspace, vic.ID)
	w.ok(err)
	for _, a := range answers {
		switch e := a.Record.Event.(type) {
		case conversation.Said:
			texts = append(texts, a.Conversation+": "+e.Text)
		case conversation.FollowedUp:
			texts = append(texts, a.Conversation+": "+e.Text)
		default:
			w.Fatalf("unread is a %T", e)
		}
	}
	n, err := w.Desk.UnreadCount(w.Context(), workspace, vic.ID)
	w.ok(err)
	w.same("number of unread", n, len(texts))
	return texts
}

var presenceSentences = []sentence{
	{"a visitor is on the site or gone, since an instant", func(w *world) {
		w.same("never told of", w.vic(), lifecycle.Visitor{ID: "vic"})
		w.same("there", w.presence(true), lifecycle.Visitor{ID: "vic", Online: true, Since: lifecycletest.Start})
		w.Advance(time.Minute)
		w.presence(true)
		w.same("still there", w.vic(), lifecycle.Visitor{ID: "vic", Online: true, Since: lifecycletest.Start})
		w.presence(false)
		w.same("gone", w.vic(), lifecycle.Visitor{ID: "vic", Since: lifecycletest.Start.Add(time.Minute)})
	}},
	{"who is first seen leaving is gone since then", func(w *world) {
		w.Advance(time.Minute)
		w.same("gone", w.presence(false), lifecycle.Visitor{ID: "vic", Since: w.now()})
	}},
	{"presence is kept over restarts", func(w *world) {
		w.presence(true)
		w.email(address)
		before := w.vic()
		w.restart()
		w.Advance(time.Hour)
		w.same("vic", w.vic(), before)
	}},
	{"presence wakes, restarts and records nothing", func(w *world) {
		w.policy(func(p *conversation.Policy) {
			p.Idle.Assigned = idle.Ladder{Steps: []idle.Step{{After: 2 * time.Minute, Action: idle.Prompt, Text: "Idle."}}}
		})
		w.talk("held", "snoozed")
		w.do("snoozed", ann, conversation.Snooze{Until: snooze.For(snooze.Short)})
		w.Advance(time.Minute)
		w.presence(true)
		w.presence(false)
		w.Chat("held").WantEvents("opened", "taken")
		w.want(map[string]string{"snoozed": "snoozed ann"})
		w.Advance(time.Minute)
		w.Chat("held").WantEvents("opened", "taken", "prompted")
	}},
}

var unreadSentences = []sentence{
	{"messages while away are delivered on return, in order, of all conversations", func(w *world) {
		w.presence(false)
		w.talk("c-1", "c-2")
		w.Chat("c-1").Say(ann, "One.")
		w.Chat("c-2").Say(ann, "Two.")
		w.Chat("c-1").Say(ann, "Three.")
		w.do("c-2", ann, conversation.Close{Outcome: closure.Resolved})
		w.Advance(day)
		w.presence(true)
		w.same("unread", w.unread(), []string{"c-1: One.", "c-1: Three.", "c-2: Two."})
	}},
	{"what others wrote to them counts, what they wrote or must not see does not", func(w *world) {
		w.policy(func(p *conversation.Policy) {
			p.Bot = true
			p.Idle.Assigned = idle.Ladder{Steps: []idle.Step{
				{After: time.Minute, Action: idle.Prompt, Text: "Check in."},
				{After: time.Minute, Action: idle.FollowUp, Text: "Still there?"},
			}}
		})
		w.do("c-1", vic, conversation.Open{})
		w.Chat("c-1").Say(vic, "Hello?")
		w.Chat("c-1").Say(conversation.Bot(""), "I am a bot.")
		w.do("c-1", ann, conversation.Take{})
		w.do("c-1", ann, conversation.AddNote{Text: "a secret"})
		w.Chat("c-1").Say(ann, "I am Ann.")
		w.Advance(2 * time.Minute)
		w.same("unread", w.unread(), []string{"c-1: I am a bot.", "c-1: I am Ann.", "c-1: Still there?"})
	}},
	{"read receipts clear it, up to what was read", func(w *world) {
		w.talk("c-1", "c-2")
		w.Chat("c-1").Say(ann, "One.")
		read := w.at("c-1").Version
		w.Chat("c-1").Say(ann, "Two.")
		w.Chat("c-2").Say(ann, "Three.")
		w.do("c-1", vic, conversation.MarkRead{UpTo: read})
		w.same("unread", w.unread(), []string{"c-1: Two.", "c-2: Three."})
		w.do("c-1", vic, conversation.MarkRead{UpTo: read}) // a late one
		w.do("c-1", vic, conversation.MarkRead{})
		w.same("unread", w.unread(), []string{"c-2: Three."})
		w.do("c-2", host, conversation.MarkRead{})
		w.same("unread", w.unread(), none)
	}},
	{"what comes while a receipt is on its way stays unread", func(w *world) {
		w.talk("c-1")
		w.Chat("c-1").Say(ann, "One.")
		seen := w.at("c-1").Version
		w.Chat("c-1").Say(ann, "Two.")
		w.do("c-1", vic, conversation.MarkRead{UpTo: seen})
		w.same("unread", w.unread(), []string{"c-1: Two."})
	}},
	{"nobody else reads for the visitor", func(w *world) {
		w.talk("c-1")
		w.Chat("c-1").Say(ann, "One.")
		w.refused("c-1", ann, conversation.MarkRead{}, conversation.ErrForbidden)
		w.refused("c-1", conversation.Visitor("wanda"), conversation.MarkRead{}, conversation.ErrForbidden)
	}},
	{"being back is not having read", func(w *world) {
		w.talk("c-1")
		w.Chat("c-1").Say(ann, "One.")
		w.presence(true)
		w.same("unread", w.unread(), []string{"c-1: One."})
	}},
	{"who never wrote has nothing unread", func(w *world) {
		w.same("unread", w.unread(), none)
	}},
}

// mails returns how many e-mails the host was asked for about a conversation.
func (w *world) mails(id string) int {
	w.Helper()
	return w.count(id, "email_requested")
}

// asynchronous has vic talk to ann, where e-mails are wanted.
func asynchronous(w *world) {
	w.policy(func(p *conversation.Policy) { p.NotifyByEmail = true })
	w.talk("c-1")
	w.presence(true)
}

// awayGrace is how long a visitor is away before that counts.
const awayGrace = lifecycle.AwayGrace

var emailSentences = []sentence{
	{"who is away and left an address gets one with the answer", func(w *world) {
		asynchronous(w)
		w.email(address)
		w.presence(false)
		w.Advance(time.Hour)
		result := w.Chat("c-1").Say(ann, "One.")
		w.same("mails", w.mails("c-1"), 1)
		w.same("events of the answer", len(result.Records), 2)
	}},
	{"one for each stretch of unseen answers", func(w *world) {
		asynchronous(w)
		w.email(address)
		w.presence(false)
		w.Advance(time.Hour)
		for range 3 {
			w.answer("c-1", ann)
			w.Advance(time.Hour)
			w.presence(true) // looks in, reads nothing
			w.presence(false)
			w.Advance(time.Hour)
		}
		w.same("mails of the first stretch", w.mails("c-1"), 1)
		w.presence(true)
		w.do("c-1", vic, conversation.MarkRead{})
		w.presence(false)
		w.Advance(time.Hour)
		w.same("mails with nothing unread", w.mails("c-1"), 1)
		w.answer("c-1", ann)
		w.answer("c-1", ann)
		w.same("mails of two stretches", w.mails("c-1"), 2)
	}},
	{"a stretch that was read in part is the same stretch", func(w *world) {
		asynchronous(w)
		w.email(address)
		w.presence(false)
		w.Advance(time.Hour)
		w.answer("c-1", ann)
		seen := w.at("c-1").Version
		w.answer("c-1", ann)
		w.do("c-1", vic, conversation.MarkRead{UpTo: seen - 1})
		w.answer("c-1", ann)
		w.Advance(time.Hour)
		w.same("mails", w.mails("c-1"), 1)
	}},
	{"each conversation has its own", func(w *world) {
		asynchronous(w)
		w.talk("c-2")
		w.email(address)
		w.presence(false)
		w.Advance(time.Hour)
		w.answer("c-1", ann)
		w.answer("c-2", ann)
		w.same("mails", []int{w.mails("c-1"), w.mails("c-2")}, []int{1, 1})
	}},
	{"with a follow-up of the ladder too", func(w *world) {
		asynchronous(w)
		w.policy(func(p *conversation.Policy) {
			p.NotifyByEmail = true
			p.Idle.Assigned = idle.Ladder{Steps: []idle.Step{{After: time.Hour, Action: idle.FollowUp, Text: "Still there?"}}}
		})
		w.email(address)
		w.presence(false)
		w.Advance(time.Hour)
		w.Chat("c-1").WantEvents("opened", "taken", "followed_up", "email_requested")
	}},
	{"with what the bot answers too", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.NotifyByEmail, p.Bot = true, true })
		w.do("c-1", vic, conversation.Open{})
		w.email(address)
		w.Chat("c-1").Say(conversation.Bot(""), "I am a bot.")
		w.same("mails", w.mails("c-1"), 1)
	}},
	{"who leaves with unread answers gets one when the grace is over", func(w *world) {
		asynchronous(w)
		w.email(address)
		w.answer("c-1", ann)
		w.Advance(time.Hour)
		w.same("mails while there", w.mails("c-1"), 0)
		w.presence(false)
		w.Advance(awayGrace - tickOfClock)
		w.same("mails within the grace", w.mails("c-1"), 0)
		w.Advance(tickOfClock)
		w.same("mails after it", w.mails("c-1"), 1)
		w.Advance(day)
		w.same("mails a day later", w.mails("c-1"), 1)
	}},
	{"also after a crash of the node that saw them leave", func(w *world) {
		asynchronous(w)
		w.email(address)
		w.answer("c-1", ann)
		w.presence(false)
		w.Clock.Add(time.Hour)
		w.restart()
		w.settle()
		w.same("mails", w.mails("c-1"), 1)
	}},
	{"not for who is back within the grace", func(w *world) {
		asynchronous(w)
		w.email(address)
		w.answer("c-1", ann)
		for range 5 {
			w.presence(false)
			w.Advance(awayGrace - tickOfClock)
			w.presence(true)
			w.Advance(time.Hour)
		}
		w.same("mails", w.mails("c-1"), 0)
	}},
	{"not for who is answered in the grace and is back within it", func(w *world) {
		asynchronous(w)
		w.email(address)
		w.presence(false) // from page to page
		w.Advance(time.Second)
		w.answer("c-1", ann)
		w.Advance(time.Second)
		w.presence(true)
		w.Advance(time.Hour)
		w.same("mails", w.mails("c-1"), 0)
	}},
	{"who is answered in the grace and stays away gets one", func(w *world) {
		asynchronous(w)
		w.email(address)
		w.presence(false)
		w.Advance(time.Second)
		w.answer("c-1", ann)
		w.Advance(awayGrace)
		w.same("mails", w.mails("c-1"), 1)
	}},
	{"not while on the site", func(w *world) {
		asynchronous(w)
		w.email(address)
		w.answer("c-1", ann)
		w.Advance(day)
		w.same("mails", w.mails("c-1"), 0)
	}},
	{"not without an address", func(w *world) {
		asynchronous(w)
		w.presence(false)
		w.answer("c-1", ann)
		w.Advance(day)
		w.same("mails", w.mails("c-1"), 0)
	}},
	{"who leaves the address later gets one about what is unread", func(w *world) {
		asynchronous(w)
		w.presence(false)
		w.answer("c-1", ann)
		w.Advance(day)
		w.email(address)
		w.Advance(awayGrace)
		w.same("mails", w.mails("c-1"), 1)
	}},
	{"not to an address that was taken back", func(w *world) {
		asynchronous(w)
		w.email(address)
		w.answer("c-1", ann)
		w.presence(false)
		w.email("")
		w.Advance(day)
		w.answer("c-1", ann)
		w.same("mails", w.mails("c-1"), 0)
		w.same("address", w.vic().Email, "")
	}},
	{"not where the workspace does not want them", func(w *world) {
		asynchronous(w)
		w.policy(func(p *conversation.Policy) { p.NotifyByEmail = false })
		w.email(address)
		w.presence(false)
		w.Advance(time.Hour)
		w.answer("c-1", ann)
		w.presence(true)
		w.presence(false)
		w.Advance(time.Hour)
		w.same("mails", w.mails("c-1"), 0)
	}},
	{"not about what the visitor wrote", func(w *world) {
		asynchronous(w)
		w.email(address)
		w.presence(false)
		w.Advance(time.Hour)
		w.Chat("c-1").Say(vic, "By another channel.")
		w.Advance(day)
		w.same("mails", w.mails("c-1"), 0)
	}},
	{"about the last answer before a closing too", func(w *world) {
		asynchronous(w)
		w.email(address)
		w.answer("c-1", ann)
		w.do("c-1", ann, conversation.Close{Outcome: closure.Resolved})
		w.presence(false)
		w.Advance(day)
		w.same("mails", w.mails("c-1"), 1)
	}},
	{"forgetting a visitor erases the address, and nothing is asked for any more", func(w *world) {
		asynchronous(w)
		w.email(address)
		w.answer("c-1", ann)
		w.presence(false)
		before := w.vic()
		_, err := w.Desk.Forget(w.Context(), workspace, vic.ID)
		w.ok(err)
		before.Email = ""
		w.same("vic", w.vic(), before)
		w.Advance(day)
		w.answer("c-1", ann)
		w.same("mails", w.mails("c-1"), 0)
		w.email(address)
		w.Advance(day)
		w.same("mails to a new address", w.mails("c-1"), 1)
	}},
	{"the address is in no event", func(w *world) {
		asynchronous(w)
		w.email(address)
		w.presence(false)
		w.Advance(time.Hour)
		w.answer("c-1", ann)
		w.same("event", last[conversation.EmailRequested](w, "c-1"), conversation.EmailRequested{})
	}},
}
