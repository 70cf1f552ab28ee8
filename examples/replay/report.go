package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/examples/internal/timeline"
)

// report prints the census as a table. The same file gives the same table.
func report(out io.Writer, n *census, r *timeline.Reader) error {
	w := &table{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	w.row("conversations in the file", n.timelines)
	w.row("conversations after all", n.conversations, "%d successors", n.successors)
	w.row("messages", n.messages(), "%d by visitors, %d by agents", n.said[conversation.KindVisitor], n.said[conversation.KindAgent])
	w.some("lines skipped", r.Skipped)
	w.some("IDs replaced", r.Replaced(), "the library does not take them")
	w.some("IDs made distinct", r.Repeated(), "they came before in their workspace")
	w.some("messages cut", r.Cut, "to %d bytes", conversation.MaxText)
	w.some("messages of other visitors", r.Others, "replayed as the conversation's own")

	w.head("what happened")
	w.row("taken by an agent", n.events["taken"])
	w.row("transfers", n.events["transferred"])
	w.row("articles linked", n.events["article_linked"])
	w.row("read by the visitor", n.events["marked_read"])
	w.row("prompts to agents", n.events["prompted"])
	w.row("follow-ups to visitors", n.events["followed_up"])
	w.row("snoozes", n.events["snoozed"], "%d for a day, %d until the reply", n.snoozes[true], n.snoozes[false])
	w.row("wakes", n.events["woken"], "%d by the timer, %d by the visitor, %d by the agent; %d more snoozes ended by transfer",
		n.woken[conversation.WokenByTimer], n.woken[conversation.WokenByVisitor], n.woken[conversation.WokenByAgent], n.passedOn)
	w.row("reopenings", n.events["reopened"], "%d by the visitor, %d by an agent", n.reopened[conversation.KindVisitor], n.reopened[conversation.KindAgent])
	w.row("successors", n.successors)

	w.head("how it ended")
	w.row("closings", n.events["closed"], "%d while the visitor waited for an answer", n.unanswered)
	endings(w, n)
	open := 0
	for _, state := range conversation.States() {
		open += n.leftOpen[state]
	}
	w.row("left open", open)
	for _, state := range conversation.States() {
		w.some("  "+string(state), n.leftOpen[state])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := stateTimes(out, n); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nsteps checked  %d\nviolations     0\n", n.steps)
	return err
}

// endings prints how conversations were closed.
func endings(w *table, n *census) {
	for _, cause := range closure.Causes() {
		for _, outcome := range closure.Outcomes() {
			w.some(fmt.Sprintf("  %s, %s", cause, outcome), n.closings[ending{cause, outcome}])
		}
	}
}

// stateTimes prints the time in each state.
func stateTimes(out io.Writer, n *census) error {
	all := int64(0)
	for _, spent := range n.timeInState {
		all += sum(spent)
	}
	fmt.Fprint(out, "\ntime in state, from the opening to the last event\n")
	w := &table{tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)}
	fmt.Fprint(w, "\ttotal\tshare\tconversations\ttheir median\t\n")
	for _, state := range conversation.States() {
		spent := n.timeInState[state]
		if len(spent) == 0 {
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%.1f %%\t%d\t%s\t\n", state, span(sum(spent)),
			100*float64(sum(spent))/float64(all), len(spent), span(median(spent)))
	}
	return w.Flush()
}

type table struct{ *tabwriter.Writer }

// row prints a number, and what there is to say about it.
func (w *table) row(what string, number int, about ...any) {
	fmt.Fprintf(w, "%s\t%d", what, number)
	if len(about) > 0 {
		fmt.Fprintf(w, "\t("+about[0].(string)+")", about[1:]...)
	}
	fmt.Fprintln(w)
}

// some is row, unless the number is zero.
func (w *table) some(what string, number int, about ...any) {
	if number != 0 {
		w.row(what, number, about...)
	}
}

func (w *table) head(title string) { fmt.Fprintf(w, "\n%s\n", title) }

// span writes microseconds for people, as in "2d 03:04:05".
func span(micros int64) string {
	if micros < 0 {
		return "-" + span(-micros)
	}
	s := micros / 1e6
	text := fmt.Sprintf("%dd %02d:%02d:%02d", s/86400, s/3600%24, s/60%60, s%60)
	if part := micros % 1e6; part != 0 {
		text += strings.TrimRight(fmt.Sprintf(".%06d", part), "0")
	}
	return strings.TrimPrefix(text, "0d ")
}
