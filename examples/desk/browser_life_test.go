package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// What a visitor writes is shown as it is, and does nothing.
const (
	nastyName = `<img src=x onerror=alert(1)>"'&amp;`
	nastyText = `</textarea></ol><script>alert(2)</script>{{.}} javascript:alert(3)`
)

// The whole life of a conversation: the bot, the queue, an agent, a snooze, another
// agent, the end, the survey, and how it goes on. Nobody loads a page anew.
func TestBrowserLife(t *testing.T) {
	t.Parallel()
	b := openBrowserOf(t, serveDesk(t, empty))
	ann, ben := b.SignIn("Ann Archer"), b.SignIn("Ben Okafor")
	vic := b.Visit(nastyName)
	seen := map[*tab]float64{ben: ben.Loaded(), vic: vic.Loaded()}

	vic.Say("When are you open on Saturday?")
	vic.Sees(".theirs", "on Saturday from 10:00")
	vic.Say(nastyText)
	vic.Sees(".mine", nastyText)
	ann.Sees(in("Bot"), nastyName)
	vic.Click("#chat", "Talk to a person")
	vic.Sees("#chat-status", "in the queue")
	ann.Sees(in("Waiting"), nastyName)
	ben.Sees(in("Waiting"), nastyName)

	takeByKeyboard(ann)
	ann.Sees("#lines", nastyText)
	vic.Sees(".theirs", "Hello, how can I help?")
	ben.SeesNo(in("Waiting"), nastyName)
	if now := ben.Loaded(); now != seen[ben] {
		t.Error("the page of the other agent was loaded anew")
	}

	ann.Fill("#composer", "Your message", "Let me ")
	vic.Say("My cup is broken")
	ann.Sees("#lines", "My cup is broken")
	ann.Has("Your message", "Let me ")
	ann.Type("look." + kb.Enter)
	vic.Sees(".theirs", "Let me look.")

	prompted(ann, vic)
	snoozed(ann)

	ann.Click("#actions", "Transfer…")
	ann.Click("#transfer-dialog", "Ben Okafor")
	ann.Click("#transfer-dialog", "Transfer")
	ann.Sees(".holder", "Ben Okafor")
	ben.Click(in("My conversations"), nastyName)
	vic.Say("I would like a new one")
	ben.Sees("#lines", "I would like a new one")
	ben.Say("It is on its way.")
	closedWithCourtesy(ben, vic)

	vic.Click(".survey", "4")
	vic.Fill(".survey", "Is there something to add? (optional)", nastyText)
	vic.Click(".survey", "Answer")
	vic.Sees(".survey", "You answered: 4 of 5")
	vic.Sees(".survey", nastyText)
	ben.Sees("#lines", nastyText)

	vic.Say("The new one is broken, too")
	vic.Sees("#talk", "Your conversation goes on")
	ben.Sees("#lines", "The new one is broken, too")
	ben.Click("#actions", "Take")
	closedAllTheSame(ben, vic)
	vic.Say("I was not finished!")
	ben.Sees("#lines", "I was not finished!")
	ben.Click("#actions", "Take")
	ben.Sees("#state", "assigned")
	if now := vic.Loaded(); now != seen[vic] {
		t.Error("the visitor's page was loaded anew")
	}

	ann.TabTo("#clock", "Fast time")
	ann.Type(kb.ArrowRight)
	ben.Sees("#clock output", "10×")
	ann.Type(kb.ArrowLeft)
	ben.Sees("#clock output", "1×")

	loggedOut(ben)
	ann.Sees(in("Waiting"), nastyName)
	for _, p := range []*tab{ann, vic} {
		p.until("no image of anybody's", `document.images.length === 0`)
	}
}

func in(title string) string { return fmt.Sprintf("section[aria-label=%q]", title) }

// takeByKeyboard takes the conversation from the queue and answers, without a mouse.
func takeByKeyboard(ann *tab) {
	ann.TabTo(in("Waiting"), nastyName)
	ann.Type(kb.Enter)
	ann.Sees("#state", "waiting")
	ann.TabTo("#actions", "Take")
	ann.Type(kb.Enter)
	ann.Sees("#state", "assigned")
	ann.until("the caret in the message", `document.activeElement.id === "text"`)
	ann.Type("Hello, how can I help?" + kb.Enter)
	ann.TabTo("#actions", "Note…")
	ann.Type(kb.Enter)
	ann.until("the dialog", `document.activeElement.id === "note"`)
	ann.Type("Be patient with them")
	ann.TabTo("#add-note-dialog", "Add")
	ann.Type(kb.Enter)
	ann.Sees(".note", "Be patient with them")
}

// prompted lets time pass until the agent is prompted, and does as told.
func prompted(ann, vic *tab) {
	ann.Pass("Next due", `text("#prompted").includes("Only you see this")`)
	const phrase = "Is there anything else I can help with?"
	ann.Sees("#prompted", phrase)
	vic.SeesNo("#talk", phrase)
	ann.Click("#prompted", "Send")
	vic.Sees(".theirs", phrase)
	ann.SeesNo("#prompted", phrase)
}

// snoozed puts the conversation aside for three hours, and gets it back.
func snoozed(ann *tab) {
	ann.Click("#actions", "Snooze…")
	ann.Click("#snooze-dialog", "3 hours")
	ann.until("that it will be kept", `control("#snooze-dialog", "Keep the conversation when the snooze period ends").checked`)
	ann.Click("#snooze-dialog", "Snooze")
	ann.Sees(in("Snoozed"), nastyName)
	ann.Sees("#next", "it is back with Ann Archer, because the snooze is over")
	ann.Pass("+1 h", `text("#state") === "assigned"`)
	ann.Sees(in("My conversations"), nastyName)
}

// closedWithCourtesy tries to close at once, without a mouse, is told better, and
// does as told.
func closedWithCourtesy(ben, vic *tab) {
	ben.TabTo("#actions", "Close…")
	ben.Type(kb.Enter)
	ben.TabTo("#close-dialog", "Resolved")
	ben.Type(" ")
	ben.TabTo("#close-dialog", "Notes for the next conversation")
	ben.Type("Sent a new cup")
	ben.TabTo("#close-dialog", "Close")
	ben.Type(kb.Enter)
	ben.Sees("#close-dialog [role=alert]", "The customer should have the last word.")
	ben.Expected("409")
	ben.Has("Notes for the next conversation", "Sent a new cup")
	const phrase = "Thank you for contacting us."
	ben.Click(".courtesy", "Send")
	ben.Sees("#lines", phrase)
	vic.Say("No, thank you!")
	ben.Sees("#lines", "No, thank you!")

	ben.Click("#actions", "Close…")
	ben.Has("Notes for the next conversation", "Sent a new cup")
	ben.until("the outcome that was chosen", `control("#close-dialog", "Resolved").checked`)
	ben.Click("#close-dialog", "Close")
	ben.Sees("#state", "closed")
	vic.Sees("#chat-status", "The chat has ended")
}

// closedAllTheSame closes against the advice, and says then that it was no success.
func closedAllTheSame(ben, vic *tab) {
	ben.Sees("#state", "assigned")
	ben.Click("#actions", "Close…")
	ben.Click("#close-dialog", "Resolved")
	ben.Click("#close-dialog", "Close")
	ben.Click("#close-dialog", "Close all the same")
	ben.Expected("409")
	vic.Sees("#chat-status", "The chat has ended")
	ben.Click("#actions", "Change the outcome…")
	ben.Click("#reclassify-dialog", "Not resolved")
	ben.Choose("#reclassify-dialog", "Why not", 1)
	ben.Click("#reclassify-dialog", "Change")
	ben.Sees("#lines", "changed the outcome")
}

// loggedOut finds an exit for every conversation, and logs out.
func loggedOut(ben *tab) {
	ben.Click("#log-out", "Log out")
	ben.Sees(".blockers", nastyName)
	ben.Forgive("409")
	for range 10 {
		left, err := ask[int](ben, `document.querySelectorAll(".blockers > li").length`)
		check(ben.t, err)
		if left == 0 {
			break
		}
		ben.Click(".blockers", "Back to the queue")
		ben.until("fewer conversations", `document.querySelectorAll(".blockers > li").length < $1`, left)
	}
	ben.Sees("main", "Nothing keeps you.")
	ben.Click("main", "Log out now")
	ben.Sees("h2", "Be an agent")
}
